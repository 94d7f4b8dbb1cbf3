package ledger

import (
	"cmp"
	"context"
	"database/sql"
	"fmt"
	"slices"

	"audiencesync/internal/audience"
)

// WithheldKind says why a label is counted.
type WithheldKind string

// The kinds of labels that are counted.
const (
	// LabelWithheld: contacts were taken without it.
	LabelWithheld WithheldKind = "withheld"
	// LabelUnknown: found while reading, in a sync that stops for it.
	LabelUnknown WithheldKind = "unknown"
)

// maxLabels is the number of labels that are counted one by one, for each kind
// and target of a run. Members of further ones are added up.
const maxLabels = 1000

// WithheldCount is how many members had one label left out.
type WithheldCount struct {
	audience.Withheld

	Kind WithheldKind
	// Rest says that these are members of labels beyond the first 1,000, added
	// up without their label.
	Rest    bool
	Members int64
}

// Withheld returns the labels that a run counted, most members first within
// each kind and target. Run 0 is that of SendingRun. It is contact data.
func (l *Ledger) Withheld(ctx context.Context, sync string, run int64) ([]WithheldCount, error) {
	found, err := l.findChosen(ctx, sync, run, sendingRuns)
	if err != nil {
		return nil, err
	}
	var counts []WithheldCount
	for _, kind := range []WithheldKind{LabelUnknown, LabelWithheld} {
		labels, err := loadLabels(ctx, l.reads, found.id, kind)
		if err != nil {
			return nil, fmt.Errorf("withheld labels of run %d of sync %s: %w", found.number, sync, err)
		}
		slices.SortFunc(labels, func(a, b WithheldCount) int {
			return cmp.Or(cmp.Compare(a.Target, b.Target), cmp.Compare(b.Members, a.Members), cmp.Compare(a.Label, b.Label))
		})
		counts = append(counts, labels...)
	}
	return counts, nil
}

func loadLabels(ctx context.Context, db rowsQueryer, runID int64, kind WithheldKind) ([]WithheldCount, error) {
	rows, err := db.QueryContext(ctx, `SELECT target, label, rest, members FROM withheld WHERE run_id = $1 AND kind = $2`, runID, string(kind))
	if err != nil {
		return nil, err
	}
	defer func() { _ = rows.Close() }()
	var counts []WithheldCount
	for rows.Next() {
		c := WithheldCount{Kind: kind}
		if err := rows.Scan(&c.Target, &c.Label, &c.Rest, &c.Members); err != nil {
			return nil, err
		}
		counts = append(counts, c)
	}
	return counts, rows.Err()
}

// labelCounts adds up labels of members within one transaction.
type labelCounts map[audience.Withheld]int64

func (c labelCounts) add(labels []audience.Withheld) {
	for _, label := range labels {
		c[label]++
	}
}

func (c labelCounts) save(ctx context.Context, tx *sql.Tx, runID int64, kind WithheldKind) error {
	if len(c) == 0 {
		return nil
	}
	stored, err := loadLabels(ctx, tx, runID, kind)
	if err != nil {
		return err
	}
	counted, labels := map[audience.Withheld]bool{}, map[string]int{}
	for _, s := range stored {
		if !s.Rest {
			counted[s.Withheld] = true
			labels[s.Target]++
		}
	}
	rest := map[string]int64{}
	rows := make([][4]any, 0, len(c))
	for label, members := range c {
		switch {
		case counted[label]:
		case labels[label.Target] >= maxLabels:
			rest[label.Target] += members
			continue
		default:
			labels[label.Target]++
		}
		rows = append(rows, [4]any{label.Target, label.Label, 0, members})
	}
	for target, members := range rest {
		rows = append(rows, [4]any{target, "", 1, members})
	}
	list, err := jsonList(rows)
	if err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, `
		INSERT INTO withheld (run_id, kind, target, label, rest, members)
		SELECT $1, $2, value ->> 0, value ->> 1, CAST(value ->> 2 AS BIGINT), CAST(value ->> 3 AS BIGINT)
		FROM json_each(CAST($3 AS TEXT)) WHERE true
		ON CONFLICT (run_id, kind, target, label, rest) DO UPDATE SET members = withheld.members + excluded.members`, runID, string(kind), list)
	return err
}
