package ledger

import (
	"context"
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"

	"audiencesync/internal/audience"
)

// Values of memberships.marked.
const (
	markedYes     = 1
	markedUnknown = 2
)

// BatchState is how far a batch has come.
type BatchState string

// The states of a batch.
const (
	// BatchStaged: nothing has been sent.
	BatchStaged BatchState = "staged"
	// BatchSent: a request may have left.
	BatchSent BatchState = "sent"
	// BatchSettled: every member has its outcome, or waits in a later batch.
	BatchSettled BatchState = "settled"
	// BatchSplit: all members wait in later batches.
	BatchSplit BatchState = "split"
)

// Batch is a staged batch.
type Batch struct {
	Number int64
	State  BatchState
	// Members still to be sent; empty once settled or split.
	Members []Staged
	// Tries is how often these members were sent on their own before.
	Tries int
	// Result counts what is settled.
	Result BatchResult
	// Next are the batches that the members of this one moved to.
	Next []int64
}

// BatchResult counts the outcomes of a batch.
type BatchResult struct {
	Outcomes audience.Outcomes `json:"outcomes"`
	Reasons  map[string]int64  `json:"reasons,omitempty"`
	Withheld map[string]int64  `json:"withheld,omitempty"`
}

func (b *BatchResult) merge(other BatchResult) {
	b.Outcomes.Merge(other.Outcomes)
	b.Reasons = mergeCounts(b.Reasons, other.Reasons)
	b.Withheld = mergeCounts(b.Withheld, other.Withheld)
}

// MemberOutcome is what became of one member of a batch.
type MemberOutcome struct {
	// Outcome is empty for a member that is to be sent again on its own.
	Outcome audience.Outcome
	Reason  string
	Field   string
	// Message is Hello Charles' own words. It stays in the ledger.
	Message string
	// Withheld names fields whose values were left out.
	Withheld []string
}

// Batch returns a batch with the members that are still to be sent.
func (l *Ledger) Batch(ctx context.Context, ref RunRef, number int64) (Batch, error) {
	batch := Batch{Number: number}
	err := l.write(ctx, func(tx *sql.Tx) error {
		runID, _, err := fence(ctx, tx, ref)
		if err != nil {
			return err
		}
		return loadBatch(ctx, tx, runID, &batch)
	})
	if err != nil {
		return Batch{}, batchError(ref, number, err)
	}
	return batch, nil
}

func loadBatch(ctx context.Context, tx *sql.Tx, runID int64, batch *Batch) error {
	var blob []byte
	var result sql.NullString
	err := tx.QueryRowContext(ctx, `SELECT state, tries, blob, result FROM batches WHERE run_id = ? AND number = ?`, runID, batch.Number).
		Scan(&batch.State, &batch.Tries, &blob, &result)
	if errors.Is(err, sql.ErrNoRows) {
		return ErrNotFound
	}
	if err != nil {
		return err
	}
	if result.Valid {
		if err := json.Unmarshal([]byte(result.String), &batch.Result); err != nil {
			return err
		}
	}
	if blob != nil {
		if batch.Members, err = unpack(blob); err != nil {
			return err
		}
	}
	batch.Next, err = ids(ctx, tx, `SELECT number FROM batches WHERE run_id = ? AND parent = ? ORDER BY number`, runID, batch.Number)
	return err
}

// MarkSent records that requests for the batch are about to leave. From now on
// its members are unknown until an outcome settles them.
func (l *Ledger) MarkSent(ctx context.Context, ref RunRef, number int64, requests int) error {
	err := l.write(ctx, func(tx *sql.Tx) error {
		runID, _, err := fence(ctx, tx, ref)
		if err != nil {
			return err
		}
		return changeOne(tx.ExecContext(ctx, `
			UPDATE batches SET state = 'sent', sends = sends + ?
			WHERE run_id = ? AND number = ? AND state IN ('staged', 'sent')`, requests, runID, number))
	})
	return batchError(ref, number, err)
}

// Settle stores the outcomes of the first len(outcomes) members of the batch as
// the caller holds it, in one transaction, and returns the batch as it is then.
// Members that are to be sent again move to a later batch. When none is left
// the batch is settled. ErrMoved says that another attempt has settled some of
// these members meanwhile: nothing is stored.
func (l *Ledger) Settle(ctx context.Context, ref RunRef, of Batch, outcomes []MemberOutcome) (Batch, error) {
	number := of.Number
	batch := Batch{Number: number}
	err := l.write(ctx, func(tx *sql.Tx) error {
		runID, syncID, err := fence(ctx, tx, ref)
		if err != nil {
			return err
		}
		if err := loadBatch(ctx, tx, runID, &batch); err != nil {
			return err
		}
		// Members leave a batch from its front only: as many are the same ones.
		if len(batch.Members) != len(of.Members) {
			return ErrMoved
		}
		if len(outcomes) > len(batch.Members) {
			return fmt.Errorf("%d outcomes for %d members", len(outcomes), len(batch.Members))
		}
		settled, rest := batch.Members[:len(outcomes)], batch.Members[len(outcomes):]
		again, err := settleMembers(ctx, tx, settlement{runID: runID, syncID: syncID, number: number}, settled, outcomes)
		if err != nil {
			return err
		}
		batch.Result.merge(countOutcomes(outcomes))
		if len(again) > 0 {
			next, err := insertBatch(ctx, tx, runID, number, batch.Tries+1, again)
			if err != nil {
				return err
			}
			batch.Next = append(batch.Next, next)
		}
		batch.Members = rest
		return saveProgress(ctx, tx, runID, &batch)
	})
	if err != nil {
		return Batch{}, batchError(ref, number, err)
	}
	return batch, nil
}

func countOutcomes(outcomes []MemberOutcome) BatchResult {
	var result BatchResult
	for _, o := range outcomes {
		if o.Outcome == "" {
			continue
		}
		result.Outcomes.Add(o.Outcome, 1)
		if o.Reason != "" {
			result.Reasons = mergeCounts(result.Reasons, map[string]int64{o.Reason: 1})
		}
		for _, field := range o.Withheld {
			result.Withheld = mergeCounts(result.Withheld, map[string]int64{field: 1})
		}
	}
	return result
}

func saveProgress(ctx context.Context, tx *sql.Tx, runID int64, batch *Batch) error {
	result, err := json.Marshal(batch.Result)
	if err != nil {
		return err
	}
	var blob []byte
	if len(batch.Members) == 0 {
		batch.State = BatchSettled
	} else if blob, err = pack(batch.Members); err != nil {
		return err
	}
	return changeOne(tx.ExecContext(ctx, `UPDATE batches SET state = ?, result = ?, blob = ? WHERE run_id = ? AND number = ?`,
		string(batch.State), string(result), blob, runID, batch.Number))
}

// Split moves the members of a batch into two later batches of half its size,
// in one transaction, and returns their numbers.
func (l *Ledger) Split(ctx context.Context, ref RunRef, number int64) ([]int64, error) {
	batch := Batch{Number: number}
	err := l.write(ctx, func(tx *sql.Tx) error {
		runID, _, err := fence(ctx, tx, ref)
		if err != nil {
			return err
		}
		if err := loadBatch(ctx, tx, runID, &batch); err != nil {
			return err
		}
		if batch.State == BatchSplit || batch.State == BatchSettled {
			return nil
		}
		if len(batch.Members) < 2 {
			return errors.New("a batch of one member cannot be split")
		}
		half := len(batch.Members) / 2
		for _, members := range [][]Staged{batch.Members[:half], batch.Members[half:]} {
			next, err := insertBatch(ctx, tx, runID, number, batch.Tries, members)
			if err != nil {
				return err
			}
			batch.Next = append(batch.Next, next)
		}
		return changeOne(tx.ExecContext(ctx, `UPDATE batches SET state = 'split', blob = NULL WHERE run_id = ? AND number = ?`, runID, number))
	})
	if err != nil {
		return nil, batchError(ref, number, err)
	}
	return batch.Next, nil
}

func insertBatch(ctx context.Context, tx *sql.Tx, runID, parent int64, tries int, members []Staged) (int64, error) {
	blob, err := pack(members)
	if err != nil {
		return 0, err
	}
	var number int64
	if err := tx.QueryRowContext(ctx, `UPDATE runs SET batches = batches + 1 WHERE id = ? RETURNING batches`, runID).Scan(&number); err != nil {
		return 0, err
	}
	_, err = tx.ExecContext(ctx, `INSERT INTO batches (run_id, number, parent, state, members, tries, blob) VALUES (?, ?, ?, 'staged', ?, ?, ?)`,
		runID, number, parent, len(members), tries, blob)
	return number, err
}

type settlement struct {
	runID, syncID, number int64
}

// settleMembers writes the memberships of accepted and unresolved members and
// the failures, and returns the members that are to be sent again.
func settleMembers(ctx context.Context, tx *sql.Tx, s settlement, members []Staged, outcomes []MemberOutcome) ([]Staged, error) {
	var taken, unknown, again []Staged
	for i, member := range members {
		switch o := outcomes[i]; {
		case o.Outcome == "":
			again = append(again, member)
			continue
		case o.Outcome.Took():
			taken = append(taken, member)
		case o.Outcome == audience.Unresolved:
			unknown = append(unknown, member)
		}
		if o := outcomes[i]; o.Outcome.Failed() {
			if err := insertFailure(ctx, tx, s.runID, failure{
				contact: member.Contact, place: fmt.Sprintf("batch %d", s.number),
				outcome: o.Outcome, reason: o.Reason, field: o.Field, message: o.Message,
			}); err != nil {
				return nil, err
			}
		}
	}
	if err := markTaken(ctx, tx, s, taken); err != nil {
		return nil, err
	}
	return again, markUnknown(ctx, tx, s.syncID, s.runID, unknown)
}

func markTaken(ctx context.Context, tx *sql.Tx, s settlement, members []Staged) error {
	if len(members) == 0 {
		return nil
	}
	rows := make([][2]any, len(members))
	for i, m := range members {
		rows[i] = [2]any{m.Contact, hex.EncodeToString(m.Fingerprint)}
	}
	list, err := json.Marshal(rows)
	if err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, `
		INSERT INTO memberships (sync_id, contact_id, marked, fingerprint, run)
		SELECT ?, value ->> 0, ?, unhex(value ->> 1), ? FROM json_each(?) WHERE true
		ON CONFLICT DO UPDATE SET marked = excluded.marked, fingerprint = excluded.fingerprint, run = excluded.run`,
		s.syncID, markedYes, s.runID, string(list))
	return err
}

// markUnknown records that nobody knows what Hello Charles holds of members.
func markUnknown(ctx context.Context, tx *sql.Tx, syncID, runID int64, members []Staged) error {
	if len(members) == 0 {
		return nil
	}
	contacts := make([]int64, len(members))
	for i, m := range members {
		contacts[i] = m.Contact
	}
	list, err := json.Marshal(contacts)
	if err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, `
		INSERT INTO memberships (sync_id, contact_id, marked, fingerprint, run)
		SELECT ?, value, ?, NULL, ? FROM json_each(?) WHERE true
		ON CONFLICT DO UPDATE SET marked = excluded.marked, fingerprint = NULL, run = excluded.run`,
		syncID, markedUnknown, runID, string(list))
	return err
}

func changeOne(changed sql.Result, err error) error {
	if err != nil {
		return err
	}
	n, err := changed.RowsAffected()
	if err != nil {
		return err
	}
	if n != 1 {
		return fmt.Errorf("%d rows changed instead of one: the batch is settled or unknown", n)
	}
	return nil
}

func batchError(ref RunRef, number int64, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("batch %d of run %d of sync %s: %w", number, ref.Run, ref.Sync, err)
}
