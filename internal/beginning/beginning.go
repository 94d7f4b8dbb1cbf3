// Package beginning records what the contacts are that were in a sync's segment
// before its first run: members of the sync, or not ours. What is listed is contact
// data: it goes from Hello Charles, or a file, into the ledger, and nowhere else.
package beginning

import (
	"context"
	"errors"

	"audiencesync/internal/audience"
	"audiencesync/internal/config"
	"audiencesync/internal/endpoints"
	"audiencesync/internal/ledger"
	"audiencesync/internal/preflight"
	"audiencesync/internal/trial"
	"audiencesync/internal/vendorhttp"
)

// Options are what a beginning is told with.
type Options struct {
	Pool *endpoints.Pool
	Spec config.Sync
	// Say tells a person what is waited for, or how far it has come. It gets no
	// contact data.
	Say func(text string)
}

// RefusedError says that nothing was recorded, and what to do about it.
type RefusedError struct{ Text string }

// Error implements error.
func (e *RefusedError) Error() string { return e.Text }

// teller is a beginning in the making.
type teller struct {
	Options
	sync    *preflight.Sync
	opening ledger.Opening
}

func newTeller(ctx context.Context, o Options) (*teller, error) {
	sync, err := preflight.Compile(ctx, o.Pool, o.Spec, preflight.Surroundings{})
	if err != nil {
		return nil, err
	}
	opening, err := sync.Opening()
	if err != nil {
		return nil, err
	}
	return &teller{Options: o, sync: sync, opening: opening}, nil
}

// count counts the segment. Where that cannot be, it is nil, and why says why.
func (t *teller) count(ctx context.Context) (counted *int64, why string, err error) {
	segment := t.Spec.Verification.Segment
	if segment == "" {
		return nil, "the sync names no segment (verification.segment)", nil
	}
	var n int64
	err = trial.Patiently(ctx, t.Say, func() (err error) {
		n, err = t.sync.Workspace.API.SegmentCount(ctx, segment)
		return err
	})
	if vendor, ok := errors.AsType[*vendorhttp.Error](err); ok {
		switch vendor.Kind {
		case vendorhttp.Unauthorized, vendorhttp.Forbidden, vendorhttp.Unreadable:
			return nil, vendor.Error(), nil
		}
	}
	if err != nil {
		return nil, "", err
	}
	return &n, "", nil
}

// contacts counts in words.
func contacts(n int64) string {
	if n == 1 {
		return "1 contact"
	}
	return audience.Thousands(n) + " contacts"
}
