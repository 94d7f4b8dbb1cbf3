package ledger

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"
)

// turnHolds is how long a turn lasts without a request: a run that waits for a
// person does not keep the others.
const turnHolds = 15 * time.Minute

// NotMyTurnError says that another sync is sending contacts with the custom
// property that both share.
type NotMyTurnError struct {
	Sync     string
	Property string
}

// Error implements error.
func (e *NotMyTurnError) Error() string {
	return fmt.Sprintf("sync %s is sending contacts with the shared custom property %q; this run sends when that one has ended", e.Sync, e.Property)
}

// Turn is the right to send contacts with a shared custom property.
type Turn struct {
	// Audiences of the other syncs that share the property, by contact.
	Audiences map[int64][]string
	epoch     int64
}

// TakeTurn takes the turn of a run whose sync shares its marker's property, or
// renews it, and returns the other audiences of contacts. While another run has
// it, it is a *NotMyTurnError.
func (l *Ledger) TakeTurn(ctx context.Context, ref RunRef, contacts []int64) (Turn, error) {
	var turn Turn
	err := l.write(ctx, ref.Sync, func(tx *sql.Tx) error {
		turn = Turn{Audiences: map[int64][]string{}}
		runID, syncID, err := fence(ctx, tx, ref)
		if err != nil {
			return err
		}
		var workspaceID int64
		var property string
		if err := tx.QueryRowContext(ctx, `SELECT workspace_id, property FROM syncs WHERE id = $1`, syncID).Scan(&workspaceID, &property); err != nil {
			return err
		}
		if turn.epoch, err = takeMarker(ctx, tx, runID, workspaceID, property); err != nil {
			return err
		}
		return otherAudiences(ctx, tx, syncID, contacts, turn.Audiences)
	})
	if _, waits := errors.AsType[*NotMyTurnError](err); err != nil && !waits {
		err = fmt.Errorf("turn of run %d of sync %s: %w", ref.Run, ref.Sync, err)
	}
	return turn, err
}

func takeMarker(ctx context.Context, tx *sql.Tx, runID, workspaceID int64, property string) (epoch int64, err error) {
	now := time.Now()
	if _, err := tx.ExecContext(ctx, `
		INSERT INTO marker_turns (workspace_id, property, run_id, epoch, renewed_at) VALUES ($1, $2, 0, 0, 0)
		ON CONFLICT (workspace_id, property) DO NOTHING`, workspaceID, property); err != nil {
		return 0, err
	}
	err = tx.QueryRowContext(ctx, `
		UPDATE marker_turns SET epoch = CASE WHEN run_id = $1 THEN epoch ELSE epoch + 1 END, run_id = $1, renewed_at = $2
		WHERE workspace_id = $3 AND property = $4
			AND (run_id = $1 OR renewed_at < $5 OR NOT EXISTS (SELECT 1 FROM runs WHERE runs.id = marker_turns.run_id AND runs.state = 'open'))
		RETURNING epoch`, runID, micros(now), workspaceID, property, micros(now.Add(-turnHolds))).Scan(&epoch)
	if !errors.Is(err, sql.ErrNoRows) {
		return epoch, err
	}
	other := &NotMyTurnError{Property: property}
	err = tx.QueryRowContext(ctx, `
		SELECT syncs.name FROM marker_turns JOIN runs ON runs.id = marker_turns.run_id JOIN syncs ON syncs.id = runs.sync_id
		WHERE marker_turns.workspace_id = $1 AND marker_turns.property = $2`, workspaceID, property).Scan(&other.Sync)
	if errors.Is(err, sql.ErrNoRows) { // Given back since.
		return takeMarker(ctx, tx, runID, workspaceID, property)
	}
	if err != nil {
		return 0, err
	}
	return 0, other
}

// otherAudiences finds the audiences of other syncs that share the property and
// hold the contacts, surely or perhaps.
func otherAudiences(ctx context.Context, tx *sql.Tx, syncID int64, contacts []int64, into map[int64][]string) error {
	list, err := json.Marshal(contacts)
	if err != nil {
		return err
	}
	rows, err := tx.QueryContext(ctx, `
		SELECT memberships.contact_id, other.audience_id
		FROM syncs AS own JOIN syncs AS other ON other.workspace_id = own.workspace_id AND other.property = own.property
			AND other.shared = 1 AND other.retired_at IS NULL AND other.audience_id <> own.audience_id
		CROSS JOIN json_each(CAST($1 AS TEXT)) AS wanted
		JOIN memberships ON memberships.sync_id = other.id AND memberships.contact_id = CAST(wanted.atom AS BIGINT)
		WHERE own.id = $2 ORDER BY memberships.contact_id, other.audience_id`, string(list), syncID)
	if err != nil {
		return err
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		var contact int64
		var audienceID string
		if err := rows.Scan(&contact, &audienceID); err != nil {
			return err
		}
		into[contact] = append(into[contact], audienceID)
	}
	return rows.Err()
}

// keepTurn renews a turn, unless another run has taken over since.
func keepTurn(ctx context.Context, tx *sql.Tx, runID int64, turn Turn) error {
	kept, err := tx.ExecContext(ctx, `UPDATE marker_turns SET renewed_at = $1 WHERE run_id = $2 AND epoch = $3`, micros(time.Now()), runID, turn.epoch)
	if err != nil {
		return err
	}
	n, err := kept.RowsAffected()
	if err == nil && n != 1 {
		err = ErrTurnLost
	}
	return err
}

// ErrTurnLost says that another run took over the turn: what was about to be sent
// must be made again.
var ErrTurnLost = errors.New("another run has taken over the turn of the shared custom property")

// giveTurn gives back the turn of a run that has ended.
func giveTurn(ctx context.Context, tx *sql.Tx, runID int64) error {
	_, err := tx.ExecContext(ctx, `UPDATE marker_turns SET run_id = 0, renewed_at = 0 WHERE run_id = $1`, runID)
	return err
}
