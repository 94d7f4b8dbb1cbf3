package ledger

import (
	"context"
	"errors"
	"fmt"
)

// mostNames bounds how many names are listed.
const mostNames = 1000

// SyncNames lists the names of syncs in the ledger at an address, which must exist. The
// ledger is taken as it is: its tables are not brought up to date.
func SyncNames(ctx context.Context, address string, with ...Option) ([]string, error) {
	return listed[string](ctx, address, with, `SELECT name FROM syncs ORDER BY name LIMIT $1`, mostNames)
}

// RunNumbers lists the numbers of a sync's runs, newest first, as SyncNames does.
func RunNumbers(ctx context.Context, address, sync string, with ...Option) ([]int64, error) {
	return listed[int64](ctx, address, with,
		`SELECT number FROM runs JOIN syncs ON syncs.id = sync_id WHERE name = $2 ORDER BY number DESC LIMIT $1`, mostNames, sync)
}

func listed[T any](ctx context.Context, address string, with []Option, query string, arguments ...any) (list []T, err error) {
	var chosen options
	for _, option := range with {
		option(&chosen)
	}
	l, err := connect(address, chosen)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, l.Close()) }()
	rows, err := l.reads.QueryContext(ctx, query, arguments...)
	if err != nil {
		return nil, fmt.Errorf("ledger %s: %w", shown(address), err)
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		var one T
		if err := rows.Scan(&one); err != nil {
			return nil, fmt.Errorf("ledger %s: %w", shown(address), err)
		}
		list = append(list, one)
	}
	return list, rows.Err()
}
