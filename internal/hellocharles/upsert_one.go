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
	if reportsErrors(reply.Body, c.settings.Batch.Errors.Key) {
		// A success that reports errors says neither yes nor no.
		code, message := reasonFrom(reply.Body, contact.Reference)
		return Result{Code: code, Message: message}, nil
	}
	if reply.Status == http.StatusCreated {
		return Result{Outcome: audience.Created}, nil
	}
	return Result{Outcome: audience.Accepted}, nil
}
