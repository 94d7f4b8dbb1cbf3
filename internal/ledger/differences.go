package ledger

import (
	"context"
	"database/sql"
	"fmt"
)

// DifferenceKind says how Hello Charles and the ledger differ.
type DifferenceKind string

// The kinds of differences that comparing a segment finds.
const (
	// DifferenceGone: it was in the segment, and is not any more.
	DifferenceGone DifferenceKind = "gone"
	// DifferenceNotVisible: it was accepted, and was never seen in the segment.
	DifferenceNotVisible DifferenceKind = "not_visible"
	// DifferenceMerged: its contact holds another marked reference too.
	DifferenceMerged DifferenceKind = "merged"
	// DifferenceStillVisible: it left and was unmarked, and is in the segment all the same.
	DifferenceStillVisible DifferenceKind = "still_visible"
	// DifferenceForeign: it is in the segment, and the ledger does not hold it as marked,
	// or, in an audit, it is not in the audience.
	DifferenceForeign DifferenceKind = "foreign"
	// DifferenceMissing: an audit found it in the audience, and not in the segment.
	DifferenceMissing DifferenceKind = "missing"
	// DifferenceExcluded: an audit found it in the segment, and the filter keeps it out.
	DifferenceExcluded DifferenceKind = "excluded"
	// DifferenceLeft: an audit found it in the segment; this sync has marked it, and it is
	// not in the audience any more.
	DifferenceLeft DifferenceKind = "left"
)

// mostDifferences bounds how many of a kind are kept by name.
const mostDifferences = 10_000

func recordDifferences(ctx context.Context, tx *sql.Tx, runID int64, kind DifferenceKind, contacts []int64) error {
	if len(contacts) == 0 {
		return nil
	}
	list, err := jsonList(contacts)
	if err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, `
		INSERT INTO differences (run_id, kind, reference)
		SELECT $1, $2, contacts.reference FROM json_each(CAST($3 AS TEXT)) AS listed CROSS JOIN contacts WHERE contacts.id = CAST(listed.atom AS BIGINT) AND forgotten = 0
		ON CONFLICT (run_id, kind, reference) DO NOTHING`, runID, string(kind), list)
	return err
}

// Difference is one reference about which the segment and the ledger differ, or that
// was read back and is not as it was sent. It is contact data.
type Difference struct {
	Kind      DifferenceKind `json:"kind"`
	Reference string         `json:"reference"`
}

// Differences returns what a run found by comparing and by reading back, up to 10,000 of each kind.
// Run 0 is that of ComparingRun.
func (l *Ledger) Differences(ctx context.Context, sync string, run int64) ([]Difference, error) {
	found, err := l.findChosen(ctx, sync, run, comparingRuns)
	if err != nil {
		return nil, err
	}
	rows, err := l.reads.QueryContext(ctx, `SELECT kind, reference FROM differences WHERE run_id = $1 ORDER BY kind, reference`, found.id)
	if err != nil {
		return nil, fmt.Errorf("ledger: differences of run %d of sync %s: %w", found.number, sync, err)
	}
	defer func() { _ = rows.Close() }()
	var list []Difference
	for rows.Next() {
		var d Difference
		if err := rows.Scan(&d.Kind, &d.Reference); err != nil {
			return nil, fmt.Errorf("ledger: differences: %w", err)
		}
		list = append(list, d)
	}
	return list, rows.Err()
}
