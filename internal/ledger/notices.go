package ledger

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"github.com/google/uuid"

	"audiencesync/internal/audience"
	"audiencesync/internal/notify"
)

// keepNotices is how long notifications stay in the ledger.
const keepNotices = 30 * 24 * time.Hour

// Notice is a notification for one connection, recorded before it is sent.
type Notice struct {
	// Cause is what happened. A cause and its event are recorded once.
	Cause      string
	Event      string
	Connection string
	// Message is the id that receivers know it by, the same in every connection and
	// with every try. It is given when the notice is recorded.
	Message string
	// Body is empty for a heartbeat.
	Body []byte
	// ExpiresAt is when it is not sent any more.
	ExpiresAt time.Time
	id        int64
}

// Told is what decides about notifications may know of a sync's runs.
type Told struct {
	ctx  context.Context
	tx   *sql.Tx
	sync string
}

// Reports returns the reports of the runs that ended since, oldest first.
func (t Told) Reports(since time.Time) ([]audience.Report, error) {
	return reportsSince(t.ctx, t.tx, t.sync, since)
}

// Notify decides in one transaction what is told because of a cause, and records it
// with the state that later decisions go by. A repeated cause returns what was
// recorded for it, and decides again only if that was nothing: decide must then tell
// nothing new. It may run more than once.
func (l *Ledger) Notify(
	ctx context.Context, sync, cause string, at time.Time, decide func(notify.State, Told) (notify.State, []Notice, error),
) ([]Notice, error) {
	var recorded []Notice
	err := l.write(ctx, sync, func(tx *sql.Tx) error {
		if err := watch(ctx, tx, sync, at); err != nil {
			return err
		}
		var err error
		if recorded, err = noticesOf(ctx, tx, sync, cause); err != nil || len(recorded) > 0 {
			return err
		}
		before, err := notifyState(ctx, tx, sync)
		if err != nil {
			return err
		}
		after, notices, err := decide(before, Told{ctx, tx, sync})
		if err != nil {
			return err
		}
		if err := putNotifyState(ctx, tx, sync, after); err != nil {
			return err
		}
		if err := putNotices(ctx, tx, sync, cause, at, notices); err != nil {
			return err
		}
		recorded, err = noticesOf(ctx, tx, sync, cause)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("notifications of sync %s: %w", sync, err)
	}
	return recorded, nil
}

// Watch returns the state of a sync's notifications, which begins now if there is
// none, and when its last good run ended that ended since; zero without one.
func (l *Ledger) Watch(ctx context.Context, sync string, at, since time.Time) (notify.State, time.Time, error) {
	var state notify.State
	var lastGood time.Time
	err := l.write(ctx, sync, func(tx *sql.Tx) error {
		err := watch(ctx, tx, sync, at)
		if err != nil {
			return err
		}
		if state, err = notifyState(ctx, tx, sync); err != nil {
			return err
		}
		reports, err := reportsSince(ctx, tx, sync, since)
		lastGood = notify.LastGood(reports)
		return err
	})
	if err != nil {
		return notify.State{}, time.Time{}, fmt.Errorf("notifications of sync %s: %w", sync, err)
	}
	return state, lastGood, nil
}

// NextNotice returns the oldest notification of a sync that waits to be sent to a
// connection, nil without one.
func (l *Ledger) NextNotice(ctx context.Context, sync, connection string, at time.Time) (*Notice, error) {
	notices, err := queryNotices(ctx, l.reads, `sync = $1 AND connection = $2 AND state = 'waiting' AND expires_at > $3 ORDER BY id LIMIT 1`,
		sync, connection, micros(at))
	if err != nil {
		return nil, fmt.Errorf("notifications of sync %s: %w", sync, err)
	}
	if len(notices) == 0 {
		return nil, nil
	}
	return &notices[0], nil
}

// EndNotice records that a notification was delivered, or that its receiver does not
// want it. Either way it is not sent again.
func (l *Ledger) EndNotice(ctx context.Context, sync string, n Notice, delivered bool) error {
	state := "refused"
	if delivered {
		state = "delivered"
	}
	err := l.write(ctx, sync, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `UPDATE notifications SET state = $1 WHERE id = $2 AND state = 'waiting'`, state, n.id)
		return err
	})
	if err != nil {
		return fmt.Errorf("notifications of sync %s: %w", sync, err)
	}
	return nil
}

func watch(ctx context.Context, tx *sql.Tx, sync string, at time.Time) error {
	_, err := tx.ExecContext(ctx, `INSERT INTO notify_states (sync, watched_at) VALUES ($1, $2) ON CONFLICT (sync) DO NOTHING`, sync, micros(at))
	return err
}

func notifyState(ctx context.Context, tx *sql.Tx, sync string) (notify.State, error) {
	var s notify.State
	var watched, ended, since, told, digest sql.NullInt64
	err := tx.QueryRowContext(ctx, `
		SELECT watched_at, ended_at, bad, bad_since, overdue, stalled, told_at, digest_at FROM notify_states WHERE sync = $1`, sync).
		Scan(&watched, &ended, &s.Bad, &since, &s.Overdue, &s.Stalled, &told, &digest)
	s.WatchedAt, s.EndedAt, s.Since = fromMicros(watched), fromMicros(ended), fromMicros(since)
	s.ToldAt, s.DigestAt = fromMicros(told), fromMicros(digest)
	return s, err
}

func putNotifyState(ctx context.Context, tx *sql.Tx, sync string, s notify.State) error {
	_, err := tx.ExecContext(ctx, `
		UPDATE notify_states SET ended_at = $1, bad = $2, bad_since = $3, overdue = $4, stalled = $5, told_at = $6, digest_at = $7 WHERE sync = $8`,
		orNull(s.EndedAt), string(s.Bad), orNull(s.Since), zeroOne(s.Overdue), s.Stalled, orNull(s.ToldAt), orNull(s.DigestAt), sync)
	return err
}

// orNull is null for the zero time.
func orNull(at time.Time) sql.NullInt64 {
	return sql.NullInt64{Int64: micros(at), Valid: !at.IsZero()}
}

// putNotices records notices, and forgets those of long ago.
func putNotices(ctx context.Context, tx *sql.Tx, sync, cause string, at time.Time, notices []Notice) error {
	messages := map[string]string{}
	for _, n := range notices {
		if messages[n.Event] == "" {
			messages[n.Event] = "msg_" + uuid.NewString()
		}
		if _, err := tx.ExecContext(ctx, `
			INSERT INTO notifications (sync, cause, event, connection, message, body, made_at, expires_at, state) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 'waiting')`,
			sync, cause, n.Event, n.Connection, messages[n.Event], string(n.Body), micros(at), micros(n.ExpiresAt)); err != nil {
			return err
		}
	}
	_, err := tx.ExecContext(ctx, `DELETE FROM notifications WHERE sync = $1 AND made_at < $2`, sync, micros(at.Add(-keepNotices)))
	return err
}

func noticesOf(ctx context.Context, tx *sql.Tx, sync, cause string) ([]Notice, error) {
	return queryNotices(ctx, tx, `sync = $1 AND cause = $2 ORDER BY id`, sync, cause)
}

func queryNotices(ctx context.Context, from rowsQueryer, where string, args ...any) ([]Notice, error) {
	rows, err := from.QueryContext(ctx, `SELECT id, cause, event, connection, message, body, expires_at FROM notifications WHERE `+where, args...)
	if err != nil {
		return nil, err
	}
	defer func() { _ = rows.Close() }()
	var notices []Notice
	for rows.Next() {
		var n Notice
		var body string
		var expires sql.NullInt64
		if err := rows.Scan(&n.id, &n.Cause, &n.Event, &n.Connection, &n.Message, &body, &expires); err != nil {
			return nil, err
		}
		n.Body, n.ExpiresAt = []byte(body), fromMicros(expires)
		notices = append(notices, n)
	}
	return notices, rows.Err()
}
