package ledger

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"
)

// clock is the database's time in microseconds, so that all workers share it.
const clock = `CAST(unixepoch('subsec') * 1000 AS INTEGER) * 1000`

// Reserve takes the next send time of the workspace's budget, one request
// each interval. It returns how long to wait for it. When that is horizon or
// more, nothing is reserved and reserved is false.
func (l *Ledger) Reserve(ctx context.Context, workspace string, interval, horizon time.Duration) (wait time.Duration, reserved bool, err error) {
	const reserve = `
		UPDATE workspaces SET next_send_at = max(next_send_at, told_until, ` + clock + `) + ?
		WHERE name = ? AND max(next_send_at, told_until) - ` + clock + ` < ?
		RETURNING next_send_at - ? - ` + clock
	giveBack, err := l.takeTurn(ctx)
	if err != nil {
		return 0, false, err
	}
	defer giveBack()
	var micros int64
	err = l.budget.QueryRowContext(ctx, reserve,
		interval.Microseconds(), workspace, horizon.Microseconds(), interval.Microseconds()).Scan(&micros)
	switch {
	case err == nil:
		return time.Duration(max(micros, 0)) * time.Microsecond, true, nil
	case !errors.Is(err, sql.ErrNoRows):
		return 0, false, fmt.Errorf("ledger: reserving a send time: %w", err)
	}
	const remaining = `SELECT max(next_send_at, told_until) - ` + clock + ` FROM workspaces WHERE name = ?`
	if err := l.budget.QueryRowContext(ctx, remaining, workspace).Scan(&micros); err != nil {
		return 0, false, fmt.Errorf("ledger: budget of the workspace: %w", err)
	}
	return time.Duration(max(micros, 0)) * time.Microsecond, false, nil
}

// Told moves the budget of the workspace: nothing leaves for the delay that
// Hello Charles asked for. A shorter delay never shortens a longer one.
func (l *Ledger) Told(ctx context.Context, workspace string, delay time.Duration) error {
	const move = `UPDATE workspaces SET told_until = max(told_until, ` + clock + ` + ?) WHERE name = ?`
	giveBack, err := l.takeTurn(ctx)
	if err != nil {
		return err
	}
	defer giveBack()
	if _, err := l.budget.ExecContext(ctx, move, delay.Microseconds(), workspace); err != nil {
		return fmt.Errorf("ledger: moving the budget: %w", err)
	}
	return nil
}

// Held returns how much of a told delay is left for the workspace.
func (l *Ledger) Held(ctx context.Context, workspace string) (time.Duration, error) {
	const held = `SELECT told_until - ` + clock + ` FROM workspaces WHERE name = ?`
	var micros int64
	if err := l.budget.QueryRowContext(ctx, held, workspace).Scan(&micros); err != nil {
		return 0, fmt.Errorf("ledger: budget of the workspace: %w", err)
	}
	return time.Duration(max(micros, 0)) * time.Microsecond, nil
}

// EnsureWorkspace makes the workspace known, so that it has a budget.
func (l *Ledger) EnsureWorkspace(ctx context.Context, workspace string) error {
	const ensure = `INSERT INTO workspaces (name) VALUES (?) ON CONFLICT DO NOTHING`
	giveBack, err := l.takeTurn(ctx)
	if err != nil {
		return err
	}
	defer giveBack()
	if _, err := l.budget.ExecContext(ctx, ensure, workspace); err != nil {
		return fmt.Errorf("ledger: workspace: %w", err)
	}
	return nil
}
