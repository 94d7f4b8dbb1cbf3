package hellocharles

import (
	"context"
)

// Tags implements API. Where the connection may not read, the tags are those
// that the operator lists, without ids.
func (c *client) Tags(ctx context.Context) ([]Tag, error) {
	if !c.settings.Read.ReadsAllowed() {
		tags := make([]Tag, 0, len(c.settings.Read.KnownTags))
		for _, label := range c.settings.Read.KnownTags {
			tags = append(tags, Tag{Label: label})
		}
		return tags, nil
	}
	records, err := c.list(ctx, listing{
		call: tagsCall, operation: "listing tags", path: c.settings.Read.TagsPath, setting: "read.tags_path",
		texts: []string{"object", "label"},
	})
	if err != nil {
		return nil, err
	}
	return tagsOf(records), nil
}

func tagsOf(records []map[string]any) []Tag {
	tags := make([]Tag, 0, len(records))
	for _, record := range records {
		if label := scalar(record["label"]); label != "" && forContacts(record) {
			tags = append(tags, Tag{ID: scalar(record["id"]), Label: label})
		}
	}
	return tags
}
