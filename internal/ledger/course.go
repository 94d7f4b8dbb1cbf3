package ledger

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"time"

	"audiencesync/internal/audience"
)

// closeCourse keeps with a run how its sending went, and forgets the delays that no
// other open run of the workspace can have waited for.
func closeCourse(ctx context.Context, tx *sql.Tx, runID, syncID int64) error {
	sent, err := sendings(ctx, tx, runID)
	if err != nil {
		return fmt.Errorf("course: %w", err)
	}
	waited, err := delays(ctx, tx, syncID)
	if err != nil {
		return fmt.Errorf("course: %w", err)
	}
	course, err := json.Marshal(audience.NewCourse(sent, waited))
	if err != nil {
		return fmt.Errorf("course: %w", err)
	}
	if _, err := tx.ExecContext(ctx, `UPDATE runs SET course = $1 WHERE id = $2`, string(course), runID); err != nil {
		return fmt.Errorf("course: %w", err)
	}
	_, err = tx.ExecContext(ctx, `
		DELETE FROM told_delays WHERE workspace_id = (SELECT workspace_id FROM syncs WHERE id = $1) AND until_at < coalesce((
			SELECT min(opened_at) FROM runs JOIN syncs ON syncs.id = runs.sync_id
			WHERE state = 'open' AND runs.id <> $2 AND syncs.workspace_id = told_delays.workspace_id), $3)`,
		syncID, runID, micros(time.Now()))
	return err
}

// sendings are the batches of a run of which a request may have left.
func sendings(ctx context.Context, tx *sql.Tx, runID int64) ([]audience.Sending, error) {
	// What follows a contact that was taken without phone and email is a request of
	// its own, and none that is repeated.
	rows, err := tx.QueryContext(ctx, `
		SELECT batches.sends, batches.told, batches.members, batches.first_sent, batches.last_sent, batches.settled, batches.result,
			batches.carried > 0 AND (batches.whole = 0 OR coalesce(earlier.whole, 0) = 1)
		FROM batches LEFT JOIN batches AS earlier ON earlier.run_id = batches.run_id AND earlier.number = batches.parent
		WHERE batches.run_id = $1 AND batches.sends > 0`, runID)
	if err != nil {
		return nil, err
	}
	defer func() { _ = rows.Close() }()
	var sent []audience.Sending
	for rows.Next() {
		var sends, told, members int64
		var first, last, settled sql.NullInt64
		var result sql.NullString
		var carried bool
		if err := rows.Scan(&sends, &told, &members, &first, &last, &settled, &result, &carried); err != nil {
			return nil, err
		}
		var counts BatchResult
		if result.Valid {
			if err := json.Unmarshal([]byte(result.String), &counts); err != nil {
				return nil, err
			}
		}
		s := audience.Sending{
			FirstSent: fromMicros(first), LastSent: fromMicros(last),
			Requests: sends, Repeated: sends - 1, Contacts: counts.answered(), OneByOne: told > 0,
		}
		if s.Contacts > 0 {
			s.Settled = fromMicros(settled)
		}
		switch {
		case carried:
			s.Repeated = sends
		case s.OneByOne:
			s.Repeated = max(0, sends-(members-counts.Outcomes.Invalid))
		}
		sent = append(sent, s)
	}
	return sent, rows.Err()
}

// answered is the number of members and leavers that Hello Charles said something
// of, after a request of this batch.
func (b *BatchResult) answered() int64 {
	return b.Outcomes.Taken() + b.Outcomes.Refused + b.Leavers.Removed + b.Leavers.Gone + b.Leavers.Refused + b.MarkedAgain
}

func delays(ctx context.Context, tx *sql.Tx, syncID int64) ([]audience.Delay, error) {
	rows, err := tx.QueryContext(ctx, `
		SELECT began_at, until_at FROM told_delays JOIN syncs ON syncs.workspace_id = told_delays.workspace_id WHERE syncs.id = $1`, syncID)
	if err != nil {
		return nil, err
	}
	defer func() { _ = rows.Close() }()
	var told []audience.Delay
	for rows.Next() {
		var from, until sql.NullInt64
		if err := rows.Scan(&from, &until); err != nil {
			return nil, err
		}
		told = append(told, audience.Delay{From: fromMicros(from), Until: fromMicros(until)})
	}
	return told, rows.Err()
}
