// Package hellocharles is the client of one Hello Charles workspace: contacts
// by batch and one by one, tags, custom properties and the contact count of a
// segment. What no public document settles about that API is a setting of the
// connection.
package hellocharles

import (
	"context"
	"errors"

	"audiencesync/internal/audience"
)

// MaxContacts is the most contacts of one request of the Batched Contacts API,
// as Zeotap's "Hello Charles" integration guide states it.
const MaxContacts = 1000

// API is what audiencesync needs of one Hello Charles workspace. Failed
// requests are *vendorhttp.Error; their texts hold no contact data. A request
// whose effect is unknown (lost, cut, unreadable) is safe to send again.
type API interface {
	// Check reports whether a request could be made: whether the key, and what is
	// behind the TLS settings, can be found and used. It sends nothing.
	Check(ctx context.Context) error
	// Upsert sends up to 1,000 contacts in one request of the Batched Contacts
	// API. Their references differ from each other. before is called when the
	// request is about to leave; if it fails, nothing is sent and its error is
	// returned. There is one result for each contact, in order; an empty
	// Outcome means that the reply did not name the contact. A batch that is
	// refused as a whole has results only where the refusal names contacts, or
	// where one contact was sent: those are Refused, the others NotApplied.
	// Else it is an error of kind Rejected or TooLarge.
	Upsert(ctx context.Context, contacts []audience.Contact, before func(context.Context) error) ([]Result, error)
	// UpsertOne sends one contact by the documented call (Contact API, help
	// article 264408). before is as for Upsert.
	UpsertOne(ctx context.Context, contact audience.Contact, before func(context.Context) error) (Result, error)
	// Render returns the request that a contact is sent with, alone, and sends
	// nothing.
	Render(ctx context.Context, contact audience.Contact) (Rendered, error)
	// Tags lists the tags that contacts can have.
	Tags(ctx context.Context) ([]Tag, error)
	// Properties lists the custom properties that contacts can have.
	Properties(ctx context.Context) ([]Property, error)
	// Segments lists the segments, without lists that people fill.
	Segments(ctx context.Context) ([]Segment, error)
	// SegmentCount returns the number of contacts in a segment. A reply without
	// a count is an error of kind Unreadable, never zero.
	SegmentCount(ctx context.Context, segment string) (int64, error)
	// SegmentMembers reads the contacts of a segment and gives them to visit page
	// by page, as they come; an error of visit ends the read and is returned. Only
	// without an error was the list read to its end, with at least as many contacts
	// as the segment's count says. A list that is shorter (cut, or the same rows
	// again and again) is an error of kind Unreadable.
	SegmentMembers(ctx context.Context, segment string, visit func([]SegmentMember) error) (SegmentRead, error)
	// Contact reads one contact back. The error wraps ErrCannotRead where the
	// connection does not say how, and ErrNoContact where nothing is held for
	// the reference.
	Contact(ctx context.Context, reference string) (*Held, error)
}

// Result is what Hello Charles said about one contact.
type Result struct {
	// Outcome is Created, Updated, Accepted or Refused; empty when the reply
	// did not say.
	Outcome audience.Outcome
	// Confirmed says that the contact exists: it was taken, and not only queued (202),
	// by an answer that would tell a refusal. A call that names no phone number and no
	// email address creates no contact (Zeotap's "Hello Charles" integration guide), so
	// that one which is confirmed was there before.
	Confirmed bool
	// Transient marks a refusal that is worth sending again on its own: the
	// contact's own status or code is in the list batch.items.transient.
	Transient bool
	// NotApplied says that the call was refused as a whole because of other
	// contacts, which it names: this one has no outcome and is worth sending
	// again together with its neighbours.
	NotApplied bool
	// Gone says of a refused contact that it does not exist and was not created:
	// its status or code is in the settings gone.statuses or gone.codes. It is
	// never Transient.
	Gone bool
	// Code is the API's error code where it is a short slug, else empty. It
	// holds no contact data.
	Code string
	// Message is in the API's own words, at most 500 bytes. It may hold contact
	// data: it is for the ledger only.
	Message string
}

// Tag is an active tag for contacts.
type Tag struct{ ID, Label string }

// Segment is an active segment.
type Segment struct{ ID, Name string }

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

// Held is what Hello Charles holds for one reference, as it says itself. All of
// it may be contact data.
type Held struct {
	Reference  string
	FirstName  string
	MiddleName string
	LastName   string
	Phones     []string
	Emails     []string
	// Tags are labels or ids, as Hello Charles gives them.
	Tags []string
	// OtherReferences are those that the contact has besides, of whatever source type.
	OtherReferences []string
	// Properties are the custom properties by technical name. Their values are
	// those of JSON; numbers are json.Number.
	Properties map[string]any
}

// ErrCannotRead says that the connection does not say how one contact is read.
var ErrCannotRead = errors.New("contacts cannot be read back")

// ErrNoContact says that Hello Charles holds nothing for a reference.
var ErrNoContact = errors.New("no contact with this reference is held")
