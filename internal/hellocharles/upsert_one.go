package hellocharles

import (
	"context"
	"net/http"

	"audiencesync/internal/audience"
	"audiencesync/internal/vendorhttp"
)

// UpsertOne implements API.
func (c *client) UpsertOne(
	ctx context.Context, contact audience.Contact, before func(context.Context) error,
) (Result, error) {
	const operation = "sending a contact"
	tags, err := c.idsOfTags(ctx, operation, []audience.Contact{contact})
	if err != nil {
		return Result{}, err
	}
	body, err := c.encode.contact(nil, &contact, tags)
	if err != nil {
		return Result{}, c.contacts.Fail(operation, vendorhttp.Misconfigured, err.Error())
	}
	reply, err := c.contacts.Do(ctx, vendorhttp.Request{
		Operation: operation,
		Method:    c.settings.Single.Method,
		Path:      c.settings.Single.Path,
		Body:      body,
		Before:    before,
	})
	if err != nil {
		if refused, ok := c.refused(err, []audience.Contact{contact}); ok {
			return refused[0], nil
		}
		return Result{}, contactsHint(err, "single", "Contact API")
	}
	if err := checkSuccess(reply); err != nil {
		failed := c.contacts.Fail(operation, vendorhttp.Unreadable, err.Error())
		failed.Status = reply.Status
		return Result{}, failed
	}
	return confirmOne(c.replies.one(reply, contact), reply.Status), nil
}

// one reads a success of the call for one contact, whose form is not known. What
// reports errors, or several results, says neither yes nor no, unless it names
// the contact as the replies to batches do.
func (r replies) one(reply vendorhttp.Response, contact audience.Contact) Result {
	failed := r.reportsErrors(reply.Body)
	switch {
	case reply.Status == http.StatusMultiStatus:
		if result, ok := r.named(reply.Body, contact); ok && (!failed || !result.Outcome.Took()) {
			return result
		}
	case failed:
	case reply.Status == http.StatusCreated:
		return Result{Outcome: audience.Created}
	default:
		return Result{Outcome: audience.Accepted}
	}
	told := r.reasonFrom(reply.Body, contact.Reference)
	if told.message == "" {
		told.message = notNamed(0)
	}
	return Result{Code: told.code, Message: cut(told.message)}
}

// named returns what a reply says of the contact by its name: among the results
// under batch.items.key, or the refusals under batch.errors.key.
func (r replies) named(body []byte, contact audience.Contact) (Result, bool) {
	root, err := decode(body)
	if err != nil {
		return Result{}, false
	}
	list, _ := itemsAt(root, r.settings.Items)
	answers := r.answersIn(root, list, newSent([]audience.Contact{contact}))
	return answers.found[0], answers.named[0]
}
