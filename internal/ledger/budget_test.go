package ledger_test

import (
	"database/sql"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"audiencesync/internal/ledger"
	"audiencesync/internal/ledger/ledgertest"
)

const workspace = "https://acme.example zeotap"

// sharedBudget is the budget of one workspace as several processes share it.
type sharedBudget struct {
	ledgers []*ledger.Ledger
	address string
	tables  *sql.DB
}

// openShared opens one new ledger so often, as so many processes would.
func openShared(t *testing.T, often int) *sharedBudget {
	t.Helper()
	s := &sharedBudget{address: ledgertest.Address(t)}
	for range often {
		l, err := ledger.Open(t.Context(), s.address)
		require.NoError(t, err)
		t.Cleanup(func() { require.NoError(t, l.Close()) })
		require.NoError(t, l.EnsureWorkspace(t.Context(), workspace))
		s.ledgers = append(s.ledgers, l)
	}
	s.tables = ledgertest.SQL(t, s.address)
	return s
}

func (s *sharedBudget) execute(t require.TestingT, statement string, arguments ...any) {
	_, err := s.tables.Exec(statement, arguments...) //nolint:noctx // Of a test.
	require.NoError(t, err)
}

// pass lets so much time pass: everything that was has been so much longer ago.
func (s *sharedBudget) pass(t require.TestingT, d time.Duration) {
	s.execute(t, `UPDATE workspaces SET reserved_at = reserved_at - $1, told_until = told_until - $1, cut_at = cut_at - $1`, d.Microseconds())
}

// unused puts the budget back to its beginning.
func (s *sharedBudget) unused(t require.TestingT) {
	s.execute(t, `UPDATE workspaces SET reserved_at = 0, told_until = 0, rate_share = 1, cut_at = 0`)
}

// column reads a time of the budget, in microseconds by the database clock.
func (s *sharedBudget) column(t require.TestingT, name string) int64 {
	var value int64
	require.NoError(t, s.tables.QueryRow(`SELECT `+name+` FROM workspaces`).Scan(&value)) //nolint:noctx // Of a test.
	return value
}

// share is what the last cut left of the rate.
func (s *sharedBudget) share(t require.TestingT) float64 {
	var share float64
	require.NoError(t, s.tables.QueryRow(`SELECT rate_share FROM workspaces`).Scan(&share)) //nolint:noctx // Of a test.
	return share
}

func (s *sharedBudget) now(t require.TestingT) int64 {
	return s.column(t, `CAST(unixepoch('subsec') * 1000 AS BIGINT) * 1000`)
}

// reserve takes a send time that must be there.
func reserve(t *testing.T, l *ledger.Ledger, interval time.Duration) ledger.SendTime {
	t.Helper()
	next, reserved, err := l.Reserve(t.Context(), workspace, interval, 24*time.Hour)
	require.NoError(t, err)
	require.True(t, reserved)
	return next
}

func requireValid(t *testing.T, l *ledger.Ledger, of ledger.SendTime, want bool) {
	t.Helper()
	valid, err := l.Valid(t.Context(), workspace, of)
	require.NoError(t, err)
	require.Equal(t, want, valid)
}

func stateOf(t *testing.T, l *ledger.Ledger) ledger.BudgetState {
	t.Helper()
	state, err := l.Budget(t.Context(), workspace)
	require.NoError(t, err)
	return state
}

func TestSendTimesAreAnIntervalApart(t *testing.T) {
	t.Parallel()
	l := open(t)
	require.NoError(t, l.EnsureWorkspace(t.Context(), workspace))
	const interval = time.Minute
	require.Zero(t, reserve(t, l, interval).Wait)
	for n := 1; n <= 3; n++ {
		wait := reserve(t, l, interval).Wait
		require.InDelta(t, float64(n)*interval.Seconds(), wait.Seconds(), 30)
		require.LessOrEqual(t, wait, time.Duration(n)*interval)
	}
}

func TestATimeBeyondTheHorizonIsNotReserved(t *testing.T) {
	t.Parallel()
	l := open(t)
	require.NoError(t, l.EnsureWorkspace(t.Context(), workspace))
	reserve(t, l, time.Hour)
	for range 3 {
		next, reserved, err := l.Reserve(t.Context(), workspace, time.Hour, time.Minute)
		require.NoError(t, err)
		require.False(t, reserved)
		require.Greater(t, next.Wait, 50*time.Minute)
		require.LessOrEqual(t, next.Wait, time.Hour, "asking in vain takes nothing from the budget")
	}
}

func TestWhoAsksLateGetsATimeThatLagsByOneIntervalAtMost(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ interval, after time.Duration }{
		{80 * time.Millisecond, 120 * time.Millisecond},
		{80 * time.Millisecond, time.Hour},
		{time.Minute, 61 * time.Second},
		{time.Minute, time.Hour},
	} {
		s := openShared(t, 1)
		reserve(t, s.ledgers[0], c.interval)
		s.pass(t, c.after)
		due := s.column(t, "reserved_at") + c.interval.Microseconds()
		lag := min(c.interval, 100*time.Millisecond).Microseconds()
		before := s.now(t)
		require.Zero(t, reserve(t, s.ledgers[0], c.interval).Wait)
		require.GreaterOrEqual(t, s.column(t, "reserved_at"), before-lag)
		require.LessOrEqual(t, s.column(t, "reserved_at"), max(due, s.now(t)-lag), "so that the next one is not late too")
	}
}

// writeDown makes a trigger write down the send times that are given out.
func (s *sharedBudget) writeDown(t *testing.T) {
	t.Helper()
	if !ledgertest.IsPostgreSQL(s.address) {
		s.execute(t, `CREATE TABLE given (n INTEGER PRIMARY KEY, at INTEGER)`)
		s.execute(t, `CREATE TRIGGER given AFTER UPDATE OF reserved_at ON workspaces BEGIN INSERT INTO given (at) VALUES (new.reserved_at); END`)
		return
	}
	s.execute(t, `CREATE TABLE given (n BIGINT GENERATED ALWAYS AS IDENTITY, at BIGINT)`)
	s.execute(t, `CREATE FUNCTION note_given() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN INSERT INTO given (at) VALUES (new.reserved_at); RETURN NULL; END'`)
	s.execute(t, `CREATE TRIGGER given AFTER UPDATE OF reserved_at ON workspaces FOR EACH ROW EXECUTE FUNCTION note_given()`)
}

// given are the send times that were given out, as the trigger wrote them down.
func (s *sharedBudget) given(t *testing.T) (times []int64) {
	t.Helper()
	rows, err := s.tables.QueryContext(t.Context(), `SELECT at FROM given ORDER BY n`)
	require.NoError(t, err)
	defer func() { require.NoError(t, rows.Close()) }()
	for rows.Next() {
		var at int64
		require.NoError(t, rows.Scan(&at))
		times = append(times, at)
	}
	require.NoError(t, rows.Err())
	return times
}

// TestSeveralProcessesNeverSendMoreThanAllowed checks the send times themselves,
// not when anybody woke up.
func TestSeveralProcessesNeverSendMoreThanAllowed(t *testing.T) {
	t.Parallel()
	s := openShared(t, 3)
	const each, interval = 40, 50 * time.Millisecond
	s.writeDown(t)
	var processes sync.WaitGroup
	for _, l := range s.ledgers {
		for range 2 {
			processes.Go(func() {
				for range each / 2 {
					if _, reserved, err := l.Reserve(t.Context(), workspace, interval, time.Hour); err != nil || !reserved {
						t.Errorf("not reserved: %v", err)
						return
					}
				}
			})
		}
	}
	processes.Wait()
	times := s.given(t)
	require.Len(t, times, len(s.ledgers)*each)
	require.True(t, slices.IsSorted(times))
	for i := 1; i < len(times); i++ {
		require.GreaterOrEqual(t, times[i]-times[i-1], interval.Microseconds())
	}
}

// TestTheBudgetKeepsItsRate lets several processes ask, be told and be cut in
// any order and at any time, and holds every send time against what came before.
func TestTheBudgetKeepsItsRate(t *testing.T) {
	t.Parallel()
	s := openShared(t, 3)
	rapid.Check(t, func(r *rapid.T) {
		s.unused(r)
		interval := time.Duration(rapid.IntRange(1, 2000).Draw(r, "interval in ms")) * time.Millisecond
		lag := min(interval, 100*time.Millisecond).Microseconds()
		var passed, last, told int64 // of a time that goes on with pass
		void := func(before int64) {
			now := s.column(r, "reserved_at") + passed
			require.GreaterOrEqual(r, now, min(last, before), "what may have left still counts")
			require.LessOrEqual(r, now, last)
			last = now
		}
		for range rapid.IntRange(1, 25).Draw(r, "steps") {
			l := rapid.SampledFrom(s.ledgers).Draw(r, "process")
			span := time.Duration(rapid.IntRange(0, 5000).Draw(r, "ms")) * time.Millisecond
			switch rapid.SampledFrom([]string{"ask", "ask", "ask", "wait", "told", "cut"}).Draw(r, "step") {
			case "wait":
				s.pass(r, span)
				passed += span.Microseconds()
			case "told":
				before := s.now(r) + passed
				require.NoError(r, l.Told(t.Context(), workspace, span))
				told = max(told, before+span.Microseconds())
				void(before)
			case "cut":
				before := s.now(r) + passed
				require.NoError(r, l.Cut(t.Context(), workspace, span))
				void(before)
			case "ask":
				before := s.now(r) + passed
				_, reserved, err := l.Reserve(t.Context(), workspace, interval, span)
				require.NoError(r, err)
				at := s.column(r, "reserved_at") + passed
				if !reserved {
					require.Equal(r, last, at, "asking in vain takes nothing")
					continue
				}
				state, err := l.Budget(t.Context(), workspace)
				require.NoError(r, err)
				step := int64(float64(time.Second.Microseconds()) / state.RateNow)
				require.GreaterOrEqual(r, at, last+step-1, "an interval of the rate after the one before")
				require.GreaterOrEqual(r, at, told, "never in a told delay")
				require.GreaterOrEqual(r, at, before-lag, "never far in the past")
				require.Less(r, at, s.now(r)+passed+span.Microseconds(), "never beyond the horizon")
				last = at
			}
		}
	})
}

func TestAToldDelayHoldsEveryoneAndIsNeverShortened(t *testing.T) {
	t.Parallel()
	s := openShared(t, 2)
	one, other := s.ledgers[0], s.ledgers[1]
	require.Zero(t, stateOf(t, one).ToldUntil)
	require.NoError(t, one.Told(t.Context(), workspace, time.Hour))
	require.NoError(t, one.Told(t.Context(), workspace, time.Minute))
	require.Greater(t, stateOf(t, other).ToldUntil, 50*time.Minute)
	next, reserved, err := other.Reserve(t.Context(), workspace, time.Second, 10*time.Second)
	require.NoError(t, err)
	require.False(t, reserved)
	require.Greater(t, next.Wait, 50*time.Minute)
}

func TestAToldDelayVoidsSendTimesThatWereReserved(t *testing.T) {
	t.Parallel()
	s := openShared(t, 2)
	one, other := s.ledgers[0], s.ledgers[1]
	waiting := reserve(t, one, time.Minute)
	requireValid(t, one, waiting, true)
	require.NoError(t, other.Told(t.Context(), workspace, time.Hour))
	requireValid(t, one, waiting, false)
	requireValid(t, one, reserve(t, one, time.Minute), true)
}

func TestAfterAToldDelayRequestsKeepTheRate(t *testing.T) {
	t.Parallel()
	s := openShared(t, 1)
	l := s.ledgers[0]
	for range 5 {
		reserve(t, l, time.Minute)
	}
	require.NoError(t, l.Told(t.Context(), workspace, time.Hour))
	end := s.column(t, "told_until")
	for n := range 5 {
		reserve(t, l, time.Minute)
		require.Equal(t, end+int64(n)*time.Minute.Microseconds(), s.column(t, "reserved_at"), "the void ones leave no gap")
	}
}

func TestVoidSendTimesHoldNobodyUp(t *testing.T) {
	t.Parallel()
	for name, refused := range map[string]func(*ledger.Ledger) error{
		"told": func(l *ledger.Ledger) error { return l.Told(t.Context(), workspace, time.Second) },
		"cut":  func(l *ledger.Ledger) error { return l.Cut(t.Context(), workspace, 0) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := openShared(t, 1)
			for range 10 {
				reserve(t, s.ledgers[0], time.Minute)
			}
			require.NoError(t, refused(s.ledgers[0]))
			next := reserve(t, s.ledgers[0], time.Minute)
			require.Greater(t, next.Wait, 50*time.Second)
			require.LessOrEqual(t, next.Wait, 2*time.Minute)
		})
	}
}

func TestACutHalvesTheRateDownToASixteenth(t *testing.T) {
	t.Parallel()
	s := openShared(t, 1)
	l := s.ledgers[0]
	require.Equal(t, ledger.BudgetState{Share: 1}, stateOf(t, l), "nobody has sent anything")
	waiting := reserve(t, l, 100*time.Millisecond)
	require.Equal(t, ledger.BudgetState{Allowed: 10, RateNow: 10, Share: 1}, stateOf(t, l))
	require.NoError(t, l.Cut(t.Context(), workspace, 0))
	require.InDelta(t, 0.5, s.share(t), 1e-9)
	requireValid(t, l, waiting, false)
	s.execute(t, `UPDATE workspaces SET rate_share = 0.07, cut_at = cut_at - 1000`)
	require.NoError(t, l.Cut(t.Context(), workspace, 0))
	require.InDelta(t, 1.0/16, s.share(t), 1e-9)
}

func TestTheRateRecoversByATwentiethASecond(t *testing.T) {
	t.Parallel()
	s := openShared(t, 1)
	l := s.ledgers[0]
	reserve(t, l, 100*time.Millisecond)
	require.NoError(t, l.Cut(t.Context(), workspace, 0))
	s.pass(t, 4*time.Second)
	after := stateOf(t, l).RateNow
	require.GreaterOrEqual(t, after, 7.0)
	require.Less(t, after, 10.0, "5 of 10, and 2 more after four seconds, and some for a slow test")
	before := s.column(t, "reserved_at")
	reserve(t, l, time.Hour)
	step := time.Duration(s.column(t, "reserved_at")-before) * time.Microsecond
	require.Greater(t, step, time.Hour, "send times follow the rate")
	require.LessOrEqual(t, step, time.Hour*10/7+time.Second)
	s.pass(t, time.Minute)
	require.InDelta(t, 1, stateOf(t, l).RateNow/stateOf(t, l).Allowed, 1e-9, "and no further")
}

func TestRefusalsOfRequestsThatWereInFlightTogetherCutOnce(t *testing.T) {
	t.Parallel()
	s := openShared(t, 2)
	reserve(t, s.ledgers[0], 100*time.Millisecond)
	require.NoError(t, s.ledgers[0].Cut(t.Context(), workspace, 3*time.Second))
	requested := reserve(t, s.ledgers[0], 100*time.Millisecond)
	first := s.column(t, "cut_at")
	require.NoError(t, s.ledgers[1].Cut(t.Context(), workspace, time.Hour), "left before the cut")
	require.Equal(t, first, s.column(t, "cut_at"))
	requireValid(t, s.ledgers[0], requested, true)
	s.pass(t, time.Minute)
	require.NoError(t, s.ledgers[1].Cut(t.Context(), workspace, time.Second), "left after the cut")
	require.Greater(t, s.column(t, "cut_at"), first)
	requireValid(t, s.ledgers[0], requested, false)
}

func TestABudgetOfAnUnknownWorkspaceIsAnError(t *testing.T) {
	t.Parallel()
	l := open(t)
	_, _, err := l.Reserve(t.Context(), workspace, time.Second, time.Second)
	require.ErrorContains(t, err, "ledger: budget of the workspace")
	_, err = l.Valid(t.Context(), workspace, ledger.SendTime{})
	require.ErrorContains(t, err, "ledger: budget of the workspace")
	_, err = l.Budget(t.Context(), workspace)
	require.ErrorContains(t, err, "ledger: budget of the workspace")
}

// TestAClockThatGoesBackHoldsNobodyUpAndLiftsNoLimit: to the budget a clock that goes back
// is as if everything had been so much later.
func TestAClockThatGoesBackHoldsNobodyUpAndLiftsNoLimit(t *testing.T) {
	t.Parallel()
	const interval, horizon = time.Second, 10 * time.Second
	s := openShared(t, 1)
	l := s.ledgers[0]
	next := func() (wait time.Duration) {
		at, reserved, err := l.Reserve(t.Context(), workspace, interval, horizon)
		require.NoError(t, err)
		require.True(t, reserved, "the next send time is %s away", at.Wait)
		return at.Wait
	}
	next()
	require.NoError(t, l.Cut(t.Context(), workspace, 0))
	s.pass(t, -time.Hour)
	require.LessOrEqual(t, next(), 2*interval, "nobody waits for an hour")
	require.Greater(t, next(), interval, "the rate that a cut has left holds")

	require.NoError(t, l.Cut(t.Context(), workspace, 0))
	require.InDelta(t, 0.25, s.share(t), 0.01, "another cut counts")
	s.pass(t, time.Hour)
	require.Zero(t, next())
	require.Greater(t, next(), time.Duration(0), "an hour that passes lifts no limit either")
}
