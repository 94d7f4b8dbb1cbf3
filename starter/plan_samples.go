package main

import (
	"context"
	"fmt"
	"io"
	"strings"

	"github.com/jedib0t/go-pretty/v6/table"

	"audiencesync/internal/audience"
	"audiencesync/internal/ledger"
)

// shownPlan is a plan with samples, as JSON.
type shownPlan struct {
	*audience.Report

	Samples []shownSample `json:"samples"`
}

// shownSample is a sample of a plan as it is printed.
type shownSample struct {
	Reference string              `json:"reference"`
	Kind      ledger.SampleKind   `json:"kind"`
	Why       ledger.SampleReason `json:"why,omitempty"`
	// Fields are those that changed; of a new member those that it has.
	Fields []string `json:"fields,omitempty"`
	// Values are the new ones of the fields.
	Values audience.Member `json:"values,omitempty"`
}

// printWithSamples prints the report of a plan, and some of those whom it is about.
func (a *app) printWithSamples(ctx context.Context, l *ledger.Ledger, r *audience.Report, f planFlags) error {
	if r.Ended != audience.EndedPlanned {
		return a.printReport(r)
	}
	samples, err := l.Samples(ctx, r.Sync, r.Run, f.samples)
	var shown []shownSample
	if err == nil {
		shown, err = a.showSamples(samples, f.failureKey != "")
	}
	if err != nil {
		// The plan is made, whatever there is to say of its samples.
		if printing := a.printReport(r); printing != nil {
			return printing
		}
		return err
	}
	return a.printPlan(r, shown)
}

// showSamples also decrypts the values, if there is a key.
func (a *app) showSamples(samples []ledger.Sample, values bool) ([]shownSample, error) {
	shown, hidden := make([]shownSample, len(samples)), false
	for i, s := range samples {
		shown[i] = shownSample{Reference: s.Reference, Kind: s.Kind, Why: s.Why, Fields: s.Fields}
		if !values {
			hidden = hidden || s.HasValues()
			continue
		}
		var err error
		if shown[i].Values, err = s.Values(); err != nil {
			return nil, usage("%v", err)
		}
	}
	if hidden {
		a.say("The new values of the samples were kept, encrypted: --failure-key shows them.")
	}
	return shown, nil
}

func (a *app) printPlan(r *audience.Report, samples []shownSample) error {
	if a.output == outputJSON {
		return a.printJSON(shownPlan{Report: r, Samples: samples})
	}
	if err := writePlan(a.stdout, r); err != nil {
		return err
	}
	return writeSamples(a.stdout, samples, r.Plan != nil && r.Plan.KeepsLeavers)
}

// writeSamples prints samples for people. keeps says that leavers stay marked.
func writeSamples(w io.Writer, samples []shownSample, keeps bool) error {
	if len(samples) == 0 {
		_, err := fmt.Fprintln(w, "\nno samples: nobody is new, changed or left")
		return err
	}
	if _, err := fmt.Fprint(w, "\nsamples:\n"); err != nil {
		return err
	}
	header, rows := table.Row{"reference", "what", "fields"}, make([]table.Row, len(samples))
	for _, s := range samples {
		if s.Values != nil {
			header = append(header, "new values")
			break
		}
	}
	for i, s := range samples {
		rows[i] = table.Row{spelled(s.Reference), s.what(keeps), s.about()}
		if s.Values != nil {
			rows[i] = append(rows[i], spelled(s.Values))
		}
	}
	return writeTable(w, header, rows)
}

// what says in a word what a run would do.
func (s *shownSample) what(keeps bool) string {
	switch {
	case s.Kind == ledger.SampleLeaver && keeps:
		return "left, stays marked"
	case s.Kind == ledger.SampleLeaver:
		return "leaves"
	default:
		return string(s.Kind)
	}
}

// about names the fields, or says what there is instead.
func (s *shownSample) about() string {
	switch s.Why {
	case ledger.SampleOfMapping:
		return "(the mapping or a setting changed)"
	case ledger.SampleOfLabels:
		return "(no field: other tags or options exist in Hello Charles)"
	case ledger.SampleOfDoubt:
		return "(not known what Hello Charles holds)"
	case ledger.SampleOfFull:
		return "(nothing changed: everybody is sent)"
	case ledger.SampleOfFilter:
		return "(the filter excludes the member)"
	case ledger.SampleOfForgetting:
		return "(the person is to be forgotten)"
	case ledger.SampleOfChecks:
		return "(invalid: our checks)"
	}
	switch {
	case s.Kind == ledger.SampleLeaver:
		return "(not in the audience any more)"
	case s.Kind == ledger.SampleNew && s.Values != nil:
		return "" // All that the member has: the values name them.
	}
	return printable(strings.Join(s.Fields, ", "), "")
}
