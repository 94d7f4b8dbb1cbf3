package ledger

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"maps"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/stdlib"
)

// postgresServer is what only a ledger in PostgreSQL has.
type postgresServer struct {
	schema string
}

// defaultSchema holds the tables when the address names no search_path.
const defaultSchema = "audiencesync"

// Connections of one process. One sync writes with one connection at a time.
const (
	writeConnections  = 8
	readConnections   = 4
	budgetConnections = 2
)

// idleTransaction is how long the server waits for a process that stands still
// inside a transaction: it keeps all others of its sync waiting.
const idleTransaction = time.Minute

var plainName = regexp.MustCompile(`^[a-z_][a-z0-9_]{0,62}$`)

func isPostgres(address string) bool {
	return strings.HasPrefix(address, "postgres://") || strings.HasPrefix(address, "postgresql://")
}

// connectPostgres makes the pools of a ledger in PostgreSQL. Nothing is
// connected yet.
func connectPostgres(address string, find CredentialFunc) (*Ledger, error) {
	config, reference, err := parsePostgres(address)
	if err != nil {
		return nil, err
	}
	var with []stdlib.OptionOpenDB
	switch {
	case reference == "":
	case find == nil:
		return nil, fmt.Errorf("ledger %s: this program cannot look up the credential that the address names; give the password in the environment as PGPASSWORD", shown(address))
	default:
		with = append(with, stdlib.OptionBeforeConnect(func(ctx context.Context, c *pgx.ConnConfig) error {
			password, err := find(ctx, reference)
			c.Password = password
			return err
		}))
	}
	open := func(connections int) *sql.DB {
		db := stdlib.OpenDB(*config, with...)
		db.SetMaxOpenConns(connections)
		db.SetMaxIdleConns(connections)
		db.SetConnMaxIdleTime(5 * time.Minute)
		db.SetConnMaxLifetime(time.Hour)
		return db
	}
	return &Ledger{
		db: open(writeConnections), reads: open(readConnections), budget: open(budgetConnections),
		server: &postgresServer{schema: config.RuntimeParams["search_path"]},
	}, nil
}

// parsePostgres reads an address. The reference is that of the password, empty
// if the address names none. Errors do not show the address: it may hold a
// password.
func parsePostgres(address string) (config *pgx.ConnConfig, reference string, err error) {
	at, err := url.Parse(address)
	if err != nil {
		return nil, "", &AddressError{"it is no URL; write postgres://USER@HOST:PORT/DATABASE, with special characters of a password as %XX, " +
			"or better without it, and with ?credential=env:NAME or file:PATH"}
	}
	query := at.Query()
	reference = query.Get("credential")
	query.Del("credential")
	at.RawQuery = query.Encode()
	if _, given := at.User.Password(); given && reference != "" {
		return nil, "", fmt.Errorf("ledger %s: the address holds a password and a credential; keep the credential", shown(address))
	}
	if config, err = pgx.ParseConfig(at.String()); err != nil {
		why := errors.Unwrap(err)
		if why == nil {
			why = errors.New("a setting of it is unknown")
		}
		return nil, "", fmt.Errorf("ledger %s: the address cannot be used: %w", shown(address), why)
	}
	schema, given := config.RuntimeParams["search_path"]
	if !given {
		schema = defaultSchema
	}
	if !plainName.MatchString(schema) {
		return nil, "", fmt.Errorf("ledger %s: search_path is the name of one schema, in small letters, digits and _", shown(address))
	}
	maps.Copy(config.RuntimeParams, map[string]string{
		"search_path":                         schema,
		"default_transaction_isolation":       "read committed",
		"idle_in_transaction_session_timeout": strconv.FormatInt(idleTransaction.Milliseconds(), 10),
	})
	if config.RuntimeParams["application_name"] == "" {
		config.RuntimeParams["application_name"] = "audiencesync"
	}
	return config, reference, nil
}

// lockMigrations makes sure that nobody else changes the tables meanwhile, and
// that there is a schema for them.
func (l *Ledger) lockMigrations(ctx context.Context) (unlock func(), err error) {
	conn, err := l.reads.Conn(ctx)
	if err != nil {
		return nil, fmt.Errorf("connecting: %w", err)
	}
	if err := l.serveSchema(ctx, conn); err != nil {
		return nil, errors.Join(err, conn.Close())
	}
	return func() {
		// The lock goes with its session, if this does not work.
		_, _ = conn.ExecContext(context.WithoutCancel(ctx), `SELECT pg_advisory_unlock(hashtextextended($1, 0))`, l.server.lockName("migrations"))
		_ = conn.Close()
	}, nil
}

func (l *Ledger) serveSchema(ctx context.Context, conn *sql.Conn) error {
	if _, err := conn.ExecContext(ctx, `SELECT pg_advisory_lock(hashtextextended($1, 0))`, l.server.lockName("migrations")); err != nil {
		return fmt.Errorf("waiting for migrations: %w", err)
	}
	var encoding string
	var there bool
	if err := conn.QueryRowContext(ctx, `SELECT current_setting('server_encoding'), to_regnamespace($1) IS NOT NULL`, l.server.schema).
		Scan(&encoding, &there); err != nil {
		return fmt.Errorf("looking for the schema %s: %w", l.server.schema, err)
	}
	if encoding != "UTF8" {
		return fmt.Errorf("the database's encoding is %s; the ledger needs one that was created with ENCODING 'UTF8'", encoding)
	}
	if there {
		return nil
	}
	// The name is plain (see parsePostgres).
	if _, err := conn.ExecContext(ctx, `CREATE SCHEMA IF NOT EXISTS `+l.server.schema); err != nil {
		return fmt.Errorf("making the schema %s (create it for this user, or name another one with search_path=): %w", l.server.schema, err)
	}
	return nil
}

// lockName keeps the locks of ledgers in one database apart.
func (s *postgresServer) lockName(of string) string { return s.schema + "/" + of }

// lock waits until no other transaction writes what belongs to a sync or
// workspace, and keeps them out until this one ends. SQLite has done so when a
// transaction begins.
func (l *Ledger) lock(ctx context.Context, tx *sql.Tx, of string) error {
	if l.server == nil {
		return nil
	}
	if _, err := tx.ExecContext(ctx, `SELECT pg_advisory_xact_lock(hashtextextended($1, 0))`, l.server.lockName(of)); err != nil {
		return fmt.Errorf("ledger: waiting to write: %w", err)
	}
	return nil
}

// lockWorkspace keeps other syncs of the workspace from writing what they share:
// who has which marker, and what is known of contacts. Whoever takes it holds the
// lock of a sync already, so nobody waits in a circle.
func (l *Ledger) lockWorkspace(ctx context.Context, tx *sql.Tx, workspace string) error {
	return l.lock(ctx, tx, "workspace "+workspace)
}

// lockContacts is lockWorkspace for the workspace of a sync.
func (l *Ledger) lockContacts(ctx context.Context, tx *sql.Tx, syncID int64) error {
	if l.server == nil {
		return nil
	}
	var workspace string
	err := tx.QueryRowContext(ctx, `SELECT workspaces.name FROM syncs JOIN workspaces ON workspaces.id = workspace_id WHERE syncs.id = $1`, syncID).
		Scan(&workspace)
	if err != nil {
		return fmt.Errorf("ledger: workspace: %w", err)
	}
	return l.lockWorkspace(ctx, tx, workspace)
}

// What PostgreSQL says when it gave a transaction up that may be tried again.
var gaveUpCodes = map[string]bool{
	"40001": true, // serialization_failure
	"40P01": true, // deadlock_detected
}

// What PostgreSQL says when it ends connections.
var goesDownCodes = map[string]bool{
	"57P01": true, // admin_shutdown
	"57P02": true, // crash_shutdown
	"57P03": true, // cannot_connect_now
}

// gaveUp reports whether PostgreSQL has rolled the transaction back for a reason
// that passes.
func (l *Ledger) gaveUp(err error) bool {
	answer, ok := errors.AsType[*pgconn.PgError](err)
	return ok && gaveUpCodes[answer.Code]
}

// passes reports whether a transaction that was not committed failed for a
// reason that passes. conn is nil where there was none to be had.
func (l *Ledger) passes(conn *sql.Conn, err error) bool {
	if l.server == nil {
		return false
	}
	if answer, ok := errors.AsType[*pgconn.PgError](err); ok {
		return gaveUpCodes[answer.Code] || goesDownCodes[answer.Code]
	}
	return conn == nil || lost(conn)
}

// lost reports whether the connection has broken.
func lost(conn *sql.Conn) bool {
	closed := false
	err := conn.Raw(func(driverConn any) error {
		c, ok := driverConn.(*stdlib.Conn)
		closed = ok && c.Conn().IsClosed()
		return nil
	})
	return err != nil || closed
}
