package runreport

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"audiencesync/internal/audience"
	"audiencesync/internal/buildinfo"
	"audiencesync/internal/ledger"
)

const (
	// pastRuns is how many runs a document tells of.
	pastRuns = 30
	// mostReferences bounds the references of a document: it is for reading, and the
	// command failures lists all.
	mostReferences = 500
)

// Load gathers the document of a run, zero for the newest that has ended and is no
// plan. A run without a report is ledger.ErrNotFound.
func Load(ctx context.Context, l *ledger.Ledger, sync string, number int64, withReferences bool) (*Document, error) {
	run, course, err := l.Reported(ctx, sync, number)
	if err != nil {
		return nil, err
	}
	listed, err := l.FailureReasons(ctx, sync, run.Number)
	if err != nil {
		return nil, err
	}
	doc := &Document{
		Report: *run.Report, FailuresByReason: byReason(run.Report, listed), Course: course,
		WrittenAt: time.Now().UTC().Truncate(time.Second), Version: buildinfo.Read().Version,
	}
	if doc.History, err = History(ctx, l, sync, run.Number, pastRuns); err != nil {
		return nil, err
	}
	if withReferences {
		doc.References, err = references(ctx, l, sync, run.Number, listed)
	}
	return doc, err
}

// History returns the newest runs of a sync up to one, newest first, at most limit;
// upTo zero is the newest.
func History(ctx context.Context, l *ledger.Ledger, sync string, upTo int64, limit int) ([]Past, error) {
	runs, err := l.Runs(ctx, sync, upTo, limit)
	if err != nil {
		return nil, err
	}
	history := make([]Past, len(runs))
	for i, run := range runs {
		history[i] = pastOf(run)
	}
	return history, nil
}

// byReason brings the failures that are listed under the reasons of the report, which
// are fewer: of many reasons of one kind it keeps those that count most. What is in
// no list was met by this run: members that were not sent before it ended.
func byReason(r *audience.Report, listed []ledger.FailureReason) []FailureReason {
	type key struct {
		leaver bool
		reason string
	}
	counts := map[key]*FailureReason{}
	of := func(reason string, leaver bool) *FailureReason {
		k := key{leaver, reason}
		if counts[k] == nil {
			counts[k] = &FailureReason{Reason: reason, Leaver: leaver}
		}
		return counts[k]
	}
	for _, f := range listed {
		told := r.Reasons
		if f.Leaver {
			told = r.LeaverReasons
		}
		reason := f.Reason
		if _, ok := told[reason]; !ok {
			reason, _, _ = strings.Cut(reason, ":")
		}
		c := of(reason, f.Leaver)
		c.New, c.Known = c.New+f.New, c.Known+f.Known
	}
	for _, unlisted := range []audience.Reason{audience.NotSentBeforeEnd, audience.SentWithoutAnswerAtStop} {
		for leaver, told := range map[bool]map[string]int64{false: r.Reasons, true: r.LeaverReasons} {
			if n := told[string(unlisted)]; n > 0 {
				of(string(unlisted), leaver).New = n
			}
		}
	}
	list := make([]FailureReason, 0, len(counts))
	for _, c := range counts {
		list = append(list, *c)
	}
	slices.SortFunc(list, func(a, b FailureReason) int {
		return cmp.Or(zeroOne(a.Leaver)-zeroOne(b.Leaver), cmp.Compare(b.New+b.Known, a.New+a.Known), cmp.Compare(a.Reason, b.Reason))
	})
	return list
}

func zeroOne(b bool) int {
	if b {
		return 1
	}
	return 0
}

func references(ctx context.Context, l *ledger.Ledger, sync string, run int64, counts []ledger.FailureReason) (*References, error) {
	refs := &References{Listed: []Failed{}}
	for f, err := range l.Failures(ctx, ledger.FailureQuery{Sync: sync, Run: run, Limit: mostReferences}) {
		if err != nil {
			return nil, err
		}
		refs.Listed = append(refs.Listed, Failed{
			Reference: f.Reference, Leaver: f.Leaver, Outcome: f.Outcome, Reason: f.Reason, Field: f.Field, Message: f.Message, Known: f.Known,
		})
	}
	for _, c := range counts {
		refs.More += c.New + c.Known
	}
	refs.More = max(0, refs.More-int64(len(refs.Listed)))
	return refs, nil
}
