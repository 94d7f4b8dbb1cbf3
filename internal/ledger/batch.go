package ledger

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"

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

// BatchKind says what a batch does to its members.
type BatchKind string

// The kinds of batches.
const (
	// BatchMembers upserts members.
	BatchMembers BatchKind = "members"
	// BatchLeavers takes the marker from contacts that left.
	BatchLeavers BatchKind = "leavers"
	// BatchMarks marks members again whose marker may go with a leaver: in Hello
	// Charles both may be one contact.
	BatchMarks BatchKind = "marks"
)

// Batch is a staged batch.
type Batch struct {
	Number int64
	Kind   BatchKind
	State  BatchState
	// Whole says that members are sent with phone and email although Hello Charles
	// holds them.
	Whole bool
	// Members still to be sent; empty once settled or split.
	Members []Staged
	// Tries is how often these members were sent on their own before.
	Tries int
	// Depth is the number of batches that the members came through before this
	// one, by splitting or by being sent again.
	Depth int
	// Result counts what is settled.
	Result BatchResult
	// Next are the batches that the members of this one moved to.
	Next []int64

	sends      int  // requests that may have left
	told       int  // of those: carried members that were settled, one by one
	carried    int  // requests that carried the members in earlier batches
	unanswered bool // one of those may have arrived
}

// SentWithoutAnswer is the number of requests of a batch that is sent one by one
// that may have left with its first member and that nobody answered.
func (b Batch) SentWithoutAnswer() int { return b.sends - b.told }

// BatchResult counts the outcomes of a batch.
type BatchResult struct {
	Outcomes audience.Outcomes `json:"outcomes"`
	Leavers  audience.Leavers  `json:"leavers,omitzero"`
	// Reasons are those of the outcomes, LeaverReasons those of the leavers.
	Reasons       map[string]int64 `json:"reasons,omitempty"`
	LeaverReasons map[string]int64 `json:"leaver_reasons,omitempty"`
	// MarkedAgain are members whose marker was sent again and taken.
	MarkedAgain int64 `json:"marked_again,omitempty"`
	// Withheld counts values that were left out, by target.
	Withheld map[string]int64 `json:"withheld,omitempty"`
	// Known of the failures were met by an earlier run with the same content;
	// RefusedAgain of them were sent and refused once more.
	Known        int64 `json:"known,omitempty"`
	RefusedAgain int64 `json:"refused_again,omitempty"`
}

func (b *BatchResult) merge(other BatchResult) {
	b.Outcomes.Merge(other.Outcomes)
	b.Leavers.Merge(other.Leavers)
	b.Reasons = mergeCounts(b.Reasons, other.Reasons)
	b.MarkedAgain += other.MarkedAgain
	b.LeaverReasons = mergeCounts(b.LeaverReasons, other.LeaverReasons)
	b.Withheld = mergeCounts(b.Withheld, other.Withheld)
	b.Known += other.Known
	b.RefusedAgain += other.RefusedAgain
}

// MemberOutcome is what became of one member of a batch.
type MemberOutcome struct {
	// Outcome is empty for a member that is to be sent again. That of a leaver is
	// one of Removed, Gone, Refused and Unresolved.
	Outcome audience.Outcome
	Reason  string
	Field   string
	// Message is Hello Charles' own words. It stays in the ledger.
	Message string
	// Permanent says that the same content would be refused again. Such a refusal
	// is remembered, like every Invalid.
	Permanent bool
	// Untried says, of an empty outcome, that this request was no try: nothing of
	// it was applied because of other members.
	Untried bool
	// Whole says, of an empty outcome, that Hello Charles took the contact without
	// phone and email: now they may be sent.
	Whole bool
	// Confirmed says that Hello Charles holds the contact now.
	Confirmed bool
	// Gone says, of a refusal, that Hello Charles does not hold the contact any more.
	Gone bool
	// Sends is the number of requests of this batch that may have carried the
	// member, answered or not, where it was sent alone; zero means all of them.
	Sends int
	// Withheld are values that were left out.
	Withheld []audience.Withheld
	// FieldDigests are those of what was taken; they are kept with the fingerprint.
	FieldDigests []byte
}

// Batch returns a batch with the members that are still to be sent.
func (l *Ledger) Batch(ctx context.Context, ref RunRef, number int64) (Batch, error) {
	var batch Batch
	err := l.write(ctx, ref.Sync, func(tx *sql.Tx) error {
		batch = Batch{Number: number}
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
	err := tx.QueryRowContext(ctx, `SELECT kind, whole, state, tries, depth, sends, told, carried, unanswered, blob, result FROM batches WHERE run_id = $1 AND number = $2`, runID, batch.Number).
		Scan(&batch.Kind, &batch.Whole, &batch.State, &batch.Tries, &batch.Depth, &batch.sends, &batch.told, &batch.carried, &batch.unanswered, &blob, &result)
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
	batch.Next, err = ids(ctx, tx, `SELECT number FROM batches WHERE run_id = $1 AND parent = $2 ORDER BY number`, runID, batch.Number)
	return err
}

// MarkSent records that requests for the batch are about to leave. From now on
// its members are unknown until an outcome settles them.
func (l *Ledger) MarkSent(ctx context.Context, ref RunRef, number int64, requests int) error {
	return l.MarkSentInTurn(ctx, ref, number, requests, nil)
}

// MarkSentInTurn is MarkSent for contacts with a shared custom property. ErrTurnLost
// says that the turn is not the run's any more: nothing may be sent.
func (l *Ledger) MarkSentInTurn(ctx context.Context, ref RunRef, number int64, requests int, turn *Turn) error {
	err := l.write(ctx, ref.Sync, func(tx *sql.Tx) error {
		runID, syncID, err := fence(ctx, tx, ref)
		if err != nil {
			return err
		}
		if turn != nil {
			if err := keepTurn(ctx, tx, runID, *turn); err != nil {
				return err
			}
		}
		var kind BatchKind
		err = tx.QueryRowContext(ctx, `
			UPDATE batches SET state = 'sent', sends = sends + $1, first_sent = coalesce(first_sent, $2), last_sent = $2
			WHERE run_id = $3 AND number = $4 AND state IN ('staged', 'sent') RETURNING kind`, requests, micros(time.Now()), runID, number).Scan(&kind)
		switch {
		case errors.Is(err, sql.ErrNoRows):
			return errors.New("the batch is settled or unknown")
		case err == nil && kind == BatchLeavers:
			return arm(ctx, tx, runID, syncID)
		}
		return err
	})
	return batchError(ref, number, err)
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
	return changeOne(tx.ExecContext(ctx, `UPDATE batches SET state = $1, result = $2, blob = $3, told = $4, settled = $5 WHERE run_id = $6 AND number = $7`,
		string(batch.State), string(result), blob, batch.told, micros(time.Now()), runID, batch.Number))
}

// Split moves the members of a batch into two later batches of half its size,
// in one transaction, and returns their numbers. refused says that its newest
// request was answered, with a refusal of the whole: nothing of it arrived.
func (l *Ledger) Split(ctx context.Context, ref RunRef, number int64, refused bool) ([]int64, error) {
	var batch Batch
	err := l.write(ctx, ref.Sync, func(tx *sql.Tx) error {
		batch = Batch{Number: number}
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
		unanswered := batch.sends
		if refused {
			unanswered--
		}
		half := len(batch.Members) / 2
		for _, members := range [][]Staged{batch.Members[:half], batch.Members[half:]} {
			next, err := insertBatch(ctx, tx, runID, child{
				of: batch, tries: batch.Tries, carried: batch.carried + batch.sends, unanswered: unanswered > 0, members: members,
			})
			if err != nil {
				return err
			}
			batch.Next = append(batch.Next, next)
		}
		return changeOne(tx.ExecContext(ctx, `UPDATE batches SET state = 'split', blob = NULL WHERE run_id = $1 AND number = $2`, runID, number))
	})
	if err != nil {
		return nil, batchError(ref, number, err)
	}
	return batch.Next, nil
}

// child is a batch that takes members over from another one.
type child struct {
	of      Batch
	tries   int
	carried int
	// unanswered says that a request of the other batch may have arrived.
	unanswered bool
	whole      bool
	members    []Staged
}

func insertBatch(ctx context.Context, tx *sql.Tx, runID int64, c child) (int64, error) {
	blob, err := pack(c.members)
	if err != nil {
		return 0, err
	}
	var number int64
	if err := tx.QueryRowContext(ctx, `UPDATE runs SET batches = batches + 1 WHERE id = $1 RETURNING batches`, runID).Scan(&number); err != nil {
		return 0, err
	}
	_, err = tx.ExecContext(ctx, `
		INSERT INTO batches (run_id, number, kind, whole, parent, depth, state, members, tries, carried, unanswered, blob)
		VALUES ($1, $2, $3, $4, $5, $6, 'staged', $7, $8, $9, $10, $11)`,
		runID, number, string(c.of.Kind), zeroOne(c.whole || c.of.Whole), c.of.Number, c.of.Depth+1, len(c.members), c.tries, c.carried, zeroOne(c.unanswered || c.of.unanswered), blob)
	return number, err
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
