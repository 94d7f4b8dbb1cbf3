package ledger

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"
)

// SetLimits are the limits of a workspace that a person has set while work goes on. They
// win over those of its connections, for all workers, until they are cleared.
type SetLimits struct {
	// RequestsPerSecond and RequestsInFlight, of each worker, are nil where the
	// connection's count.
	RequestsPerSecond *float64
	RequestsInFlight  *int
	// At, By and Why are about the last change, which may have cleared them; At is zero
	// when there was none.
	At      time.Time
	By, Why string
}

// LimitChange is what a person changes of the limits of a workspace.
type LimitChange struct {
	// Clear gives up what was set before.
	Clear bool
	// RequestsPerSecond and RequestsInFlight are nil where nothing changes.
	RequestsPerSecond *float64
	RequestsInFlight  *int
	By, Why           string
}

// Limits returns what a person has set for a workspace.
func (l *Ledger) Limits(ctx context.Context, workspace string) (SetLimits, error) {
	var set SetLimits
	var at int64
	err := l.reads.QueryRowContext(ctx, `
		SELECT limit_rate, limit_flight, limits_at, limits_by, limits_why FROM workspaces WHERE name = $1`, workspace).
		Scan(&set.RequestsPerSecond, &set.RequestsInFlight, &at, &set.By, &set.Why)
	if errors.Is(err, sql.ErrNoRows) {
		return SetLimits{}, nil // Nobody has asked the workspace for anything yet.
	}
	if err != nil {
		return SetLimits{}, fmt.Errorf("ledger: limits of the workspace: %w", err)
	}
	if at > 0 {
		set.At = time.UnixMicro(at).UTC()
	}
	return set, nil
}

// InFlight returns how many requests of a worker may be in flight, where a person has set
// it; else 0.
func (l *Ledger) InFlight(ctx context.Context, workspace string) (int, error) {
	var set int
	err := l.reads.QueryRowContext(ctx, `SELECT coalesce(limit_flight, 0) FROM workspaces WHERE name = $1`, workspace).Scan(&set)
	if err != nil {
		return 0, fmt.Errorf("ledger: limits of the workspace: %w", err)
	}
	return set, nil
}

// ChangeLimits changes the limits of a workspace. Send times that were reserved are
// void: whoever waits takes one at the new rate.
func (l *Ledger) ChangeLimits(ctx context.Context, workspace string, change LimitChange) error {
	err := l.write(ctx, workspace, func(tx *sql.Tx) error {
		return changeOne(tx.ExecContext(ctx, `
			UPDATE workspaces SET
				limit_rate = coalesce(CAST($1 AS DOUBLE PRECISION), CASE WHEN $2 = 0 THEN limit_rate END),
				limit_flight = coalesce(CAST($3 AS BIGINT), CASE WHEN $2 = 0 THEN limit_flight END),
				limits_at = `+clock+`, limits_by = $4, limits_why = $5,
				reserved_at = min(reserved_at, `+clock+`), round = round + 1
			WHERE name = $6`,
			change.RequestsPerSecond, zeroOne(change.Clear), change.RequestsInFlight, change.By, change.Why, workspace))
	})
	if err != nil {
		return fmt.Errorf("ledger: limits of the workspace: %w", err)
	}
	return nil
}

// LimitsChangedSince returns the last change of the limits of a sync's workspace, if it
// came after a moment; else nil.
func (l *Ledger) LimitsChangedSince(ctx context.Context, sync string, since time.Time) (*SetLimits, error) {
	var workspace string
	err := l.reads.QueryRowContext(ctx, `SELECT workspaces.name FROM syncs JOIN workspaces ON workspaces.id = workspace_id WHERE syncs.name = $1`, sync).Scan(&workspace)
	if err != nil {
		return nil, fmt.Errorf("ledger: workspace of sync %s: %w", sync, err)
	}
	set, err := l.Limits(ctx, workspace)
	if err != nil || !set.At.After(since) {
		return nil, err
	}
	return &set, nil
}
