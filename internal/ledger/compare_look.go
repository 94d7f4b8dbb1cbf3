package ledger

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"

	"audiencesync/internal/audience"
)

// Looking is a comparison that belongs to no run: it only reads.
type Looking struct {
	Comparing

	// Run is the number of the newest run of the sync, zero before the first. Open says
	// that it is going, or was stopped: what is marked may change.
	Run  int64
	Open bool
}

// LookInto begins a comparison with what the ledger holds as marked for a sync. A sync
// that it does not know is ErrNotFound.
func (l *Ledger) LookInto(ctx context.Context, sync string) (*Looking, error) {
	c := &Looking{Comparing: comparing(l, comparedRun{})}
	err := l.reads.QueryRowContext(ctx, `
		SELECT syncs.id, workspace_id, coalesce(max(number), 0), coalesce(max(CASE state WHEN 'open' THEN 1 ELSE 0 END), 0)
		FROM syncs LEFT JOIN runs ON runs.sync_id = syncs.id WHERE name = $1 GROUP BY syncs.id, workspace_id`, sync).
		Scan(&c.run.syncID, &c.run.workspaceID, &c.Run, &c.Open)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, fmt.Errorf("sync %s: %w", sync, ErrNotFound)
	}
	if err != nil {
		return nil, fmt.Errorf("ledger: sync: %w", err)
	}
	return c, nil
}

// End ends the comparison after all contacts were taken. The differences are up to
// 10,000 of each kind, by kind and reference.
func (c *Looking) End(ctx context.Context) (audience.Comparison, []Difference, error) {
	m := missing{Comparison: c.result, named: map[DifferenceKind][]int64{}}
	err := c.missingMarks(ctx, c.ledger.reads, &m)
	if err != nil {
		return audience.Comparison{}, nil, fmt.Errorf("ledger: comparing references: %w", err)
	}
	var differences []Difference
	for kind, references := range c.named {
		for _, reference := range references {
			differences = append(differences, Difference{kind, reference})
		}
	}
	for kind, contacts := range m.named {
		if differences, err = c.appendNamed(ctx, differences, kind, contacts); err != nil {
			return audience.Comparison{}, nil, fmt.Errorf("ledger: references: %w", err)
		}
	}
	slices.SortFunc(differences, func(a, b Difference) int {
		return cmp.Or(cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Reference, b.Reference))
	})
	return m.Comparison, differences, nil
}

func (c *Looking) appendNamed(ctx context.Context, list []Difference, kind DifferenceKind, contacts []int64) ([]Difference, error) {
	wanted, err := jsonList(contacts)
	if err != nil {
		return nil, err
	}
	rows, err := c.ledger.reads.QueryContext(ctx, `
		SELECT reference FROM json_each(CAST($1 AS TEXT)) AS wanted CROSS JOIN contacts WHERE contacts.id = CAST(wanted.atom AS BIGINT)`, wanted)
	if err != nil {
		return nil, err
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		d := Difference{Kind: kind}
		if err := rows.Scan(&d.Reference); err != nil {
			return nil, err
		}
		list = append(list, d)
	}
	return list, rows.Err()
}
