package main

import (
	"encoding/json"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"audiencesync/internal/beginning"
	"audiencesync/internal/ledger"
)

// rebuild runs "ledger rebuild" with the desk's ledger and connections.
func (d *desk) rebuild(t *testing.T, args ...string) answer {
	t.Helper()
	return call(t, append([]string{
		"ledger", "rebuild", "--connections", d.file("connections.yaml"), "--ledger", "sqlite:" + d.file("ledger.db"),
	}, args...)...)
}

func TestLedgerRebuildRecordsTheSegmentsOfAllSyncs(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	references := d.fill(3)
	content, err := os.ReadFile(d.file("sync.yaml"))
	require.NoError(t, err)
	other := strings.NewReplacer("sync: demo", "sync: other").Replace(string(content))
	require.NoError(t, os.WriteFile(d.file("other.yaml"), []byte(other), 0o600))

	done := d.rebuild(t, "-o", "json", d.file("sync.yaml"), d.file("other.yaml"))
	require.Zero(t, done.code, done.stderr)
	var all []beginning.Adopted
	require.NoError(t, json.Unmarshal([]byte(done.stdout), &all))
	require.Len(t, all, 2)
	for i, sync := range []string{"demo", "other"} {
		require.Equal(t, sync, all[i].Sync)
		require.EqualValues(t, len(references), all[i].Members)
		require.EqualValues(t, 2, all[i].NotOurs)
		exported := call(t, "ledger", "export", sync, "--ledger", "sqlite:"+d.file("ledger.db"))
		require.Zero(t, exported.code, exported.stderr)
		for _, reference := range references {
			require.Contains(t, exported.stdout, reference)
		}
	}
	require.Equal(t, ledger.Beginning{Kind: ledger.BeginningAdopted, NotOurs: 2}, d.beginning(t))

	text := d.rebuild(t, d.file("sync.yaml"), d.file("other.yaml"))
	require.Zero(t, text.code, text.stderr)
	require.Equal(t, 2, strings.Count(text.stdout, "Adopted. Nothing was sent"))
}

func TestLedgerRebuildEndsAtTheFirstSyncThatFailsAndNamesIt(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.fill(1)
	nothing := d.rebuild(t)
	require.Equal(t, exitUsage, nothing.code)
	missing := d.rebuild(t, d.file("sync.yaml"), d.file("nobody.yaml"))
	require.Equal(t, exitUsage, missing.code)
	require.Contains(t, missing.stderr, "nobody.yaml")
	require.Equal(t, ledger.BeginningAdopted, d.beginning(t).Kind, "the one before it stands")
	d.edit(t, "sync.yaml", "segment: seg-984", "segment: seg-000")
	refused := d.rebuild(t, d.file("sync.yaml"))
	require.Equal(t, exitFailed, refused.code)
	require.Contains(t, refused.stderr, "error: sync demo: connection charles-demo: ")
	require.Contains(t, refused.stderr, "segment seg-000")
}
