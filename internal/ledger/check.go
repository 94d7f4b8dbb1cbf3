package ledger

import (
	"context"
	"fmt"
)

// Finding is something that should not be in a ledger. It holds no contact data.
type Finding struct {
	// What says what there is, and how often.
	What string `json:"what"`
	// Remedy says what to do about it.
	Remedy string `json:"remedy"`
}

// restoreRemedy is for damage that no statement mends.
const restoreRemedy = "stop all workers and restore the ledger from a backup; the next run of each sync then sends what changed since"

// rule counts rows that should not be there.
type rule struct {
	count  string
	what   string // after the number
	remedy string
}

// rules are invariants that the transactions of runs keep.
var rules = []rule{
	{
		count:  `SELECT count(*) FROM memberships LEFT JOIN contacts ON contacts.id = contact_id WHERE contacts.id IS NULL`,
		what:   "memberships of contacts that are not in the ledger",
		remedy: restoreRemedy,
	},
	{
		count: `SELECT count(*) FROM memberships JOIN syncs ON syncs.id = sync_id JOIN contacts ON contacts.id = contact_id
			WHERE contacts.workspace_id <> syncs.workspace_id`,
		what:   "memberships whose contact belongs to another workspace than their sync",
		remedy: restoreRemedy,
	},
	{
		count:  `SELECT count(*) FROM memberships WHERE marked NOT IN (1, 2)`,
		what:   "memberships that are neither marked nor unknown",
		remedy: "stop all workers and run: UPDATE memberships SET marked = 2, fingerprint = NULL, field_digests = NULL WHERE marked NOT IN (1, 2); the next run sends those members again",
	},
	{
		count:  `SELECT count(*) FROM memberships WHERE marked = 2 AND fingerprint IS NOT NULL`,
		what:   "memberships that are unknown and claim accepted content all the same",
		remedy: "stop all workers and run: UPDATE memberships SET fingerprint = NULL, field_digests = NULL WHERE marked = 2; the next run sends those members again",
	},
	{
		count: `SELECT count(*) FROM memberships JOIN known_failures
			ON known_failures.sync_id = memberships.sync_id AND known_failures.contact_id = memberships.contact_id
			WHERE known_failures.fingerprint = memberships.fingerprint`,
		what: "memberships with content that is known to be refused",
		remedy: "stop all workers and run: DELETE FROM known_failures WHERE EXISTS (SELECT 1 FROM memberships WHERE memberships.sync_id = known_failures.sync_id " +
			"AND memberships.contact_id = known_failures.contact_id AND memberships.fingerprint = known_failures.fingerprint)",
	},
	{
		count:  `SELECT count(*) FROM batches JOIN runs ON runs.id = run_id WHERE runs.state <> 'open' AND blob IS NOT NULL`,
		what:   "batches of ended runs that still hold members, which is personal data",
		remedy: "run: UPDATE batches SET blob = NULL WHERE run_id IN (SELECT id FROM runs WHERE state <> 'open')",
	},
	{
		count:  `SELECT count(*) FROM batches WHERE state IN ('settled', 'split') AND blob IS NOT NULL`,
		what:   "settled batches that still hold members, which is personal data",
		remedy: "run: UPDATE batches SET blob = NULL WHERE state IN ('settled', 'split')",
	},
	{
		count: `SELECT count(*) FROM batches JOIN runs ON runs.id = run_id
			WHERE runs.state = 'open' AND batches.state IN ('filling', 'staged', 'sent') AND blob IS NULL`,
		what:   "batches of open runs that have lost their members",
		remedy: "cancel those runs and start the syncs again with run --full: everybody is sent again",
	},
	{
		count:  `SELECT count(*) FROM seen JOIN runs ON runs.id = run_id WHERE runs.state <> 'open'`,
		what:   "sets of contacts that ended runs have seen",
		remedy: "run: DELETE FROM seen WHERE run_id IN (SELECT id FROM runs WHERE state <> 'open')",
	},
	{
		count:  `SELECT count(*) FROM drawn JOIN runs ON runs.id = run_id WHERE runs.state <> 'open'`,
		what:   "members that ended runs have drawn to be read back, which are personal data",
		remedy: "run: DELETE FROM drawn WHERE run_id IN (SELECT id FROM runs WHERE state <> 'open')",
	},
	{
		count: `SELECT count(*) FROM samples JOIN runs ON runs.id = run_id
			WHERE number < (SELECT max(newer.number) FROM runs AS newer WHERE newer.sync_id = runs.sync_id)`,
		what: "samples of plans that a newer run or plan has followed, which are personal data",
		remedy: "run: DELETE FROM samples WHERE run_id IN (SELECT id FROM runs " +
			"WHERE number < (SELECT max(newer.number) FROM runs AS newer WHERE newer.sync_id = runs.sync_id))",
	},
	{
		count: `SELECT count(*) FROM runs WHERE state = 'open'
			AND number < (SELECT max(newer.number) FROM runs AS newer WHERE newer.sync_id = runs.sync_id)`,
		what:   "runs that are open although a newer one of their sync has opened",
		remedy: "start those syncs: a run that opens folds the open ones, and sends again what they left",
	},
	{
		count:  `SELECT count(*) FROM batches JOIN runs ON runs.id = run_id WHERE batches.number > runs.batches`,
		what:   "batches that their run does not know",
		remedy: "start those syncs again with run --full: everybody is sent again",
	},
	{
		count:  `SELECT count(*) FROM notifications WHERE state NOT IN ('waiting', 'delivered', 'refused')`,
		what:   "notifications that neither wait nor are done with",
		remedy: "run: UPDATE notifications SET state = 'refused' WHERE state NOT IN ('waiting', 'delivered', 'refused'); they are not sent",
	},
}

// Check looks for what should not be in the ledger. It changes nothing. While runs
// are going it sees them as they are.
func (l *Ledger) Check(ctx context.Context) ([]Finding, error) {
	findings, err := l.checkFile(ctx)
	if err != nil {
		return nil, fmt.Errorf("ledger: integrity: %w", err)
	}
	for _, r := range rules {
		var n int64
		if err := l.reads.QueryRowContext(ctx, r.count).Scan(&n); err != nil {
			return nil, fmt.Errorf("ledger: counting %s: %w", r.what, err)
		}
		if n > 0 {
			findings = append(findings, Finding{What: fmt.Sprintf("%d %s", n, r.what), Remedy: r.remedy})
		}
	}
	return findings, nil
}

// mostDamages bounds how many damages of a file are listed.
const mostDamages = 20

// checkFile lets SQLite look at its file. PostgreSQL keeps foreign keys itself, and
// its files are looked at by pg_amcheck.
func (l *Ledger) checkFile(ctx context.Context) ([]Finding, error) {
	if l.file == nil {
		return nil, nil
	}
	var findings []Finding
	rows, err := l.reads.QueryContext(ctx, fmt.Sprintf(`PRAGMA integrity_check(%d)`, mostDamages))
	if err != nil {
		return nil, err
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		var says string
		if err := rows.Scan(&says); err != nil {
			return nil, err
		}
		if says != "ok" {
			findings = append(findings, Finding{What: "the file is damaged: " + says, Remedy: restoreRemedy})
		}
	}
	if err := rows.Err(); err != nil {
		return nil, err
	}
	orphans, err := l.orphans(ctx)
	return append(findings, orphans...), err
}

// orphans finds rows that refer to rows that are not there.
func (l *Ledger) orphans(ctx context.Context) ([]Finding, error) {
	rows, err := l.reads.QueryContext(ctx, `SELECT "table", parent, count(*) FROM pragma_foreign_key_check GROUP BY 1, 2 ORDER BY 1, 2`)
	if err != nil {
		return nil, err
	}
	defer func() { _ = rows.Close() }()
	var findings []Finding
	for rows.Next() {
		var table, parent string
		var n int64
		if err := rows.Scan(&table, &parent, &n); err != nil {
			return nil, err
		}
		findings = append(findings, Finding{What: fmt.Sprintf("%d rows of %s refer to %s that are not there", n, table, parent), Remedy: restoreRemedy})
	}
	return findings, rows.Err()
}
