package hellocharles

import (
	"context"
	"errors"
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
		if refusal, ok := refusalOfOne(err, contact); ok {
			return refusal, nil
		}
		return Result{}, contactsHint(err, "single", "Contact API")
	}
	if err := checkSuccess(reply); err != nil {
		failed := c.contacts.Fail(operation, vendorhttp.Unreadable, err.Error())
		failed.Status = reply.Status
		return Result{}, failed
	}
	if reportsErrors(reply.Body) {
		// A success that reports errors says neither yes nor no.
		code, message := reasonFrom(reply.Body, contact.Reference)
		return Result{Code: code, Message: message}, nil
	}
	if reply.Status == http.StatusCreated {
		return Result{Outcome: audience.Created}, nil
	}
	return Result{Outcome: audience.Accepted}, nil
}

// refusalOfOne turns a refused request that held one contact into the refusal
// of that contact. Other 4xx are about the request, not about the contact.
func refusalOfOne(err error, contact audience.Contact) (Result, bool) {
	var failed *vendorhttp.Error
	if !errors.As(err, &failed) {
		return Result{}, false
	}
	switch failed.Status {
	case http.StatusBadRequest, http.StatusConflict, http.StatusUnprocessableEntity, http.StatusRequestEntityTooLarge:
		code, message := reasonFrom(failed.Body, contact.Reference)
		return Result{Outcome: audience.Refused, Code: code, Message: message}, true
	default:
		return Result{}, false
	}
}
