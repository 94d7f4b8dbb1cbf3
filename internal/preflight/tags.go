package preflight

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"audiencesync/internal/config"
)

// tags finds the labels that every contact carries, and remembers which ones
// exist when members bring their own.
func (i *inspection) tags(ctx context.Context) error {
	if len(i.Needs.Tags) == 0 && !i.Needs.DynamicTags {
		return nil
	}
	tags, err := i.API.Tags(ctx)
	if err != nil {
		return err
	}
	i.counted("tags", len(tags))
	labels := make([]string, len(tags))
	for at, tag := range tags {
		labels[at] = tag.Label
	}
	slices.Sort(labels)
	labels = slices.Compact(labels)
	for _, label := range i.Needs.Tags {
		if !slices.Contains(labels, label) {
			i.problem("tag %q does not exist in Hello Charles, which would ignore it silently: create it under Settings, Manage Tags%s",
				label, meant(label, labels))
		}
	}
	if i.Needs.DynamicTags {
		i.found.Surroundings.Tags = labels
		if len(labels) == 0 {
			i.found.Surroundings.Tags = []string{} // Known to be none.
			i.note("Hello Charles has no tag for contacts: every tag that members bring is left out")
		}
	}
	return nil
}

// meant suggests the word that a misspelt one most likely means.
func meant(word string, known []string) string {
	near, ok := config.Nearest(word, known)
	switch {
	case !ok:
		return ""
	case strings.EqualFold(near, word):
		return fmt.Sprintf(" (there is %q: letter case counts)", near)
	default:
		return fmt.Sprintf(" (did you mean %q?)", near)
	}
}
