// Package preflight finds out, before an audience is read, everything that
// would keep a sync from running, or that Hello Charles would lose in silence.
package preflight

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"audiencesync/internal/audience"
	"audiencesync/internal/config"
	"audiencesync/internal/hellocharles"
	"audiencesync/internal/ledger"
	"audiencesync/internal/mapping"
	"audiencesync/internal/vendorhttp"
	"audiencesync/internal/webhook"
	"audiencesync/internal/zeotap"
)

// RefusedError holds everything that keeps a sync from running.
type RefusedError struct{ Problems []string }

// Error implements error.
func (e *RefusedError) Error() string { return strings.Join(e.Problems, "; ") }

// Refused is a RefusedError with one problem.
func Refused(err error) error { return &RefusedError{Problems: []string{err.Error()}} }

// Input is what is looked at.
type Input struct {
	// WithoutSource asks nothing of the source.
	WithoutSource bool
	Spec          config.Sync
	// Settings are those of the destination.
	Settings config.HelloCharles
	// Needs is what the mapping needs of Hello Charles.
	Needs mapping.Needs
	// LeavesOut is what the mapping sets and a contact may be sent without.
	LeavesOut []string
	// Source opens the source; its error is a problem.
	Source func() (zeotap.Source, error)
	API    hellocharles.API
	// Ledger reports whether the ledger would refuse the run.
	Ledger func(context.Context) error
	// Webhook returns the client of a webhook connection; its error is a problem.
	Webhook func(name string) (*webhook.Client, error)
	// Beginning tells how the sync began.
	Beginning func(context.Context) (ledger.Beginning, error)
}

// Findings is what can be known about a sync before its audience is read.
type Findings struct {
	// Problems are everything that keeps the sync from running.
	Problems []string
	// Notes are worth knowing, but keep nobody from running.
	Notes []string
	// Lists are how much was read of each list of Hello Charles, a sentence each,
	// to be compared with the app: one that is cut short looks like a complete one
	// (docs/hello-charles.md A12).
	Lists    []string
	Audience audience.Audience
	Size     *audience.Size
	// Surroundings are what the mapping rests on in Hello Charles.
	Surroundings Surroundings
	// Beginning says why a run that sends is refused all the same: the segment holds
	// contacts that the ledger does not know. It is one of the notes; empty when all
	// is known.
	Beginning string
}

// Inspect asks both vendors and the ledger. Problems are collected, so that
// one look shows them all; an error means that a question could not be
// answered and may be asked again.
func Inspect(ctx context.Context, in Input) (*Findings, error) {
	i := inspection{Input: in, found: &Findings{Notes: in.Spec.Warnings()}}
	keyAccepted := true
	for _, step := range []struct {
		ask     func(context.Context) error
		charles bool
	}{
		{i.source, false},
		{in.API.Check, true},
		{i.tags, true},
		{i.properties, true},
		{i.segment, true},
		{i.notify, false},
		{in.Ledger, false},
		{i.beginning, false},
	} {
		if step.charles && !keyAccepted {
			continue
		}
		if err := step.ask(ctx); err != nil {
			text, settled := isProblem(err)
			if !settled {
				return nil, err
			}
			i.problem("%s", text)
			keyAccepted = keyAccepted && (!step.charles || !letsNobodyIn(err))
		}
	}
	i.omitted()
	return i.found, nil
}

// inspection is an Inspect in the making.
type inspection struct {
	Input
	found *Findings
	// inSegment is the count of the segment, nil without one.
	inSegment *int64
}

func (i *inspection) problem(format string, args ...any) {
	text := fmt.Sprintf(format, args...)
	if !slices.Contains(i.found.Problems, text) {
		i.found.Problems = append(i.found.Problems, text)
	}
}

func (i *inspection) note(format string, args ...any) {
	i.found.Notes = append(i.found.Notes, fmt.Sprintf(format, args...))
}

// counted says how many there are of what was read.
func (i *inspection) counted(what string, count int) {
	if i.Settings.Read.ReadsAllowed() {
		i.found.Lists = append(i.found.Lists, fmt.Sprintf("active %s of persons in Hello Charles: %s", what, audience.Thousands(int64(count))))
	}
}

// isProblem tells answers that will not change by asking again from faults
// that may pass.
func isProblem(err error) (string, bool) {
	if refused, ok := errors.AsType[*RefusedError](err); ok {
		return refused.Error(), true
	}
	if source, ok := errors.AsType[*zeotap.Error](err); ok {
		return source.Error(), source.Kind != zeotap.NotSettled && source.Kind != zeotap.Unavailable
	}
	if vendor, ok := errors.AsType[*vendorhttp.Error](err); ok {
		switch vendor.Kind {
		case vendorhttp.Unauthorized, vendorhttp.Forbidden, vendorhttp.NotFound, vendorhttp.NoCredential,
			vendorhttp.UnusableCertificate, vendorhttp.ServerNotTrusted, vendorhttp.CertificateRefused,
			vendorhttp.Redirected, vendorhttp.Rejected, vendorhttp.TooLarge, vendorhttp.Misconfigured:
			return vendor.Error(), true
		}
	}
	if ledgerSays, ok := errors.AsType[*ledger.RefusedError](err); ok {
		return ledgerSays.Error(), true
	}
	return "", false
}

// letsNobodyIn tells answers that all requests would get: one is enough.
func letsNobodyIn(err error) bool {
	vendor, ok := errors.AsType[*vendorhttp.Error](err)
	if !ok {
		return false
	}
	switch vendor.Kind {
	case vendorhttp.Unauthorized, vendorhttp.NoCredential, vendorhttp.UnusableCertificate, vendorhttp.ServerNotTrusted, vendorhttp.CertificateRefused:
		return true
	default:
		return false
	}
}

func (i *inspection) source(ctx context.Context) error {
	if i.WithoutSource {
		return nil
	}
	source, err := i.Source()
	if err != nil {
		return Refused(err)
	}
	return askAgain(ctx, func() error {
		i.found.Audience, i.found.Size, err = source.Identify(ctx, i.Spec.Audience.ID)
		return err
	})
}

func (i *inspection) segment(ctx context.Context) error {
	segment := i.Spec.Verification.Segment
	if segment == "" {
		if !i.Spec.Verification.None {
			i.note("no verification.segment: the run will end as unverifiable")
		}
		return nil
	}
	err := askAgain(ctx, func() error {
		count, err := i.API.SegmentCount(ctx, segment)
		if err == nil {
			i.inSegment = &count
		}
		return err
	})
	var vendor *vendorhttp.Error
	if !errors.As(err, &vendor) {
		return err
	}
	switch vendor.Kind {
	case vendorhttp.NotFound:
		i.problem("segment %q does not exist in Hello Charles: correct verification.segment (the id stands in the address bar when the segment is open)", segment)
		return nil
	case vendorhttp.Unauthorized, vendorhttp.Forbidden, vendorhttp.Unreadable:
		i.note("the segment cannot be counted, so the run will end as unverifiable: %s", vendor)
		return nil
	}
	return err
}
