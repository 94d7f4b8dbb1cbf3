package activities

import (
	"context"
	"errors"
	"time"

	"go.temporal.io/sdk/activity"

	"audiencesync/internal/audience"
	"audiencesync/internal/ledger"
	"audiencesync/internal/zeotap"
)

// ReadPagesInput is the input of ReadPages.
type ReadPagesInput struct {
	Run RunRef `json:"run"`
	// Page is the number of pages that the workflow knows to be read.
	Page int64 `json:"page"`
}

// ReadPagesResult is the result of ReadPages: what became of the members of
// the pages after Page.
type ReadPagesResult struct {
	// Page is the number of pages read by now.
	Page     int64                      `json:"page"`
	Complete bool                       `json:"complete"`
	Read     int64                      `json:"read"`
	Staged   int64                      `json:"staged"`
	Outcomes map[audience.Outcome]int64 `json:"outcomes,omitempty"`
}

// readFor is how long one call goes on reading pages: the progress that people
// see moves that often.
const readFor = 5 * time.Second

// ReadPages reads consecutive pages into the ledger for about five seconds. Each
// page is one transaction, so a repeated call returns what is stored and goes
// on from there. The next page is fetched while one is committed.
func (a *Activities) ReadPages(ctx context.Context, in ReadPagesInput) (ReadPagesResult, error) {
	defer keepAlive(ctx)()
	result, err := a.readPages(ctx, in)
	if err != nil {
		a.readers.drop(in.Run)
	}
	return result, failAfter(ctx, in.Run.Sync, err, a.streaks.tries(ctx, err))
}

func (a *Activities) readPages(ctx context.Context, in ReadPagesInput) (ReadPagesResult, error) {
	run, err := a.runs.get(ctx, in.Run)
	if err != nil {
		return ReadPagesResult{}, err
	}
	reading, err := a.ledger.Reading(ctx, in.Run, stagingLimit(run.spec), run.spec.Limits.RetryFailuresAfter.D())
	if err != nil {
		return ReadPagesResult{}, err
	}
	// Pages that an earlier attempt has committed are a result of their own.
	if reading.Page == in.Page || (reading.LastCommitted && !reading.Complete) {
		if err := a.readOn(ctx, run, reading); err != nil {
			return ReadPagesResult{}, err
		}
	}
	stored, err := a.ledger.PageResults(ctx, in.Run, in.Page)
	if err != nil {
		return ReadPagesResult{}, err
	}
	return ReadPagesResult{
		Page: reading.Page, Complete: reading.Complete, Read: stored.Read, Staged: stored.Staged, Outcomes: counts(stored.Outcomes),
	}, nil
}

func (a *Activities) readOn(ctx context.Context, run *openRun, reading *ledger.Reading) error {
	reader, snapshot, err := a.reader(ctx, run)
	if err != nil {
		return err
	}
	if err := readInto(ctx, run, reader, reading, a.ledger); err != nil {
		return errors.Join(err, reader.Close())
	}
	if reading.Complete {
		return reader.Close()
	}
	a.readers.put(run.ref, snapshot, reader)
	return nil
}

func readInto(ctx context.Context, run *openRun, reader zeotap.Reader, reading *ledger.Reading, book *ledger.Ledger) error {
	until := time.Now().Add(readFor)
	goesOn := func() bool { return time.Now().Before(until) && !workerStops(ctx) }
	pages := readAhead{read: func(at audience.Cursor) (ledger.PageInput, error) {
		page, err := reader.Page(ctx, at)
		if err != nil {
			return ledger.PageInput{}, err
		}
		return look(run, page, book)
	}}
	defer pages.wait()
	if !reading.LastCommitted && goesOn() {
		pages.start(reading.Cursor)
	}
	for pages.started() {
		input, err := pages.take()
		if err != nil {
			return err
		}
		if !input.Last && goesOn() {
			pages.start(input.Next)
		}
		if _, err := reading.Commit(ctx, input); err != nil {
			return err
		}
		activity.RecordHeartbeat(ctx)
	}
	if !reading.LastCommitted {
		return nil
	}
	completeness, err := reader.Finish(ctx, reading.Read)
	if err != nil {
		return err
	}
	if !completeness.Complete {
		return &incompleteReadError{sync: run.ref.Sync, why: completeness.Why}
	}
	return reading.Finish(ctx)
}

// reader returns the run's open reader, or opens one: for the snapshot that
// the run has been reading, or for a new one at its start. With it comes the
// snapshot's token.
func (a *Activities) reader(ctx context.Context, run *openRun) (zeotap.Reader, string, error) {
	source, err := a.endpoints.Source(run.spec)
	if err != nil {
		return nil, "", err
	}
	stored, err := a.ledger.Run(ctx, run.ref)
	if err != nil {
		return nil, "", err
	}
	snapshot := stored.Snapshot
	if snapshot == nil {
		// Whoever changed before this moment is in the snapshot; what a due time asks for.
		asked := time.Now()
		opened, err := source.Open(ctx, run.spec.Audience.ID)
		if err != nil {
			return nil, "", err
		}
		if err := a.ledger.SetSnapshot(ctx, run.ref, opened, asked); err != nil {
			return nil, "", err
		}
		snapshot = &opened
	}
	if reader, ok := a.readers.take(run.ref, snapshot.Token); ok {
		return reader, snapshot.Token, nil
	}
	reader, err := source.Reader(ctx, *snapshot)
	return reader, snapshot.Token, err
}
