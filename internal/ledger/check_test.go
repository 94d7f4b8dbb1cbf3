package ledger_test

import (
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"audiencesync/internal/audience"
	"audiencesync/internal/ledger"
	"audiencesync/internal/ledger/ledgertest"
	"audiencesync/internal/notify"
)

// busyLedger has a closed run, one that is under way with every kind of batch
// left, and a known failure.
func busyLedger(t *testing.T, address string) *ledger.Ledger {
	t.Helper()
	l := openWith(t, address, ledger.WithFailureKey(secret))
	outcomes := takenWithDigests(10)
	outcomes[3] = ledger.MemberOutcome{Outcome: audience.Refused, Reason: "no", Permanent: true, Message: "no\x00thing \\u0000"}
	wholeRun(t, l, opening("a"), members(0, 10, "v1"), outcomes)
	ref := openRun(t, l, "b")
	read(t, l, ref, append(members(0, 10, "v1"), members(10, 30, "v1")...))
	require.NoError(t, l.MarkSent(t.Context(), ref, 1, 1))
	_, err := settle(t, l, ref, 1, append(all(audience.Created, 9), ledger.MemberOutcome{Outcome: audience.Unresolved, Reason: "silence"}))
	require.NoError(t, err)
	require.NoError(t, l.MarkSent(t.Context(), ref, 2, 1))
	_, err = l.Split(t.Context(), ref, 2, true)
	require.NoError(t, err)
	require.NoError(t, l.MarkSent(t.Context(), ref, 3, 1))
	tell(t, l, "end", noon, notify.Failed)
	other := planning("plan")
	other.Sync = "summer"
	plan(t, l, other, members(0, 3, "v1"))
	return l
}

func TestNothingIsWrongWithALedgerThatOnlyRunsHaveWritten(t *testing.T) {
	t.Parallel()
	l := busyLedger(t, ledgertest.Address(t))
	for range 2 {
		findings, err := l.Check(t.Context())
		require.NoError(t, err)
		require.Empty(t, findings)
		openRun(t, l, "c") // Folds the open run.
	}
}

func TestDamageIsFoundWithARemedyThatMendsIt(t *testing.T) {
	t.Parallel()
	for what, damage := range map[string]string{
		"belongs to another workspace": `UPDATE contacts SET workspace_id = (SELECT id FROM workspaces WHERE name = 'other') WHERE id = (SELECT min(contact_id) FROM memberships)`,
		"neither marked nor unknown":   `UPDATE memberships SET marked = 3 WHERE contact_id = (SELECT min(contact_id) FROM memberships)`,
		"claim accepted content":       `UPDATE memberships SET marked = 2 WHERE contact_id = (SELECT min(contact_id) FROM memberships)`,
		"known to be refused": `INSERT INTO known_failures (sync_id, contact_id, fingerprint, known_by, outcome, reason, field, message, first_run, last_sent_at)
			SELECT sync_id, contact_id, fingerprint, '', 'refused', 'no', '', '', 1, 0 FROM memberships WHERE contact_id = (SELECT min(contact_id) FROM memberships)`,
		"batches of ended runs":     `UPDATE batches SET blob = unhex('00') WHERE run_id = (SELECT min(id) FROM runs)`,
		"settled batches":           `UPDATE batches SET blob = unhex('00') WHERE state = 'split'`,
		"have lost their members":   `UPDATE batches SET blob = NULL WHERE state = 'sent'`,
		"that ended runs have seen": `INSERT INTO seen (run_id, kind, chunk, bits) SELECT min(id), 'read', 0, unhex('00') FROM runs`,
		"open although a newer one": `UPDATE runs SET state = 'open' WHERE number = 1`,
		"drawn to be read back":     `INSERT INTO drawn (run_id, members) SELECT min(id), unhex('00') FROM runs`,
		"samples of plans": `INSERT INTO samples (run_id, kind, contact_id, why, fields)
			SELECT min(runs.id), 'new', min(contacts.id), '', '[]' FROM runs CROSS JOIN contacts`,
		"batches that their run does not": `UPDATE runs SET batches = 1 WHERE state = 'open' AND number = 2`,
		"neither wait nor are done with":  `UPDATE notifications SET state = 'lost'`,
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			address := ledgertest.Address(t)
			l := busyLedger(t, address)
			require.NoError(t, l.EnsureWorkspace(t.Context(), "other"))
			db := ledgertest.SQL(t, address)
			_, err := db.ExecContext(t.Context(), damage)
			require.NoError(t, err)
			findings, err := l.Check(t.Context())
			require.NoError(t, err)
			var found *ledger.Finding
			for _, f := range findings {
				require.NotContains(t, f.What+f.Remedy, "+49")
				if strings.Contains(f.What, what) {
					found = &f
				}
			}
			require.NotNil(t, found, "%v", findings)
			_, statement, ok := strings.Cut(found.Remedy, "run: ")
			if !ok {
				return // It is for a person to do.
			}
			statement, _, _ = strings.Cut(statement, ";")
			_, err = db.ExecContext(t.Context(), statement)
			require.NoError(t, err)
			findings, err = l.Check(t.Context())
			require.NoError(t, err)
			for _, f := range findings {
				require.NotContains(t, f.What, what)
			}
		})
	}
}

func TestDamageOfAFileIsFound(t *testing.T) {
	t.Parallel()
	address := ledgertest.SQLite(t)
	l := openWith(t, address)
	o := opening("a")
	o.BatchSize = 5000
	wholeRun(t, l, o, members(0, 5000, "v1"), all(audience.Created, 5000))
	db := ledgertest.SQL(t, address)
	_, err := db.ExecContext(t.Context(), `DELETE FROM contacts WHERE id = 7`)
	require.NoError(t, err)
	findings, err := l.Check(t.Context())
	require.NoError(t, err)
	require.Len(t, findings, 2)
	require.Equal(t, "1 rows of memberships refer to contacts that are not there", findings[0].What)

	// A page in the middle of the file is overwritten.
	var page, pages int64
	require.NoError(t, db.QueryRowContext(t.Context(), `SELECT page_size, page_count FROM pragma_page_size, pragma_page_count`).Scan(&page, &pages))
	require.NoError(t, l.Close())
	file, err := os.OpenFile(strings.TrimPrefix(address, "sqlite:"), os.O_RDWR, 0)
	require.NoError(t, err)
	_, err = file.WriteAt(make([]byte, page), page*(pages/2))
	require.NoError(t, err)
	require.NoError(t, file.Close())
	findings, err = openWith(t, address).Check(t.Context())
	if err == nil {
		require.Contains(t, findings[0].What, "the file is damaged")
	} else {
		require.ErrorContains(t, err, "malformed")
	}
}
