package hellocharles

import (
	"context"
	"errors"
)

// Existence is what is known of whether Hello Charles holds a contact.
type Existence string

// The answers to whether a contact exists.
const (
	// Exists: the contact was read back.
	Exists Existence = "exists"
	// Absent: the call that reads one contact says that there is none: 404, 410,
	// or an empty list.
	Absent Existence = "absent"
	// Unknowable: the connection does not say how, may not read, or the answer
	// says neither.
	Unknowable Existence = "unknowable"
)

// ExistenceOf tells whether Hello Charles holds a contact with the reference, by
// the call of API.Contact. Unknowable always comes with the error that says why;
// the others never. A wrong read.contact_path answers 404 for everybody: ask for
// a contact that is there before Absent is believed of many.
func ExistenceOf(ctx context.Context, api API, reference string) (Existence, error) {
	_, err := api.Contact(ctx, reference)
	switch {
	case err == nil:
		return Exists, nil
	case errors.Is(err, ErrNoContact):
		return Absent, nil
	default:
		return Unknowable, err
	}
}
