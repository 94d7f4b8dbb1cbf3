package main

import (
	"encoding/json"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"audiencesync/internal/ledger"
)

// withDifferences makes a run in the desk's ledger whose segment held a foreign contact
// with a wild name in the place of a member.
func withDifferences(t *testing.T, d *desk) {
	t.Helper()
	withFailure(t, d, "") // id-2 was created.
	book, err := ledger.Open(t.Context(), "sqlite:"+d.file("ledger.db"))
	require.NoError(t, err)
	defer func() { require.NoError(t, book.Close()) }()
	ref, err := book.OpenRun(t.Context(), ledger.Opening{
		Token: "two", Sync: "demo", Workspace: "w", AudienceID: "984", Reference: "id raw", Spec: []byte("{}"), BatchSize: 2,
	})
	require.NoError(t, err)
	comparing, err := book.Compare(t.Context(), ref)
	require.NoError(t, err)
	require.NoError(t, comparing.Take(t.Context(), []ledger.Listed{{References: []string{"id-9" + wild}}}))
	_, err = comparing.End(t.Context(), false)
	require.NoError(t, err)
	require.NoError(t, book.CloseRun(t.Context(), ref, ledger.Closing{Report: []byte("{}"), Complete: true, Compared: true}))
}

// differences lists the differences of the desk's ledger.
func (d *desk) differences(t *testing.T, args ...string) answer {
	t.Helper()
	return call(t, append([]string{"differences", "demo", "--ledger", "sqlite:" + d.file("ledger.db")}, args...)...)
}

func TestDifferencesNameWhomTheSegmentLacksAndWhoIsForeign(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	withDifferences(t, d)
	require.Equal(t, answer{stdout: " kind         reference\n foreign      id-9" + tamed + "\n not_visible  id-2\n", stderr: "run 2 has found 2 differences\n"}, d.differences(t))
	require.Equal(t, answer{stdout: "kind,reference\nforeign,\"id-9" + wild[:len(wild)-4] + "\rfar\"\nnot_visible,id-2\n"}, d.differences(t, "-o", "csv"))
	listed := d.differences(t, "-o", "json", "--run", "2")
	require.Zero(t, listed.code, listed.stderr)
	var found []ledger.Difference
	require.NoError(t, json.Unmarshal([]byte(listed.stdout), &found))
	require.Equal(t, []ledger.Difference{
		{Kind: ledger.DifferenceForeign, Reference: "id-9" + wild}, {Kind: ledger.DifferenceNotVisible, Reference: "id-2"},
	}, found)

	require.Equal(t, answer{stderr: "nothing was compared in run 1\n"}, d.differences(t, "--run", "1"))
	require.JSONEq(t, "[]", d.differences(t, "--run", "1", "-o", "json").stdout)
	book, err := ledger.Open(t.Context(), "sqlite:"+d.file("ledger.db"))
	require.NoError(t, err)
	for _, told := range []struct{ report, says string }{
		{`{"segment": {"comparison": {}}}`, "no differences: run 3 has compared the segment, contact by contact\n"},
		{`{"segment": {"not_compared": "the sync asks for numbers only"}}`, "nothing was compared in run 4: the sync asks for numbers only\n"},
		{`{"read_back": {"sampled": 5, "same": 5}}`, "no differences in the sample that run 5 has read back; the segment was not compared\n"},
	} {
		ref, err := book.OpenRun(t.Context(), ledger.Opening{
			Token: told.says, Sync: "demo", Workspace: "w", AudienceID: "984", Reference: "id raw", Spec: []byte("{}"), BatchSize: 2,
		})
		require.NoError(t, err)
		require.Equal(t, answer{stderr: fmt.Sprintf("run %d, which is going, has compared nothing yet\n", ref.Run)}, d.differences(t))
		require.NoError(t, book.CloseRun(t.Context(), ref, ledger.Closing{Report: []byte(told.report)}))
		require.Equal(t, answer{stderr: told.says}, d.differences(t))
	}
	require.NoError(t, book.Close())
	missing := d.differences(t, "--run", "9")
	require.Equal(t, exitUsage, missing.code)
	require.Equal(t, "error: sync demo has no run 9: its runs are 1 to 5\n", missing.stderr)
}
