package hellocharles

import (
	"context"

	"audiencesync/internal/audience"
	"audiencesync/internal/config"
	"audiencesync/internal/vendorhttp"
)

// Rendered is the request that would be made for one contact. Its body is
// contact data.
type Rendered struct {
	Method string
	Path   string
	Body   []byte
}

// Render implements API.
func (c *client) Render(ctx context.Context, contact audience.Contact) (Rendered, error) {
	const operation = "rendering a contact"
	contacts := []audience.Contact{contact}
	tags, err := c.idsOfTags(ctx, operation, contacts)
	if err != nil {
		return Rendered{}, err
	}
	rendered := Rendered{Method: c.settings.Single.Method, Path: c.settings.Single.Path}
	if c.settings.Send == config.SendBatch {
		rendered.Method, rendered.Path = c.settings.Batch.Method, c.settings.Batch.Path
		rendered.Body, err = c.encode.batch(nil, contacts, tags)
	} else {
		rendered.Body, err = c.encode.contact(nil, &contact, tags)
	}
	if err != nil {
		return Rendered{}, c.contacts.Fail(operation, vendorhttp.Misconfigured, err.Error())
	}
	return rendered, nil
}
