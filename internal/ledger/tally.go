package ledger

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"

	"audiencesync/internal/audience"
)

// Tally is the account of a run, added up from the ledger itself.
type Tally struct {
	Read     int64
	Outcomes audience.Outcomes
	// Unfilled are the fields of the mapping in which no member has a value, each with the
	// field that was probably meant; empty where none is near.
	Unfilled map[string]string
	// Leavers are those who left, LeaverReasons why some of them are still marked.
	Leavers       audience.Leavers
	LeaverReasons map[string]int64
	// MarkedAgain are members whose marker was sent again and taken.
	MarkedAgain int64
	// Known of the outcomes are failures that an earlier run met already.
	Known    int64
	Reasons  map[string]int64
	Withheld map[string]int64
	// Batches that were sent, and requests that may have left for them.
	Batches  int64
	Requests int64
}

// NewFailures counts the failures that no earlier run has met.
func (t Tally) NewFailures() int64 {
	return t.Outcomes.Invalid + t.Outcomes.Refused + t.Outcomes.Unresolved - t.Known
}

// Tally adds up the stored results of a run's pages and batches.
func (l *Ledger) Tally(ctx context.Context, ref RunRef) (Tally, error) {
	pages, err := l.PageResults(ctx, ref, 0)
	if err != nil {
		return Tally{}, err
	}
	tally := Tally{Read: pages.Read, Outcomes: pages.Outcomes, Unfilled: pages.Unfilled, Known: pages.Known, Reasons: mergeCounts(map[string]int64{}, pages.Reasons)}
	if err := l.tallyKnownLeavers(ctx, ref, &tally); err != nil {
		return Tally{}, fmt.Errorf("ledger: decision: %w", err)
	}
	rows, err := l.reads.QueryContext(ctx, `
		SELECT sends, result FROM batches JOIN runs ON runs.id = run_id JOIN syncs ON syncs.id = sync_id
		WHERE syncs.name = $1 AND runs.number = $2`, ref.Sync, ref.Run)
	if err != nil {
		return Tally{}, fmt.Errorf("ledger: batches: %w", err)
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		var sends int64
		var raw sql.NullString
		if err := rows.Scan(&sends, &raw); err != nil {
			return Tally{}, fmt.Errorf("ledger: batches: %w", err)
		}
		if sends > 0 {
			tally.Batches++
			tally.Requests += sends
		}
		if !raw.Valid {
			continue
		}
		var result BatchResult
		if err := json.Unmarshal([]byte(raw.String), &result); err != nil {
			return Tally{}, fmt.Errorf("ledger: batches: %w", err)
		}
		tally.Outcomes.Merge(result.Outcomes)
		tally.MarkedAgain += result.MarkedAgain
		tally.Leavers.Merge(result.Leavers)
		tally.LeaverReasons = mergeCounts(tally.LeaverReasons, result.LeaverReasons)
		tally.Known += result.Known
		tally.Reasons = mergeCounts(tally.Reasons, result.Reasons)
		tally.Withheld = mergeCounts(tally.Withheld, result.Withheld)
	}
	return tally, rows.Err()
}

// tallyKnownLeavers adds the leavers that were not sent because an earlier run was
// refused.
func (l *Ledger) tallyKnownLeavers(ctx context.Context, ref RunRef, tally *Tally) error {
	var decided sql.NullString
	err := l.reads.QueryRowContext(ctx, `SELECT decided FROM runs JOIN syncs ON syncs.id = sync_id WHERE syncs.name = $1 AND number = $2`,
		ref.Sync, ref.Run).Scan(&decided)
	if err != nil || !decided.Valid {
		return err
	}
	var decision Decision
	if err := json.Unmarshal([]byte(decided.String), &decision); err != nil {
		return err
	}
	tally.Leavers.Add(audience.Refused, decision.KnownLeavers)
	tally.LeaverReasons = mergeCounts(tally.LeaverReasons, decision.KnownReasons)
	return nil
}

// EndUnsent gives the members of batches that a run leaves unfinished their
// outcome: nobody knows. Members whose request may have left become unknown in
// the ledger, so that the next run sends them again, and are listed as failures. Those
// that were not sent are counted and not listed: there may be millions, and the next run
// sends them.
func (l *Ledger) EndUnsent(ctx context.Context, ref RunRef) error {
	return l.write(ctx, ref.Sync, func(tx *sql.Tx) error {
		runID, syncID, err := fence(ctx, tx, ref)
		if err != nil {
			return err
		}
		if err := l.lockContacts(ctx, tx, syncID); err != nil {
			return err
		}
		if err := markUnanswered(ctx, tx, runID, syncID); err != nil {
			return err
		}
		for which, reason := range map[string]audience.Reason{
			"state IN ('filling', 'staged') AND unanswered = 0":     audience.NotSentBeforeEnd,
			"state = 'sent' OR state = 'staged' AND unanswered = 1": audience.SentWithoutAnswerAtStop,
		} {
			if err := l.endBatches(ctx, tx, runID, syncID, which, reason); err != nil {
				return err
			}
		}
		return nil
	})
}

func (l *Ledger) endBatches(ctx context.Context, tx *sql.Tx, runID, syncID int64, which string, reason audience.Reason) error {
	var armed bool
	if err := tx.QueryRowContext(ctx, `SELECT armed FROM runs WHERE id = $1`, runID).Scan(&armed); err != nil {
		return err
	}
	numbers, err := ids(ctx, tx, `SELECT number FROM batches WHERE run_id = $1 AND (`+which+`)`, runID)
	if err != nil {
		return err
	}
	for _, number := range numbers {
		batch := Batch{Number: number}
		var left int64
		// Where nothing was sent or settled the column says how many, without unpacking them.
		err := tx.QueryRowContext(ctx, `
			SELECT kind, members FROM batches WHERE run_id = $1 AND number = $2 AND result IS NULL AND kind <> $3 AND $4 = 1`,
			runID, number, string(BatchMarks), zeroOne(reason == audience.NotSentBeforeEnd)).Scan(&batch.Kind, &left)
		if errors.Is(err, sql.ErrNoRows) {
			if err = loadBatch(ctx, tx, runID, &batch); err == nil {
				left = int64(len(batch.Members))
			}
		}
		if err != nil {
			return err
		}
		if err := batch.leaveUnsettled(left, reason, armed); err != nil {
			return err
		}
		if reason == audience.SentWithoutAnswerAtStop {
			if err := l.listUnanswered(ctx, tx, runID, syncID, &batch, armed); err != nil {
				return err
			}
		}
		batch.Members = nil
		if err := saveProgress(ctx, tx, runID, &batch); err != nil {
			return err
		}
	}
	return nil
}

// listUnanswered lists the members that are left in a batch as failures, and counts
// those that were known as such.
func (l *Ledger) listUnanswered(ctx context.Context, tx *sql.Tx, runID, syncID int64, batch *Batch, armed bool) error {
	failures := failureLog{tx: tx, runID: runID, syncID: syncID, key: l.failureKey}
	s := settlement{batch: *batch}
	for _, member := range batch.Members {
		if batch.Kind == BatchMarks && (!armed || member.Failed) {
			continue // It has its outcome already.
		}
		why := MemberOutcome{Outcome: audience.Unresolved, Reason: string(audience.SentWithoutAnswerAtStop)}
		if err := failures.add(ctx, s.failure(member, why)); err != nil {
			return err
		}
	}
	if err := failures.flush(ctx); err != nil {
		return err
	}
	if batch.Kind != BatchLeavers {
		batch.Result.Known += failures.known
	}
	return nil
}

// leaveUnsettled counts the members that are left in a batch as unresolved. armed
// says that leavers may have taken the markers of members that are marked again.
func (b *Batch) leaveUnsettled(left int64, reason audience.Reason, armed bool) error {
	counted := map[string]int64{string(reason): left}
	switch b.Kind {
	case BatchMembers:
		b.Result.Outcomes.Add(audience.Unresolved, left)
		b.Result.Reasons = mergeCounts(b.Result.Reasons, counted)
	case BatchLeavers:
		b.Result.Leavers.Add(audience.Unresolved, left)
		b.Result.LeaverReasons = mergeCounts(b.Result.LeaverReasons, counted)
	case BatchMarks:
		if !armed {
			return nil
		}
		for _, member := range b.Members {
			if !member.Failed {
				b.Result.Outcomes.Add(audience.Unchanged, -1)
				b.Result.Outcomes.Add(audience.Unresolved, 1)
				b.Result.Reasons = mergeCounts(b.Result.Reasons, map[string]int64{string(reason): 1})
			}
		}
	default:
		return fmt.Errorf("a batch of the unknown kind %q", b.Kind)
	}
	return nil
}
