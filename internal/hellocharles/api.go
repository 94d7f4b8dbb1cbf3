// Package hellocharles is the client of one Hello Charles workspace: contacts
// by batch and one by one, tags, custom properties and the contact count of a
// segment. What no public document settles about that API is a setting of the
// connection.
package hellocharles

import (
	"context"

	"audiencesync/internal/audience"
)

// MaxContacts is the most contacts of one request of the Batched Contacts API,
// as Zeotap's "Hello Charles" integration guide states it.
const MaxContacts = 1000

// API is what audiencesync needs of one Hello Charles workspace. Failed
// requests are *vendorhttp.Error; their texts hold no contact data. A request
// whose effect is unknown (lost, cut, unreadable) is safe to send again.
type API interface {
	// Upsert sends up to 1,000 contacts in one request of the Batched Contacts
	// API. Their references differ from each other. before is called when the
	// request is about to leave; if it fails, nothing is sent and its error is
	// returned. There is one result for each contact, in order; an empty
	// Outcome means that the reply did not name the contact. A batch that is
	// refused as a whole is an error of kind Rejected or TooLarge, unless it
	// holds one contact only: then that one is refused.
	Upsert(ctx context.Context, contacts []audience.Contact, before func(context.Context) error) ([]Result, error)
	// UpsertOne sends one contact by the documented call (Contact API, help
	// article 264408). before is as for Upsert.
	UpsertOne(ctx context.Context, contact audience.Contact, before func(context.Context) error) (Result, error)
	// Tags lists the tags that contacts can have.
	Tags(ctx context.Context) ([]Tag, error)
	// Properties lists the custom properties that contacts can have.
	Properties(ctx context.Context) ([]Property, error)
	// SegmentCount returns the number of contacts in a segment. A reply without
	// a count is an error of kind Unreadable, never zero.
	SegmentCount(ctx context.Context, segment string) (int64, error)
}

// Result is what Hello Charles said about one contact.
type Result struct {
	// Outcome is Created, Updated, Accepted or Refused; empty when the reply
	// did not say.
	Outcome audience.Outcome
	// Transient marks a refusal that is worth sending again on its own: the
	// contact's own status is 429 or 5xx.
	Transient bool
	// Code is the API's error code where it is a short slug, else empty. It
	// holds no contact data.
	Code string
	// Message is in the API's own words, at most 500 bytes. It may hold contact
	// data: it is for the ledger only.
	Message string
}

// Tag is an active tag for contacts.
type Tag struct{ ID, Label string }

// Property is an active custom property of contacts.
type Property struct {
	// Name is the technical name: the key in a contact.
	Name string
	// Label is the display text; the name where there is none.
	Label string
	// Type is string, number, boolean or object.
	Type string
	// Input is the kind of input field, for example "date" or "select".
	Input string
	// Writable is false for properties that are read-only, disabled or owned by
	// another vendor. They are listed all the same, so that a sync that names
	// one can be told why it cannot be used.
	Writable bool
	// Options are the values of a select, radio or multiselect property.
	Options []string
}
