// Package readback reads contacts back from Hello Charles and compares them, field by
// field, with what was sent. Runs and trials do it by the same code.
package readback

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"audiencesync/internal/audience"
	"audiencesync/internal/config"
	"audiencesync/internal/endpoints"
	"audiencesync/internal/hellocharles"
	"audiencesync/internal/vendorhttp"
)

// State is how what Hello Charles holds compares with what was sent.
type State string

// The states of what is held.
const (
	// NotCompared: it was refused, nothing would be sent, or contacts cannot be read.
	NotCompared State = ""
	// Same: everything that was sent is held.
	Same State = "same"
	// Differs: something that was sent is not held as it was sent.
	Differs State = "differs"
	// Absent: nothing is held for the reference.
	Absent State = "absent"
	// Unread: the answer could not be had, or not be read.
	Unread State = "unread"
)

// Comparison is what reading one contact back found. It is contact data.
type Comparison struct {
	State State
	// Held is what Hello Charles holds, nil unless it is the same or differs.
	Held *hellocharles.Held
	// Differences are empty unless it differs.
	Differences []Difference
	// Why says why a contact is unread. It holds no contact data.
	Why string
}

// CannotReadError says that contacts cannot be read back at all: the connection
// does not say how, or its key may not.
type CannotReadError struct{ err error }

// Error implements error.
func (e *CannotReadError) Error() string { return e.err.Error() }

// Unwrap returns the cause.
func (e *CannotReadError) Unwrap() error { return e.err }

// API is what a Reader asks of Hello Charles.
type API interface {
	Contact(ctx context.Context, reference string) (*hellocharles.Held, error)
	Tags(ctx context.Context) ([]hellocharles.Tag, error)
}

// Reader reads contacts back. It is not safe for concurrent use.
type Reader struct {
	api API
	// shared is the custom property that syncs share; empty without one.
	shared string
	wait   Waiting
	// tagIDs are the ids of tags by label; nil until they are needed.
	tagIDs map[string]string
}

// Waiting asks until it is not too soon any more (see TooSoon), or gives up.
type Waiting func(ctx context.Context, ask func() error) error

// NewReader reads back contacts of a sync with this marker.
func NewReader(api API, marker config.Marker, wait Waiting) *Reader {
	r := &Reader{api: api, wait: wait}
	if marker.Shared {
		r.shared = marker.Property
	}
	return r
}

// Compare reads one contact back and compares it with what was sent. The error is a
// *CannotReadError, or that of the context.
func (r *Reader) Compare(ctx context.Context, sent audience.Contact) (Comparison, error) {
	found, err := r.Read(ctx, sent.Reference)
	if err != nil || found.Held == nil {
		return found, err
	}
	if len(missingTags(sent.Tags, found.Held.Tags, nil)) > 0 {
		if err := r.learnTagIDs(ctx); err != nil {
			return Comparison{State: Unread, Why: err.Error()}, ctx.Err()
		}
	}
	found.State, found.Differences = Same, slices.DeleteFunc(differences(sent, found.Held, r.tagIDs), r.isShared)
	if len(found.Differences) > 0 {
		found.State = Differs
	}
	return found, nil
}

// isShared tells a mark that holds that of the sync among those of others.
func (r *Reader) isShared(d Difference) bool {
	if r.shared == "" || d.Field != r.shared {
		return false
	}
	sent, ok := d.Sent.(string)
	held, also := d.Held.(string)
	return ok && also && strings.Contains(held, sent)
}

// Read reads one contact back. What is held has no state yet. The error is as that of
// Compare.
func (r *Reader) Read(ctx context.Context, reference string) (Comparison, error) {
	var held *hellocharles.Held
	err := r.wait(ctx, func() (err error) {
		held, err = r.api.Contact(ctx, reference)
		return err
	})
	switch {
	case err == nil:
		return Comparison{Held: held}, nil
	case ctx.Err() != nil:
		return Comparison{}, ctx.Err()
	case errors.Is(err, hellocharles.ErrNoContact):
		return Comparison{State: Absent}, nil
	case mayNotRead(err):
		return Comparison{}, &CannotReadError{err}
	default:
		return Comparison{State: Unread, Why: err.Error()}, nil
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
func (r *Reader) learnTagIDs(ctx context.Context) error {
	if r.tagIDs != nil {
		return nil
	}
	var tags []hellocharles.Tag
	err := r.wait(ctx, func() (err error) {
		tags, err = r.api.Tags(ctx)
		return err
	})
	if err != nil {
		return err
	}
	r.tagIDs = make(map[string]string, len(tags))
	for _, tag := range tags {
		r.tagIDs[tag.Label] = tag.ID
	}
	return nil
}

// TooSoon reports whether a request was, or would have been, one too many, so that
// nothing was done, and how long to wait.
func TooSoon(err error) (time.Duration, bool) {
	if wait, ok := errors.AsType[*endpoints.BudgetWaitError](err); ok {
		return wait.Delay, true
	}
	if vendor, ok := errors.AsType[*vendorhttp.Error](err); ok && vendor.Kind == vendorhttp.RateLimited {
		return max(vendor.RetryAfter, time.Second), true
	}
	return 0, false
}
