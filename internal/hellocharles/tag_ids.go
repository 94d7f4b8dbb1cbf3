package hellocharles

import (
	"context"
	"fmt"
	"sync/atomic"

	"audiencesync/internal/audience"
	"audiencesync/internal/config"
	"audiencesync/internal/vendorhttp"
)

// tagIDs remembers the ids of tags by label, for connections whose contacts
// carry ids (see docs/hello-charles.md A4).
type tagIDs struct {
	// reading holds one token: the list is read by one request at a time.
	reading chan struct{}
	byLabel atomic.Pointer[map[string]string]
}

func newTagIDs() *tagIDs {
	t := &tagIDs{reading: make(chan struct{}, 1)}
	t.byLabel.Store(&map[string]string{})
	return t
}

type tagListerKey struct{}

// withTagLister makes tag lookups inside an upsert go through a decorated API,
// so that they take their turn in the workspace's budget like every request.
func withTagLister(ctx context.Context, api API) context.Context {
	return context.WithValue(ctx, tagListerKey{}, api)
}

// idsOfTags returns the ids of all tags of the contacts, or nil when labels
// are sent. The list is read once, and again when a label is not in it. A tag
// without an id is an error before anything is sent: it would be lost silently.
func (c *client) idsOfTags(ctx context.Context, operation string, contacts []audience.Contact) (map[string]string, error) {
	if c.settings.Tags != config.TagID {
		return nil, nil
	}
	if ids := *c.tagIDs.byLabel.Load(); missingTag(ids, contacts) == "" {
		return ids, nil
	}
	select {
	case c.tagIDs.reading <- struct{}{}:
		defer func() { <-c.tagIDs.reading }()
	case <-ctx.Done():
		return nil, fmt.Errorf("connection %s: %s: waiting for the tag list: %w", c.name, operation, ctx.Err())
	}
	// Someone else may have read it while this call waited.
	if ids := *c.tagIDs.byLabel.Load(); missingTag(ids, contacts) == "" {
		return ids, nil
	}
	lister, ok := ctx.Value(tagListerKey{}).(API)
	if !ok {
		lister = c
	}
	tags, err := lister.Tags(ctx)
	if err != nil {
		return nil, err
	}
	ids := make(map[string]string, len(tags))
	for _, tag := range tags {
		if _, twice := ids[tag.Label]; !twice && tag.ID != "" {
			ids[tag.Label] = tag.ID
		}
	}
	c.tagIDs.byLabel.Store(&ids)
	if label := missingTag(ids, contacts); label != "" {
		return nil, c.contacts.Fail(operation, vendorhttp.NotFound,
			fmt.Sprintf("the tag %q does not exist in Hello Charles any more; create it there under Settings, Manage Tags", label))
	}
	return ids, nil
}

func missingTag(ids map[string]string, contacts []audience.Contact) string {
	for i := range contacts {
		for _, label := range contacts[i].Tags {
			if _, ok := ids[label]; !ok {
				return label
			}
		}
	}
	return ""
}
