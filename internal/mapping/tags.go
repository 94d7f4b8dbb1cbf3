package mapping

import (
	"fmt"
	"slices"

	"audiencesync/internal/audience"
	"audiencesync/internal/config"
)

// tagsTarget is what withheld tags are counted under.
const tagsTarget = "tags"

// tags are the compiled sources of tags.
type tags struct {
	sources []labels
	// exists holds the labels of Hello Charles; nil when they are not known.
	exists map[string]bool
	// constants are the labels that every contact carries.
	constants []string
	// dynamic says that members may bring labels of their own.
	dynamic bool
}

func newTags(sync config.Sync, known []string) (tags, error) {
	var t tags
	if known != nil {
		t.exists = setOf(known)
	}
	for i, source := range sync.Mapping.Tags {
		if constant, ok := partOf(sync.Audience, source.Audience); ok {
			source.Value = &constant
		}
		made, err := newLabels(source.Origin, source.ListField, source.Labels)
		if err != nil {
			return t, fmt.Errorf("mapping.tags[%d]: %w", i, err)
		}
		t.sources = append(t.sources, made)
	}
	if sync.Marker.Tag != "" {
		t.sources = append(t.sources, labels{origin: constantOf(sync.Marker.Tag)})
	}
	for i := range t.sources {
		source := &t.sources[i]
		if !source.isConstant() {
			t.dynamic = true
			continue
		}
		if label := source.label(source.origin.constant); !slices.Contains(t.constants, label) {
			t.constants = append(t.constants, label)
		}
	}
	t.constants = slices.Clip(t.constants)
	return t, nil
}

// partOf returns the part of the audience that a source asks for, if it does.
func partOf(of config.AudienceID, part config.AudiencePart) (string, bool) {
	switch part {
	case config.AudienceIDPart:
		return of.ID, true
	case config.AudienceNamePart:
		return of.Name, true
	default:
		return "", false
	}
}

// of returns the tags of a member, in the order of the mapping.
func (t *tags) of(mapped audience.Member) (labelled, *Rejection) {
	if !t.dynamic {
		return labelled{sent: t.constants}, nil
	}
	var all labelled
	for i := range t.sources {
		source := &t.sources[i]
		exists := t.exists
		if source.isConstant() {
			exists = nil // looked for before the run
		}
		if rejection := source.add(mapped, exists, &all); rejection != nil {
			return all, rejection
		}
	}
	return all.settled(), nil
}

// settled drops a label that one source may not send and another does.
func (l labelled) settled() labelled {
	if len(l.withheld) == 0 {
		return l
	}
	sent := func(label string) bool { return slices.Contains(l.sent, label) }
	l.withheld = slices.DeleteFunc(l.withheld, sent)
	l.stopped = slices.DeleteFunc(l.stopped, sent)
	return l
}
