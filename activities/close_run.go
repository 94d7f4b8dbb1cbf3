package activities

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"audiencesync/internal/audience"
	"audiencesync/internal/config"
	"audiencesync/internal/ledger"
	"audiencesync/internal/notify"
)

// CloseRunInput is the input of CloseRun.
type CloseRunInput struct {
	Run RunRef `json:"run"`
	// AudienceName is the name that the source gave the audience.
	AudienceName string `json:"audience_name,omitempty"`
	// Counted is the segment count that the run ends with, nil without one.
	Counted *int64 `json:"counted,omitempty"`
	// Entered says that a person has counted.
	Entered bool `json:"entered,omitempty"`
	// Why says why there is no count.
	Why string `json:"why,omitempty"`
	// Comparison is nil where the segment was not compared with the ledger;
	// NotCompared says why.
	Comparison  *audience.Comparison `json:"comparison,omitempty"`
	NotCompared string               `json:"not_compared,omitempty"`
	// ReadBack is nil where no sample was to be read back.
	ReadBack *audience.ReadBack `json:"read_back,omitempty"`
	// Ended is "cancelled", "declined", "failed" or "planned" for a run that did not
	// come to its end.
	Ended string `json:"ended,omitempty"`
	// VerifyOnly says that nothing was read or sent.
	VerifyOnly bool `json:"verify_only,omitempty"`
	// Audit says that the audience was read only to compare the segment with it.
	Audit bool `json:"audit,omitempty"`
	// Retire says that all marks were to be taken away, without reading the audience.
	Retire bool `json:"retire,omitempty"`
	// Plan is nil for a run that ended before it had one.
	Plan *audience.Plan `json:"plan,omitempty"`
	// Notes of a plan are why a run would be refused before it has one.
	Notes []string `json:"notes,omitempty"`
	// Decisions are what people told the run.
	Decisions []audience.Decision `json:"decisions,omitempty"`
}

// CloseRun adds the run's account up from the ledger, judges it, stores the
// report and drops the staging. A closed run returns its report again.
func (a *Activities) CloseRun(ctx context.Context, in CloseRunInput) (audience.Report, error) {
	defer keepAlive(ctx)()
	a.readers.drop(in.Run)
	report, err := a.closeRun(ctx, in)
	return report, fail(ctx, in.Run.Sync, err)
}

func (a *Activities) closeRun(ctx context.Context, in CloseRunInput) (audience.Report, error) {
	run, err := a.ledger.Run(ctx, in.Run)
	if err != nil {
		return audience.Report{}, err
	}
	var report audience.Report
	if run.Closed {
		if err := json.Unmarshal(run.Report, &report); err != nil {
			return report, fmt.Errorf("stored report of run %d of sync %s: %w", in.Run.Run, in.Run.Sync, err)
		}
		return report, nil
	}
	if in.Ended != "" && in.Ended != audience.EndedPlanned {
		if err := a.ledger.EndUnsent(ctx, in.Run); err != nil {
			return report, err
		}
	}
	if report, err = a.report(ctx, run, in); err != nil {
		return report, err
	}
	stored, err := json.Marshal(report)
	if err != nil {
		return report, fmt.Errorf("report of run %d of sync %s: %w", in.Run.Run, in.Run.Sync, err)
	}
	// Where others were there before, or some may be missing, a count does not prove that
	// all of ours are there.
	tells := !in.VerifyOnly && !in.Audit
	proved := tells && (report.Verdict == audience.Equal || report.Verdict == audience.Explained) &&
		report.Segment.Before == 0 && !report.Segment.Tolerated && (report.ReadBack == nil || report.ReadBack.Absent == 0)
	// A list that moved under the read may have left somebody out.
	compared := tells && in.Comparison != nil && !in.Comparison.Moved
	err = a.ledger.CloseRun(ctx, in.Run, ledger.Closing{Report: stored, Complete: in.Ended == "" && tells, Good: notify.EndOf(&report) == notify.Good, Proved: proved, Compared: compared})
	return report, err
}

func (a *Activities) report(ctx context.Context, run ledger.Run, in CloseRunInput) (audience.Report, error) {
	var spec config.Sync
	if err := json.Unmarshal(run.Spec, &spec); err != nil {
		return audience.Report{}, fmt.Errorf("pinned spec of run %d of sync %s: %w", in.Run.Run, in.Run.Sync, err)
	}
	tally, err := a.ledger.Tally(ctx, in.Run)
	if err != nil {
		return audience.Report{}, err
	}
	expected, err := a.ledger.Expected(ctx, in.Run)
	if err != nil {
		return audience.Report{}, err
	}
	beginning, err := a.ledger.Beginning(ctx, in.Run.Sync)
	if err != nil {
		return audience.Report{}, err
	}
	report := audience.Report{
		Sync: in.Run.Sync, Run: in.Run.Run, Ended: in.Ended, Verified: in.VerifyOnly, Audited: in.Audit, Retired: in.Retire, Unasked: spec.Verification.None,
		Audience: audience.Audience{ID: spec.Audience.ID, Name: firstOf(in.AudienceName, spec.Audience.Name)},
		Source:   audience.SourceCount{Read: tally.Read, Unfilled: audience.Unfilled(tally.Unfilled)},
		Outcomes: tally.Outcomes, Reasons: audience.LimitReasons(tally.Reasons), Withheld: audience.LimitFields(tally.Withheld),
		NewFailures: tally.NewFailures(), KnownFailures: tally.Known,
		Segment: audience.SegmentCount{
			ID: spec.Verification.Segment, Expected: expected.Marked, Stale: expected.Stale, Left: expected.Left, Before: beginning.NotOurs,
			Counted: in.Counted, Evidence: audience.EvidenceNone, Comparison: in.Comparison, NotCompared: in.NotCompared,
		},
		ReadBack: in.ReadBack,
		Plan:     in.Plan, Leavers: tally.Leavers, LeaverReasons: audience.LimitReasons(tally.LeaverReasons), MarkedAgain: tally.MarkedAgain,
		Batches: tally.Batches, Requests: tally.Requests, Decisions: in.Decisions, Notes: in.Notes,
		StartedAt: run.OpenedAt, FinishedAt: time.Now().UTC().Truncate(time.Millisecond),
	}
	removes, keeps := unmarks(spec, run)
	if run.Decision != nil && !removes {
		report.Leavers.Add(audience.Kept, run.Decision.Leavers)
	}
	switch {
	case in.Comparison != nil:
		report.Segment.Evidence = audience.EvidenceCompared
	case in.Entered:
		report.Segment.Evidence = audience.EvidenceEntered
	case in.Counted != nil:
		report.Segment.Evidence = audience.EvidenceCounted
	}
	report.Source.Snapshot = audience.From(run.Snapshot)
	if run.Snapshot != nil && run.Snapshot.Reported != nil {
		size := run.Snapshot.Reported
		report.Source.Reported, report.Source.Basis, report.Source.AsOf = &size.Value, size.Basis, size.AsOf
	}
	audience.Judge(&report, spec.Accept.Tolerance())
	if in.Audit && in.Ended == "" && !report.Segment.Fits() && !beginning.Closed && !beginning.Sent {
		report.Summary += " No run of this sync has been made yet, so whoever only it would bring is missing."
	}
	if keeps != "" {
		report.Explanation = append(report.Explanation, "leavers: nobody is unmarked, because "+keeps)
	}
	if in.Why != "" {
		report.Explanation = append(report.Explanation, in.Why)
	}
	changed, err := a.ledger.LimitsChangedSince(ctx, in.Run.Sync, run.OpenedAt)
	if err == nil && changed != nil {
		report.Explanation = append(report.Explanation, limitsChanged(*changed))
	}
	return report, err
}

func firstOf(values ...string) string {
	for _, value := range values {
		if value != "" {
			return value
		}
	}
	return ""
}
