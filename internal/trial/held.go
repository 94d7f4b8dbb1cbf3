package trial

import (
	"context"
	"errors"
	"time"

	"audiencesync/internal/audience"
	"audiencesync/internal/hellocharles"
	"audiencesync/internal/vendorhttp"
)

// HeldState is how what Hello Charles holds compares with what was sent.
type HeldState string

// The states of what is held.
const (
	// NotCompared: it was refused, nothing would be sent, or contacts cannot be read.
	NotCompared HeldState = ""
	// Same: everything that was sent is held.
	Same HeldState = "same"
	// Differs: something that was sent is not held as it was sent.
	Differs HeldState = "differs"
	// Absent: nothing is held for the reference.
	Absent HeldState = "absent"
	// Unread: the answer could not be had, or not be read.
	Unread HeldState = "unread"
)

// Comparison is what reading one contact back found. It is contact data.
type Comparison struct {
	State HeldState
	// Held is what Hello Charles holds, nil unless it is the same or differs.
	Held *hellocharles.Held
	// Differences are empty unless it differs.
	Differences []Difference
	// Why says why a contact is unread.
	Why string
}

// CannotReadError says that contacts cannot be read back at all: the connection
// does not say how, or its key may not.
type CannotReadError struct{ err error }

// Error implements error.
func (e *CannotReadError) Error() string { return e.err.Error() }

// Unwrap returns the cause.
func (e *CannotReadError) Unwrap() error { return e.err }

// ReadBack reads back what was sent, and what may have arrived, and compares.
// Contacts that do not hold it yet are read again after pauses. The error is a
// *CannotReadError, or that of the context.
func (t *Trial) ReadBack(ctx context.Context, sent []Sent) error {
	var pending []*Sent
	for i := range sent {
		if sent[i].Outcome != audience.Refused {
			pending = append(pending, &sent[i])
		}
	}
	for _, pause := range append([]time.Duration{0}, t.options.ReadAgain...) {
		if len(pending) == 0 {
			return nil
		}
		if err := sleep(ctx, pause); err != nil {
			return err
		}
		var still []*Sent
		for _, one := range pending {
			var err error
			if one.Held, err = t.Compare(ctx, one.Contact); err != nil {
				return err
			}
			if one.Held.State != Same {
				still = append(still, one)
			}
		}
		pending = still
	}
	return nil
}

// Compare reads one contact back and compares it with what is sent.
func (t *Trial) Compare(ctx context.Context, contact audience.Contact) (Comparison, error) {
	held, found, err := t.held(ctx, contact.Reference)
	if err != nil || held == nil {
		return found, err
	}
	if missesTags(contact.Tags, held.Tags) {
		if err := t.learnTagIDs(ctx); err != nil {
			return Comparison{State: Unread, Why: err.Error()}, ctx.Err()
		}
	}
	found.State, found.Held, found.Differences = Same, held, differences(contact, held, t.tagIDs)
	if len(found.Differences) > 0 {
		found.State = Differs
	}
	return found, nil
}

// held reads one contact back. It is nil where the comparison says why.
func (t *Trial) held(ctx context.Context, reference string) (held *hellocharles.Held, found Comparison, err error) {
	err = t.patiently(ctx, tooSoon, func() (err error) {
		held, err = t.Sync.Workspace.API.Contact(ctx, reference)
		return err
	})
	switch {
	case err == nil:
		return held, Comparison{}, nil
	case ctx.Err() != nil:
		return nil, Comparison{}, ctx.Err()
	case errors.Is(err, hellocharles.ErrNoContact):
		return nil, Comparison{State: Absent}, nil
	case mayNotRead(err):
		return nil, Comparison{}, &CannotReadError{err}
	default:
		return nil, Comparison{State: Unread, Why: err.Error()}, nil
	}
}

func mayNotRead(err error) bool {
	if errors.Is(err, hellocharles.ErrCannotRead) {
		return true
	}
	vendor, ok := errors.AsType[*vendorhttp.Error](err)
	return ok && (vendor.Kind == vendorhttp.Unauthorized || vendor.Kind == vendorhttp.Forbidden || vendor.Kind == vendorhttp.NoCredential)
}

// learnTagIDs asks for the tags once: no public document says whether a contact
// that is read holds their labels or their ids (docs/hello-charles.md A4).
func (t *Trial) learnTagIDs(ctx context.Context) error {
	if t.tagIDs != nil {
		return nil
	}
	tags, err := t.Sync.Workspace.API.Tags(ctx)
	if err != nil {
		return err
	}
	t.tagIDs = make(map[string]string, len(tags))
	for _, tag := range tags {
		t.tagIDs[tag.Label] = tag.ID
	}
	return nil
}
