package ledger

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
)

// CopiedTable is how many rows of a table were copied.
type CopiedTable struct {
	Table string `json:"table"`
	Rows  int64  `json:"rows"`
}

// errNotEmpty does not let two ledgers become one: their ids and epochs differ.
var errNotEmpty = errors.New("the target has runs already, and two ledgers cannot be merged: copy into a database or schema (search_path=) that is empty")

// CopyTo copies a whole ledger from a file into an empty one in PostgreSQL, in one
// transaction, with all ids, keys and epochs, and counts the rows there. The target
// has the same identity from then on: it is opened again.
func (l *Ledger) CopyTo(ctx context.Context, target *Ledger) ([]CopiedTable, error) {
	if l.file == nil || target.server == nil {
		return nil, errors.New("a ledger is copied from sqlite:PATH into PostgreSQL")
	}
	// Reads of one transaction see one state, whoever writes meanwhile.
	from, err := l.reads.BeginTx(ctx, &sql.TxOptions{ReadOnly: true})
	if err != nil {
		return nil, fmt.Errorf("copying the ledger: %w", err)
	}
	defer func() { _ = from.Rollback() }()
	tables, err := tablesInOrder(ctx, from)
	if err != nil {
		return nil, fmt.Errorf("copying the ledger: tables: %w", err)
	}
	conn, err := target.db.Conn(ctx)
	if err != nil {
		return nil, fmt.Errorf("copying the ledger: connecting: %w", err)
	}
	defer func() { _ = conn.Close() }()
	var copied []CopiedTable
	err = conn.Raw(func(driver any) error {
		server, ok := driver.(*stdlib.Conn)
		if !ok {
			return fmt.Errorf("a connection of the type %T", driver)
		}
		return pgx.BeginFunc(ctx, server.Conn(), func(to pgx.Tx) error {
			if err := clearIdentity(ctx, to, target.server.lockName("migrations")); err != nil {
				return err
			}
			for _, table := range tables {
				rows, err := copyTable(ctx, from, to, table)
				if err != nil {
					return fmt.Errorf("table %s: %w", table, err)
				}
				copied = append(copied, CopiedTable{Table: table, Rows: rows})
			}
			return nil
		})
	})
	if err != nil {
		return nil, fmt.Errorf("copying the ledger: %w", err)
	}
	return copied, nil
}

// clearIdentity makes the target as empty as it was before it was opened, if
// nothing has been written since. The lock keeps a second copy away.
func clearIdentity(ctx context.Context, to pgx.Tx, lock string) error {
	if _, err := to.Exec(ctx, `SELECT pg_advisory_xact_lock(hashtextextended($1, 0))`, lock); err != nil {
		return err
	}
	var used bool
	if err := to.QueryRow(ctx, `SELECT EXISTS (SELECT 1 FROM syncs) OR EXISTS (SELECT 1 FROM contacts) OR EXISTS (SELECT 1 FROM workspaces)`).Scan(&used); err != nil {
		return err
	}
	if used {
		return errNotEmpty
	}
	_, err := to.Exec(ctx, `DELETE FROM ledger`)
	return err
}

// tablesInOrder returns the ledger's tables, those that others refer to first.
func tablesInOrder(ctx context.Context, from *sql.Tx) ([]string, error) {
	refers := map[string][]string{}
	rows, err := from.QueryContext(ctx, `
		SELECT tables.name, coalesce(keys."table", '') FROM sqlite_schema AS tables LEFT JOIN pragma_foreign_key_list(tables.name) AS keys
		WHERE tables.type = 'table' AND tables.name NOT LIKE 'sqlite_%' AND tables.name NOT LIKE 'goose_%' ORDER BY tables.name`)
	if err != nil {
		return nil, err
	}
	defer func() { _ = rows.Close() }()
	var names []string
	for rows.Next() {
		var name, to string
		if err := rows.Scan(&name, &to); err != nil {
			return nil, err
		}
		if !slices.Contains(names, name) {
			names = append(names, name)
		}
		if to != "" && to != name {
			refers[name] = append(refers[name], to)
		}
	}
	var ordered []string
	var put func(name string)
	put = func(name string) {
		if slices.Contains(ordered, name) {
			return
		}
		for _, to := range refers[name] {
			put(to)
		}
		ordered = append(ordered, name)
	}
	for _, name := range names {
		put(name)
	}
	return ordered, rows.Err()
}

// copyTable copies all rows of a table, and moves what gives out its ids past them.
func copyTable(ctx context.Context, from *sql.Tx, to pgx.Tx, table string) (int64, error) {
	rows, err := from.QueryContext(ctx, `SELECT * FROM `+table) //nolint:gosec // The table's name is that of the schema.
	if err != nil {
		return 0, err
	}
	defer func() { _ = rows.Close() }()
	columns, err := rows.Columns()
	if err != nil {
		return 0, err
	}
	source := &rowSource{rows: rows, values: make([]any, len(columns))}
	if _, err := to.CopyFrom(ctx, pgx.Identifier{table}, columns, source); err != nil {
		return 0, err
	}
	if err := rows.Err(); err != nil {
		return 0, err
	}
	var there int64
	if err := to.QueryRow(ctx, `SELECT count(*) FROM `+table).Scan(&there); err != nil {
		return 0, err
	}
	if there != source.read {
		return 0, fmt.Errorf("%d of %d rows are there after copying", there, source.read)
	}
	if !slices.Contains(columns, "id") {
		return there, nil
	}
	_, err = to.Exec(ctx, `SELECT setval(pg_get_serial_sequence($1, 'id'), greatest((SELECT max(id) FROM `+table+`), 1), EXISTS (SELECT 1 FROM `+table+`))`, table)
	return there, err
}

// rowSource hands rows of SQLite to PostgreSQL.
type rowSource struct {
	rows   *sql.Rows
	values []any
	read   int64
}

// Next implements pgx.CopyFromSource.
func (s *rowSource) Next() bool { return s.rows.Next() }

// Err implements pgx.CopyFromSource.
func (s *rowSource) Err() error { return s.rows.Err() }

// Values implements pgx.CopyFromSource.
func (s *rowSource) Values() ([]any, error) {
	places := make([]any, len(s.values))
	for i := range s.values {
		places[i] = &s.values[i]
	}
	if err := s.rows.Scan(places...); err != nil {
		return nil, err
	}
	s.read++
	for i, value := range s.values {
		if text, ok := value.(string); ok {
			// As jsonList does.
			s.values[i] = strings.ReplaceAll(text, "\x00", "\ufffd")
		}
	}
	return s.values, nil
}
