package ledger_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/stretchr/testify/require"

	"audiencesync/internal/audience"
	"audiencesync/internal/ledger"
	"audiencesync/internal/ledger/ledgertest"
)

func TestEverythingHoldsOnPostgreSQL(t *testing.T) { ledgertest.AgainOnPostgreSQL(t, ".") }

// TestTransactionsThatPostgreSQLGivesUpLeaveNothingBehind checks all accounts
// while every now and then a statement fails: the connection is lost, or the
// server asks for another try.
func TestTransactionsThatPostgreSQLGivesUpLeaveNothingBehind(t *testing.T) {
	t.Parallel()
	address := ledgertest.PostgreSQL(t)
	openWith(t, address)
	db := ledgertest.SQL(t, address)
	for _, statement := range append([]string{
		`CREATE SEQUENCE statements`,
		`CREATE SEQUENCE given_up`,
		`CREATE FUNCTION give_up() RETURNS trigger LANGUAGE plpgsql AS $$
		DECLARE n BIGINT := nextval('statements');
		BEGIN
			IF n % 31 = 1 THEN
				PERFORM nextval('given_up');
				IF n % 2 = 0 THEN PERFORM pg_terminate_backend(pg_backend_pid()); END IF;
				RAISE EXCEPTION 'once more' USING ERRCODE = CASE WHEN n % 4 = 1 THEN '40001' ELSE '40P01' END;
			END IF;
			RETURN NULL;
		END $$`,
	}, triggers("syncs", "runs", "pages", "seen", "contacts", "memberships", "known_failures", "batches", "failures")...) {
		_, err := db.ExecContext(t.Context(), statement)
		require.NoError(t, err)
	}
	checkAccounts(t, address, 40)
	var times int
	require.NoError(t, db.QueryRowContext(t.Context(), `SELECT last_value FROM given_up`).Scan(&times))
	require.Greater(t, times, 20)
}

func triggers(tables ...string) []string {
	statements := make([]string, len(tables))
	for i, table := range tables {
		statements[i] = `CREATE TRIGGER give_up AFTER INSERT OR UPDATE OR DELETE ON ` + table + ` FOR EACH STATEMENT EXECUTE FUNCTION give_up()`
	}
	return statements
}

func TestATransactionThatLosesItsConnectionIsTriedAgain(t *testing.T) {
	t.Parallel()
	way := cuttable(t, ledgertest.PostgreSQL(t))
	l := openWith(t, way.address)
	ref := openRun(t, l, "a")
	reading, err := l.Reading(t.Context(), ref, staging, week)
	require.NoError(t, err)
	tries := 0
	check := func(member ledger.ReadMember) (ledger.Channels, *ledger.Objection) {
		if member.Position == 7 {
			if tries++; tries < 3 {
				way.cut()
			}
		}
		return ledger.Channels{}, nil
	}
	list := members(0, 25, "v1")
	for i := range list {
		list[i].Position = i + 1
	}
	result, err := reading.Commit(t.Context(), ledger.PageInput{Members: list, Last: true, Check: check})
	require.NoError(t, err)
	require.Equal(t, 3, tries)
	require.Equal(t, int64(25), result.Staged)
	batch, err := l.Batch(t.Context(), ref, 3)
	require.NoError(t, err)
	require.Len(t, batch.Members, 5)
}

// wire is a way to a server that can be cut.
type wire struct {
	address string
	mutex   sync.Mutex
	open    []net.Conn
}

func cuttable(t *testing.T, address string) *wire {
	t.Helper()
	config, err := pgconn.ParseConfig(address)
	require.NoError(t, err)
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	at, err := url.Parse(address)
	require.NoError(t, err)
	query := at.Query()
	query.Del("host")
	at.Host, at.RawQuery = listener.Addr().String(), query.Encode()
	w := &wire{address: at.String()}
	network, server := pgconn.NetworkAddress(config.Host, config.Port)
	var open sync.WaitGroup
	open.Go(func() {
		for {
			from, err := listener.Accept()
			if err != nil {
				return
			}
			to, err := net.Dial(network, server) //nolint:noctx // It lives as long as the test.
			if err != nil {
				t.Error(err)
				return
			}
			w.mutex.Lock()
			w.open = append(w.open, from, to)
			w.mutex.Unlock()
			for _, direction := range [][2]net.Conn{{from, to}, {to, from}} {
				open.Go(func() {
					_, _ = io.Copy(direction[1], direction[0])
					_ = direction[1].Close()
				})
			}
		}
	})
	t.Cleanup(func() {
		require.NoError(t, listener.Close())
		w.cut()
		open.Wait()
	})
	return w
}

func (w *wire) cut() {
	w.mutex.Lock()
	defer w.mutex.Unlock()
	for _, conn := range w.open {
		_ = conn.Close()
	}
	w.open = nil
}

func TestWorkersThatStartAtOnceShareOneNewLedger(t *testing.T) {
	t.Parallel()
	address := ledgertest.Address(t)
	ids := make([]string, 6)
	var workers sync.WaitGroup
	for i := range ids {
		workers.Go(func() {
			l, err := ledger.Open(t.Context(), address)
			if err != nil {
				t.Error(err)
				return
			}
			ids[i] = l.ID()
			if err := l.Close(); err != nil {
				t.Error(err)
			}
		})
	}
	workers.Wait()
	require.Len(t, slices.Compact(ids), 1)
}

// TestWorkersOfOneSyncDoNotDisturbEachOther lets two processes do the same: each
// page and each batch counts once.
func TestWorkersOfOneSyncDoNotDisturbEachOther(t *testing.T) {
	t.Parallel()
	address := ledgertest.Address(t)
	ref := openRun(t, openWith(t, address), "a")
	const pages = 8
	each := func(do func(l *ledger.Ledger) error) {
		var workers sync.WaitGroup
		for range 2 {
			l := openWith(t, address)
			workers.Go(func() {
				if err := do(l); err != nil {
					t.Error(err)
				}
			})
		}
		workers.Wait()
	}
	each(func(l *ledger.Ledger) error {
		for {
			reading, err := l.Reading(t.Context(), ref, staging, week)
			if err != nil || reading.LastCommitted {
				return err
			}
			page := int(reading.Page)
			_, err = reading.Commit(t.Context(), ledger.PageInput{Members: members(page*10, 15, "v1"), Next: "next", Last: page == pages-1})
			if err != nil && !errors.Is(err, ledger.ErrMoved) {
				return err
			}
		}
	})
	each(func(l *ledger.Ledger) error {
		for number := int64(1); ; number++ {
			batch, err := l.Batch(t.Context(), ref, number)
			if errors.Is(err, ledger.ErrNotFound) {
				return nil
			}
			if err != nil || batch.State == ledger.BatchSettled {
				continue
			}
			if err := l.MarkSent(t.Context(), ref, number, 1); err != nil {
				continue // Settled meanwhile.
			}
			if _, err := l.Settle(t.Context(), ref, batch, all(audience.Created, len(batch.Members))); err != nil && !errors.Is(err, ledger.ErrMoved) {
				return err
			}
		}
	})
	tally, err := openWith(t, address).Tally(t.Context(), ref)
	require.NoError(t, err)
	require.Equal(t, int64(pages*15), tally.Read)
	require.Equal(t, audience.Outcomes{Created: pages*10 + 5, Duplicate: (pages - 1) * 5}, tally.Outcomes)
}

func TestSyncsOfTheSameContactsInOppositeOrdersDoNotBlockEachOther(t *testing.T) {
	t.Parallel()
	address := ledgertest.PostgreSQL(t)
	tables := ledgertest.SQL(t, address)
	deadlocks := func() (n int) {
		require.NoError(t, tables.QueryRowContext(t.Context(), `SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()`).Scan(&n))
		return n
	}
	before := deadlocks()
	var syncs sync.WaitGroup
	for n := range 4 {
		l := openWith(t, address)
		o := opening("a")
		o.Sync = fmt.Sprintf("spring %d", n)
		o.BatchSize = 2000
		ref, err := l.OpenRun(t.Context(), o)
		require.NoError(t, err)
		reading, err := l.Reading(t.Context(), ref, staging, week)
		require.NoError(t, err)
		syncs.Go(func() {
			for page := range 4 {
				list := members(page*2000, 2000, "v1")
				if n%2 == 1 {
					slices.Reverse(list)
				}
				result, err := reading.Commit(t.Context(), ledger.PageInput{
					Members: list, Next: "next",
					Check: func(ledger.ReadMember) (ledger.Channels, *ledger.Objection) {
						return ledger.Channels{Phone: 1, Email: 2}, nil
					},
				})
				if err != nil || result.Staged != 2000 {
					t.Errorf("page %d: %d staged, %v", page, result.Staged, err)
					return
				}
			}
			for number := int64(1); number <= 4; number++ {
				batch, err := l.Batch(t.Context(), ref, number)
				if err == nil {
					_, err = l.Settle(t.Context(), ref, batch, all(audience.Unresolved, 2000))
				}
				if err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	syncs.Wait()
	require.Equal(t, before, deadlocks())
	var contacts int
	require.NoError(t, tables.QueryRowContext(t.Context(), `SELECT count(*) FROM contacts`).Scan(&contacts))
	require.Equal(t, 8_000, contacts)
}

func TestASyncDoesNotWaitForAnother(t *testing.T) {
	t.Parallel()
	address := ledgertest.PostgreSQL(t)
	l := openWith(t, address)
	spring := openRun(t, l, "a")
	other := opening("b")
	other.Sync = "autumn"
	autumn, err := l.OpenRun(t.Context(), other)
	require.NoError(t, err)
	for _, ref := range []ledger.RunRef{spring, autumn} {
		read(t, l, ref, members(0, 10, "v1"))
	}
	// Somebody else writes in spring, for as long as the test lasts.
	busy, err := ledgertest.SQL(t, address).BeginTx(t.Context(), nil)
	require.NoError(t, err)
	defer func() { require.NoError(t, busy.Rollback()) }()
	_, err = busy.ExecContext(t.Context(), `SELECT pg_advisory_xact_lock(hashtextextended(current_schema() || '/spring', 0))`)
	require.NoError(t, err)

	waiting, cancel := context.WithCancel(t.Context())
	var springs sync.WaitGroup
	for range 20 {
		springs.Go(func() {
			if err := l.MarkSent(waiting, spring, 1, 1); !errors.Is(err, context.Canceled) {
				t.Errorf("spring did not wait: %v", err)
			}
		})
	}
	const key = `hashtextextended(current_schema() || '/spring', 0)`
	require.Eventually(t, func() bool {
		var held int
		return busy.QueryRowContext(t.Context(), `
			SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted AND (classid::bigint << 32) + objid::bigint = `+key).Scan(&held) == nil && held == 1
	}, 20*time.Second, time.Millisecond, "one of them holds a connection, the others wait for their turn")
	atOnce, late := context.WithTimeout(t.Context(), 20*time.Second)
	defer late()
	require.NoError(t, l.MarkSent(atOnce, autumn, 1, 1))
	cancel()
	springs.Wait()
}

func TestThePasswordIsFoundByReferenceAndNeverShown(t *testing.T) {
	t.Parallel()
	address := ledgertest.PostgreSQL(t)
	at, err := url.Parse(address)
	require.NoError(t, err)
	query := at.Query()
	query.Set("credential", "env:LEDGER_PASSWORD")
	at.RawQuery = query.Encode()
	asked := ""
	openWith(t, at.String(), ledger.WithCredentials(func(_ context.Context, reference string) (string, error) {
		asked = reference
		return "hunter2", nil
	}))
	require.Equal(t, "env:LEDGER_PASSWORD", asked)
	_, err = ledger.Open(t.Context(), at.String(), ledger.WithCredentials(func(context.Context, string) (string, error) {
		return "", errors.New("credential env:LEDGER_PASSWORD: not set")
	}))
	require.ErrorContains(t, err, "credential env:LEDGER_PASSWORD: not set")
}

func TestAnAddressThatCannotBeUsedIsAnsweredWithoutItsPassword(t *testing.T) {
	t.Parallel()
	for address, want := range map[string]string{
		"hunter2":                                     "write sqlite:PATH or postgres://",
		"sqlite:":                                     "write sqlite:PATH or postgres://",
		"mysql://me:hunter2@db/ledger":                "write sqlite:PATH or postgres://",
		"postgres://me:hunter2%@db/ledger":            "it is no URL",
		"postgres://me:hunter2@db:port/ledger":        "it is no URL",
		"postgres://me:hunter2@db/ledger?sslmode=x":   "ledger postgres://db/ledger: the address cannot be used",
		"postgres://me:hunter2@db/l?search_path=a,b":  "search_path is the name of one schema",
		"postgres://me:hunter2@db/l?credential=env:X": "a password and a credential",
		"postgres://me@db/l?credential=env:X":         "cannot look up the credential",
		"postgres://me:hunter2@127.0.0.1:1/ledger":    "ledger postgres://127.0.0.1:1/ledger: connecting",
	} {
		_, err := ledger.Open(t.Context(), address)
		require.ErrorContains(t, err, want, address)
		require.NotContains(t, err.Error(), "hunter2")
	}
}
