package hellocharles

import (
	"context"
	"errors"
	"fmt"

	"audiencesync/internal/audience"
	"audiencesync/internal/vendorhttp"
)

// Upsert implements API.
func (c *client) Upsert(
	ctx context.Context, contacts []audience.Contact, before func(context.Context) error,
) ([]Result, error) {
	operation := "sending a batch of " + audience.Count(len(contacts), "contact", "contacts")
	if len(contacts) == 0 {
		return nil, nil
	}
	if err := checkBatch(c.settings.Batch); err != nil {
		return nil, c.contacts.Fail(operation, vendorhttp.Misconfigured, err.Error())
	}
	if most := c.settings.Batch.MaxItems; len(contacts) > most {
		return nil, c.contacts.Fail(operation, vendorhttp.TooLarge,
			fmt.Sprintf("one request holds at most %d contacts (setting batch.max_items)", most))
	}
	tags, err := c.idsOfTags(ctx, operation, contacts)
	if err != nil {
		return nil, err
	}
	// The body is not taken from a pool: the transport may still read it after
	// the reply came.
	body := make([]byte, 0, c.bodyHint.Load()+c.bodyHint.Load()/8)
	if body, err = c.encode.batch(body, contacts, tags); err != nil {
		return nil, c.contacts.Fail(operation, vendorhttp.Misconfigured, err.Error())
	}
	c.bodyHint.Store(int64(len(body)))

	reply, err := c.contacts.Do(ctx, vendorhttp.Request{
		Operation: operation,
		Method:    c.settings.Batch.Method,
		Path:      c.settings.Batch.Path,
		Body:      body,
		Before:    before,
	})
	if err != nil {
		if results, ok := c.refused(err, contacts); ok {
			return results, nil
		}
		return nil, contactsHint(err, "batch", "Batched Contacts API")
	}
	results, err := c.replies.read(reply, contacts)
	if wrong, ok := errors.AsType[*replyError](err); ok {
		failed := c.contacts.Fail(operation, wrong.kind, wrong.detail)
		failed.Status = reply.Status
		return nil, failed
	}
	confirmBatch(results, reply.Status, c.settings.Batch.Reply)
	return results, err
}

// refused returns the results of a batch that was refused as a whole, where it
// is known whom the refusal is about.
func (c *client) refused(err error, contacts []audience.Contact) ([]Result, bool) {
	failed, ok := errors.AsType[*vendorhttp.Error](err)
	if !ok {
		return nil, false
	}
	if results, ok := c.replies.refusedByName(failed, contacts); ok || len(contacts) != 1 {
		return results, ok
	}
	refusal, ok := c.replies.refusalOfOne(failed, contacts[0])
	return []Result{refusal}, ok
}
