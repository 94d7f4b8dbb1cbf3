package ledger

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"
)

// clock is the database's time in microseconds, so that all workers share it.
const clock = `CAST(unixepoch('subsec') * 1000 AS BIGINT) * 1000`

const (
	// mostLag is how far send times may lag behind the clock, so that a worker
	// that asks late loses nothing of the rate. It is one interval at the most:
	// in any stretch of time there is one request more than the rate allows.
	mostLag = 100 * time.Millisecond
	// leastShare is the least that cuts leave of the rate.
	leastShare = 1.0 / 16
)

// The rate is a share of the full rate: each cut halves it, and each second
// without one gives back 5 % of the full rate (5e-8 a microsecond).
const (
	// A cut in the future says that the clock has gone back.
	share = `min(1.0, rate_share + max(0, ` + clock + ` - cut_at) * 5e-8)`
	// interval is between two requests at the full rate: what a person has set, else
	// what the connection says ($2).
	interval = `coalesce(CAST(1000000 / limit_rate AS BIGINT), CAST($2 AS BIGINT))`
	// lastSend is the last send time that was given out. None is a minute away and beyond the
	// horizon ($4): if it seems so, the clock has gone back, and nobody waits until it is
	// there again.
	lastSend = `(CASE WHEN reserved_at - ` + clock + ` > max(CAST($4 AS BIGINT), 60000000) THEN ` + clock + ` ELSE reserved_at END)`
	// nextSend is the generic cell rate algorithm (GCRA): an interval after the one
	// before, not in a told delay, and hardly in the past (at most $3).
	nextSend = `max(` + lastSend + ` + CAST(` + interval + ` / ` + share + ` AS BIGINT), told_until, ` + clock + ` - min(CAST($3 AS BIGINT), ` + interval + `))`
)

// SendTime is the time of one request in the budget of a workspace.
type SendTime struct {
	// Wait is how far away it is.
	Wait  time.Duration
	round int64
}

// BudgetState is the budget of a workspace as it is now.
type BudgetState struct {
	// Allowed is the full rate, and RateNow what cuts have left of it, in
	// requests per second. Both are 0 before the first request.
	Allowed, RateNow float64
	// Share is what cuts have left of the rate: 1 without any.
	Share float64
	// ToldUntil is what is left of a delay that Hello Charles asked for.
	ToldUntil time.Duration
}

// Reserve takes the next send time of the workspace's budget: one request every so
// often, unless a person has set another rate, or fewer after a cut. When it is horizon
// or more away, nothing is reserved and reserved is false.
func (l *Ledger) Reserve(
	ctx context.Context, workspace string, every, horizon time.Duration,
) (next SendTime, reserved bool, err error) {
	const reserve = `
		UPDATE workspaces SET reserved_at = ` + nextSend + `, send_interval = ` + interval + `
		WHERE name = $1 AND ` + nextSend + ` - ` + clock + ` < CAST($4 AS BIGINT)
		RETURNING reserved_at - ` + clock + `, round`
	giveBack, err := l.takeTurn(ctx, workspace)
	if err != nil {
		return SendTime{}, false, err
	}
	defer giveBack()
	step, lag := every.Microseconds(), mostLag.Microseconds()
	var wait int64
	err = l.budget.QueryRowContext(ctx, reserve, workspace, step, lag, horizon.Microseconds()).Scan(&wait, &next.round)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return SendTime{}, false, fmt.Errorf("ledger: reserving a send time: %w", err)
	}
	if reserved = err == nil; !reserved {
		const ahead = `SELECT ` + nextSend + ` - ` + clock + `, round FROM workspaces WHERE name = $1`
		if err := l.budget.QueryRowContext(ctx, ahead, workspace, step, lag, horizon.Microseconds()).Scan(&wait, &next.round); err != nil {
			return SendTime{}, false, fmt.Errorf("ledger: budget of the workspace: %w", err)
		}
	}
	next.Wait = ofMicros(wait)
	return next, reserved, nil
}

// Valid reports whether a send time still holds: neither a told delay nor a
// cut has come in since it was reserved.
func (l *Ledger) Valid(ctx context.Context, workspace string, sendTime SendTime) (bool, error) {
	var round int64
	if err := l.reads.QueryRowContext(ctx, `SELECT round FROM workspaces WHERE name = $1`, workspace).Scan(&round); err != nil {
		return false, fmt.Errorf("ledger: budget of the workspace: %w", err)
	}
	return round == sendTime.round, nil
}

// Told moves the budget of the workspace: nothing leaves for the delay that
// Hello Charles asked for, and every send time that was reserved is void. A
// shorter delay never shortens a longer one.
func (l *Ledger) Told(ctx context.Context, workspace string, delay time.Duration) error {
	const move = `
		UPDATE workspaces SET told_until = max(told_until, ` + clock + ` + $2),
			reserved_at = min(reserved_at, ` + clock + `), round = round + 1
		WHERE name = $1`
	// Of an earlier delay that has not passed this is the rest.
	const note = `
		INSERT INTO told_delays (workspace_id, began_at, until_at)
		SELECT id, coalesce((SELECT max(began_at) FROM told_delays WHERE workspace_id = workspaces.id AND until_at >= ` + clock + `), ` + clock + `), ` + clock + ` + $2
		FROM workspaces WHERE name = $1
		ON CONFLICT (workspace_id, began_at) DO UPDATE SET until_at = max(told_delays.until_at, excluded.until_at)`
	if err := l.moveBudget(ctx, move, workspace, delay.Microseconds()); err != nil {
		return err
	}
	return l.moveBudget(ctx, note, workspace, delay.Microseconds())
}

// Cut halves the rate of the workspace, down to a sixteenth, because a request
// that left so long ago was refused as one too many. Every send time that was
// reserved is void. Requests that left before the last cut say nothing of the
// rate since: they cut nothing.
func (l *Ledger) Cut(ctx context.Context, workspace string, age time.Duration) error {
	const cut = `
		UPDATE workspaces SET rate_share = max($3, ` + share + ` / 2), cut_at = ` + clock + `,
			reserved_at = min(reserved_at, ` + clock + `), round = round + 1
		WHERE name = $1 AND (cut_at < ` + clock + ` - $2 OR cut_at > ` + clock + `)`
	return l.moveBudget(ctx, cut, workspace, age.Microseconds(), leastShare)
}

// EnsureWorkspace makes the workspace known, so that it has a budget.
func (l *Ledger) EnsureWorkspace(ctx context.Context, workspace string) error {
	return l.moveBudget(ctx, `INSERT INTO workspaces (name) VALUES ($1) ON CONFLICT (name) DO NOTHING`, workspace)
}

// Budget returns the state of the workspace's budget.
func (l *Ledger) Budget(ctx context.Context, workspace string) (BudgetState, error) {
	const state = `SELECT send_interval, ` + share + `, told_until - ` + clock + ` FROM workspaces WHERE name = $1`
	var interval, told int64
	var rest float64
	if err := l.reads.QueryRowContext(ctx, state, workspace).Scan(&interval, &rest, &told); err != nil {
		return BudgetState{}, fmt.Errorf("ledger: budget of the workspace: %w", err)
	}
	now := BudgetState{ToldUntil: ofMicros(told), Share: rest}
	if interval > 0 {
		now.Allowed = float64(time.Second.Microseconds()) / float64(interval)
		now.RateNow = now.Allowed * rest
	}
	return now, nil
}

func (l *Ledger) moveBudget(ctx context.Context, statement, workspace string, arguments ...any) error {
	giveBack, err := l.takeTurn(ctx, workspace)
	if err != nil {
		return err
	}
	defer giveBack()
	if _, err := l.budget.ExecContext(ctx, statement, append([]any{workspace}, arguments...)...); err != nil {
		return fmt.Errorf("ledger: budget of the workspace: %w", err)
	}
	return nil
}

// ofMicros is so many microseconds, none when they are past.
func ofMicros(micros int64) time.Duration {
	return time.Duration(max(micros, 0)) * time.Microsecond
}
