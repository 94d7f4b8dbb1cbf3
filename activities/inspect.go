package activities

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"audiencesync/internal/audience"
	"audiencesync/internal/config"
	"audiencesync/internal/hellocharles"
	"audiencesync/internal/ledger"
	"audiencesync/internal/vendorhttp"
	"audiencesync/internal/zeotap"
)

// inspection is what can be known about a sync before its audience is read.
type inspection struct {
	// problems are everything that keeps the sync from running.
	problems []string
	// notes are worth knowing, but keep nobody from running.
	notes     []string
	audience  audience.Audience
	size      *audience.Size
	workspace *workspace
}

// inspect asks both vendors and the ledger. Problems are collected, so that
// one look shows them all; an error means that a question could not be
// answered and may be asked again.
func (a *Activities) inspect(ctx context.Context, spec config.Sync) (*inspection, error) {
	found := &inspection{}
	run, err := a.runs.compile(ctx, RunRef{Sync: spec.Sync}, spec)
	if err != nil {
		return nil, err
	}
	found.workspace = run.workspace
	keyAccepted := true
	for _, step := range []struct {
		ask     func(context.Context, *openRun, *inspection) error
		charles bool
	}{
		{a.inspectSource, false},
		{inspectTags, true},
		{inspectProperties, true},
		{inspectSegment, true},
		{a.inspectLedger, false},
	} {
		if step.charles && !keyAccepted {
			continue
		}
		if err := step.ask(ctx, run, found); err != nil {
			text, settled := isProblem(err)
			if !settled {
				return nil, err
			}
			found.problem("%s", text)
			// One answer about a wrong key is enough.
			if vendor, ok := errors.AsType[*vendorhttp.Error](err); ok && step.charles && vendor.Kind == vendorhttp.Unauthorized {
				keyAccepted = false
			}
		}
	}
	return found, nil
}

func (i *inspection) problem(format string, args ...any) {
	text := fmt.Sprintf(format, args...)
	if !slices.Contains(i.problems, text) {
		i.problems = append(i.problems, text)
	}
}

// isProblem tells answers that will not change by asking again from faults
// that may pass.
func isProblem(err error) (string, bool) {
	if refused, ok := errors.AsType[*refusal](err); ok {
		return refused.Error(), true
	}
	if source, ok := errors.AsType[*zeotap.Error](err); ok {
		return source.Error(), source.Kind != zeotap.NotSettled && source.Kind != zeotap.Unavailable
	}
	if vendor, ok := errors.AsType[*vendorhttp.Error](err); ok {
		switch vendor.Kind {
		case vendorhttp.Unauthorized, vendorhttp.Forbidden, vendorhttp.NotFound, vendorhttp.NoCredential,
			vendorhttp.Redirected, vendorhttp.Rejected, vendorhttp.TooLarge, vendorhttp.Misconfigured:
			return vendor.Error(), true
		}
	}
	if ledgerSays, ok := errors.AsType[*ledger.RefusedError](err); ok {
		return ledgerSays.Error(), true
	}
	return "", false
}

func (a *Activities) inspectSource(ctx context.Context, run *openRun, found *inspection) error {
	source, err := a.endpoints.source(run.spec.Source)
	if err != nil {
		return &refusal{problems: []string{err.Error()}}
	}
	found.audience, found.size, err = source.Identify(ctx, run.spec.Audience.ID)
	return err
}

func inspectTags(ctx context.Context, run *openRun, found *inspection) error {
	wanted := run.mapper.Tags()
	if len(wanted) == 0 {
		return nil
	}
	tags, err := run.workspace.api.Tags(ctx)
	if err != nil {
		return err
	}
	labels := make([]string, len(tags))
	for i, tag := range tags {
		labels[i] = tag.Label
	}
	for _, label := range wanted {
		if !slices.Contains(labels, label) {
			found.problem("tag %q does not exist in Hello Charles, which would ignore it silently: create it under Settings, Manage Tags%s",
				label, orElse(nearest(label, labels), " (did you mean %q?)"))
		}
	}
	return nil
}

func inspectProperties(ctx context.Context, run *openRun, found *inspection) error {
	wanted := run.mapper.PropertyTypes()
	if len(wanted) == 0 {
		return nil
	}
	properties, err := run.workspace.api.Properties(ctx)
	if err != nil {
		return err
	}
	byName := make(map[string]hellocharles.Property, len(properties))
	for _, property := range properties {
		byName[property.Name] = property
	}
	names := slices.Sorted(maps.Keys(byName))
	for _, name := range slices.Sorted(maps.Keys(wanted)) {
		property, ok := byName[name]
		switch {
		case !ok:
			found.problem("custom property %q does not exist in Hello Charles, which would ignore it silently: create it under Settings, or correct its technical name%s",
				name, orElse(nearest(name, names), " (did you mean %q?)"))
		case !property.Writable:
			found.problem("custom property %q is read-only, disabled or owned by another system in Hello Charles, so it cannot be set", name)
		case property.Type != "" && !fits(wanted[name], property.Type):
			found.problem("custom property %q has type %s in Hello Charles and type %s in the mapping", name, property.Type, wanted[name])
		}
	}
	return nil
}

// fits compares a mapped type with the type of the property's record; dates
// are strings there (see docs/hello-charles.md section 6).
func fits(mapped config.PropertyType, record string) bool {
	if mapped == config.PropertyNumber {
		return record == "number"
	}
	return record == "string"
}

func inspectSegment(ctx context.Context, run *openRun, found *inspection) error {
	segment := run.spec.Verification.Segment
	if segment == "" {
		if !run.spec.Verification.None {
			found.notes = append(found.notes, "no verification.segment: the run will end as unverifiable")
		}
		return nil
	}
	_, err := run.workspace.api.SegmentCount(ctx, segment)
	var vendor *vendorhttp.Error
	if !errors.As(err, &vendor) {
		return err
	}
	switch vendor.Kind {
	case vendorhttp.NotFound:
		found.problem("segment %q does not exist in Hello Charles: correct verification.segment (the id stands in the address bar when the segment is open)", segment)
		return nil
	case vendorhttp.Unauthorized, vendorhttp.Forbidden, vendorhttp.Unreadable:
		found.notes = append(found.notes, "the segment cannot be counted, so the run will end as unverifiable: "+vendor.Error())
		return nil
	}
	return err
}

func (a *Activities) inspectLedger(ctx context.Context, run *openRun, _ *inspection) error {
	opening, err := newOpening(run.spec, run.workspace)
	if err != nil {
		return err
	}
	return a.ledger.CheckOpening(ctx, opening)
}

func orElse(value, format string) string {
	if value == "" {
		return ""
	}
	return fmt.Sprintf(format, value)
}

// nearest returns the known word that a misspelt one most likely means.
func nearest(word string, known []string) string {
	meant, _ := config.Nearest(word, known)
	return meant
}
