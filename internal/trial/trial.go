// Package trial tries a sync outside of a run: it sends a few members and reads
// them back, or follows one of them through the mapping. What it does to a
// member is what a run does, by the same code.
package trial

import (
	"context"
	"errors"
	"fmt"
	"time"

	"audiencesync/internal/config"
	"audiencesync/internal/endpoints"
	"audiencesync/internal/preflight"
	"audiencesync/internal/readback"
	"audiencesync/internal/vendorhttp"
	"audiencesync/internal/zeotap"
)

// Options are what a trial is made of.
type Options struct {
	Pool *endpoints.Pool
	Spec config.Sync
	// Say tells a person what is waited for. It gets no contact data.
	Say func(text string)
	// ReadAgain are the pauses after which contacts that do not hold what was sent
	// are read again: Hello Charles may take a moment.
	ReadAgain []time.Duration
}

// Trial is a sync that is tried. It is not safe for concurrent use.
type Trial struct {
	// Sync is compiled against what was found.
	Sync *preflight.Sync
	// Findings say whether the sync may run.
	Findings *preflight.Findings

	options Options
	held    *readback.Reader
}

// Open inspects a sync. Who sends anything looks at the problems that were
// found first.
func Open(ctx context.Context, o Options) (*Trial, error) {
	t := &Trial{options: o}
	err := t.patiently(ctx, passing, func() (err error) {
		t.Findings, t.Sync, err = preflight.Look(ctx, o.Pool, o.Spec)
		return err
	})
	if err != nil {
		return nil, err
	}
	t.held = readback.NewReader(t.Sync.Workspace.API, t.Sync.Spec.Marker, func(ctx context.Context, ask func() error) error {
		return t.patiently(ctx, readback.TooSoon, ask)
	})
	return t, nil
}

// Normalise brings a reference that a person wrote into the spelling that the
// sync gives it. The error does not hold it.
func (t *Trial) Normalise(reference string) (string, error) {
	normalise, err := preflight.Normaliser(t.Sync.Spec)
	if err != nil {
		return "", err
	}
	return normalise(reference)
}

// mostTries is how often something is asked that may be answered later.
const mostTries = 5

// patiently asks until there is an answer that will not pass.
func (t *Trial) patiently(ctx context.Context, passes func(error) (time.Duration, bool), ask func() error) error {
	return patiently(ctx, t.options.Say, passes, ask)
}

// Patiently asks the vendors until there is an answer that will not pass, a few
// times. say tells a person what is waited for.
func Patiently(ctx context.Context, say func(text string), ask func() error) error {
	return patiently(ctx, say, passing, ask)
}

func patiently(ctx context.Context, say func(text string), passes func(error) (time.Duration, bool), ask func() error) error {
	for tries := 1; ; tries++ {
		err := ask()
		delay, may := passes(err)
		if !may || tries == mostTries || ctx.Err() != nil {
			return err
		}
		say(fmt.Sprintf("%v; trying again in %s", err, delay.Round(100*time.Millisecond)))
		if stopped := sleep(ctx, delay); stopped != nil {
			return stopped
		}
	}
}

// passing reports whether a question may be answered later, and when to ask.
func passing(err error) (time.Duration, bool) {
	if delay, ok := readback.TooSoon(err); ok {
		return delay, true
	}
	if vendor, ok := errors.AsType[*vendorhttp.Error](err); ok {
		return 2 * time.Second, vendor.Kind == vendorhttp.Unavailable || vendor.Kind == vendorhttp.Unreachable
	}
	source, ok := errors.AsType[*zeotap.Error](err)
	return 2 * time.Second, ok && source.Kind == zeotap.Unavailable
}

func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
