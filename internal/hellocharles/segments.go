package hellocharles

import (
	"context"

	"audiencesync/internal/vendorhttp"
)

// Segments implements API by GET api/v0/contact_lists, as charles' public SDK does.
func (c *client) Segments(ctx context.Context) ([]Segment, error) {
	const operation = "listing segments"
	if !c.settings.Read.ReadsAllowed() {
		return nil, c.reads.Fail(operation, vendorhttp.Forbidden, "this connection may not read (setting read.allowed)")
	}
	records, err := c.list(ctx, listing{
		call: segmentsCall, operation: operation, path: c.settings.Read.SegmentsPath, setting: "read.segments_path",
		texts: []string{"type"},
	})
	if err != nil {
		return nil, err
	}
	return segmentsOf(records), nil
}

// segmentsOf keeps what follows its contacts: a list that people fill, of type static,
// never holds whom a sync has marked.
func segmentsOf(records []map[string]any) []Segment {
	segments := make([]Segment, 0, len(records))
	for _, record := range records {
		id, active := scalar(record["id"]), record["active"]
		if id == "" || record["type"] == "static" || active != nil && !isSet(active) || isSet(record["deleted"]) {
			continue
		}
		segments = append(segments, Segment{ID: id, Name: scalar(record["name"])})
	}
	return segments
}
