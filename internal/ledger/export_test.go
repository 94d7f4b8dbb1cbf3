package ledger_test

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"audiencesync/internal/audience"
	"audiencesync/internal/ledger"
	"audiencesync/internal/ledger/ledgertest"
)

func exportOf(tb testing.TB, l *ledger.Ledger) *ledger.Export {
	tb.Helper()
	export, err := l.Export("spring")
	require.NoError(tb, err)
	return export
}

func exportState(tb testing.TB, export *ledger.Export) *ledger.ExportState {
	tb.Helper()
	state, err := export.State(tb.Context())
	require.NoError(tb, err)
	return state
}

// insert makes a record of a member.
func insert(export *ledger.Export, id string) ledger.ExportChange {
	return ledger.ExportChange{Member: export.Digest(id), Fields: audience.Member{"id": id, "name": "Zoë Beispiel"}}
}

// applyFull applies a full set of members.
func applyFull(tb testing.TB, export *ledger.Export, ids ...string) *ledger.ExportState {
	tb.Helper()
	state := exportState(tb, export)
	require.NoError(tb, export.Begin(tb.Context(), state, ledger.ExportSet{Name: "1", Place: "1", Full: true, Files: "[]", AsOf: time.Now()}))
	changes := make([]ledger.ExportChange, len(ids))
	for i, id := range ids {
		changes[i] = insert(export, id)
	}
	require.NoError(tb, export.Apply(tb.Context(), state, changes, "end"))
	endSet(tb, export, state)
	return state
}

func endSet(tb testing.TB, export *ledger.Export, state *ledger.ExportState) {
	tb.Helper()
	for done := false; !done; {
		var err error
		done, err = export.End(tb.Context(), state)
		require.NoError(tb, err)
	}
}

func TestAnExportsMembersAreReadInOneOrderPageByPage(t *testing.T) {
	t.Parallel()
	export := exportOf(t, openWith(t, ledgertest.Address(t), ledger.WithFailureKey(secret)))
	state := applyFull(t, export, "a", "b", "c", "d", "e")
	var ids []any
	after, last := int64(0), false
	for !last {
		members, next, ended, err := export.Page(t.Context(), state.Version, after, 2, 1<<20)
		require.NoError(t, err)
		for _, member := range members {
			ids = append(ids, member["id"])
		}
		after, last = next, ended
	}
	require.Equal(t, []any{"a", "b", "c", "d", "e"}, ids)
	members, _, ended, err := export.Page(t.Context(), state.Version, 0, 100, 1)
	require.NoError(t, err)
	require.Len(t, members, 1, "large members come one by one")
	require.False(t, ended)

	_, _, _, err = export.Page(t.Context(), state.Version+1, 0, 2, 1<<20)
	require.ErrorIs(t, err, ledger.ErrMoved)
}

func TestAnExportsStateIsTheSameForTheNextProcess(t *testing.T) {
	t.Parallel()
	address := ledgertest.Address(t)
	first, err := ledger.Open(t.Context(), address, ledger.WithFailureKey(secret))
	require.NoError(t, err)
	export := exportOf(t, first)
	state := applyFull(t, export, "a", "b")
	at := time.Date(2026, 11, 20, 6, 0, 0, 0, time.UTC)
	set := ledger.ExportSet{Name: "2", Place: "2", Basis: "basis", Files: "files", AsOf: at}
	require.NoError(t, export.Begin(t.Context(), state, set))
	require.NoError(t, export.Apply(t.Context(), state, []ledger.ExportChange{insert(export, "c")}, "half"))
	require.NoError(t, first.Close())

	next := exportOf(t, openWith(t, address, ledger.WithFailureKey(secret)))
	loaded := exportState(t, next)
	require.Equal(t, state.Last(), loaded.Last())
	require.Equal(t, at, loaded.Last().AsOf)
	require.Equal(t, "half", loaded.Last().Cursor)
	require.False(t, loaded.Last().Applied)
	require.Equal(t, int64(3), loaded.Members)
	_, _, _, err = next.Page(t.Context(), loaded.Version, 0, 10, 1<<20)
	require.ErrorIs(t, err, ledger.ErrMoved, "nobody reads half a set")
	require.NoError(t, next.Apply(t.Context(), loaded, []ledger.ExportChange{{Operation: ledger.ExportDelete, Member: next.Digest("a")}}, "end"))
	endSet(t, next, loaded)
	require.Equal(t, ledger.ExportCounts{Inserted: 1, Deleted: 1}, exportState(t, next).Last().Counts)
	require.Equal(t, int64(2), exportState(t, next).Members)
}

func TestAnExportIsChangedOnlyByWhoeverKnowsItsState(t *testing.T) {
	t.Parallel()
	export := exportOf(t, openWith(t, ledgertest.Address(t), ledger.WithFailureKey(secret)))
	set := ledger.ExportSet{Name: "1", Place: "1", Full: true, Files: "[]"}
	ours, theirs := exportState(t, export), exportState(t, export)
	require.NoError(t, export.Begin(t.Context(), ours, set))
	require.ErrorIs(t, export.Begin(t.Context(), theirs, set), ledger.ErrMoved)
	theirs = exportState(t, export)
	record := []ledger.ExportChange{insert(export, "a")}
	require.NoError(t, export.Apply(t.Context(), ours, record, "1"))
	before := *theirs
	require.ErrorIs(t, export.Apply(t.Context(), theirs, record, "1"), ledger.ErrMoved)
	require.Equal(t, before, *theirs, "a failed write leaves the state as it was")
	_, err := export.End(t.Context(), theirs)
	require.ErrorIs(t, err, ledger.ErrMoved)
	require.ErrorIs(t, export.SameFiles(t.Context(), theirs, 0, "x"), ledger.ErrMoved)
	require.Equal(t, int64(1), exportState(t, export).Last().Counts.Inserted)
	require.Error(t, export.Begin(t.Context(), ours, ledger.ExportSet{Name: "2", Place: "2", Files: "[]"}), "a set follows one that was applied as a whole")
}

func TestAFullSetReplacesManyMembersInSmallSteps(t *testing.T) {
	t.Parallel()
	export := exportOf(t, openWith(t, ledgertest.Address(t), ledger.WithFailureKey(secret)))
	ids := make([]string, 12_000)
	for i := range ids {
		ids[i] = string(rune('a'+i%26)) + time.Duration(i).String()
	}
	applyFull(t, export, ids...)
	state := exportState(t, export)
	require.NoError(t, export.Begin(t.Context(), state, ledger.ExportSet{Name: "2", Place: "2", Full: true, Files: "[]"}))
	require.NoError(t, export.Apply(t.Context(), state, []ledger.ExportChange{insert(export, ids[11_999]), insert(export, "new")}, "end"))
	steps := 0
	for done := false; !done; steps++ {
		var err error
		done, err = export.End(t.Context(), exportState(t, export))
		require.NoError(t, err)
	}
	require.Equal(t, 3, steps)
	state = exportState(t, export)
	require.Equal(t, int64(2), state.Members)
	require.Equal(t, ledger.ExportCounts{Inserted: 1, Known: 1, Replaced: 11_999}, state.Last().Counts)
	require.Len(t, state.Sets, 1, "what is replaced is forgotten")
	members, _, last, err := export.Page(t.Context(), state.Version, 0, 10, 1<<20)
	require.NoError(t, err)
	require.True(t, last)
	require.Len(t, members, 2)
}

func TestAnExportsMembersAreReadableWithTheKeyOnly(t *testing.T) {
	t.Parallel()
	address := ledgertest.Address(t)
	l, err := ledger.Open(t.Context(), address, ledger.WithFailureKey(secret))
	require.NoError(t, err)
	version := applyFull(t, exportOf(t, l), "0151 00000000").Version
	require.NoError(t, l.Close())

	other := exportOf(t, openWith(t, address, ledger.WithFailureKey([]byte("another sixteen bytes"))))
	_, _, _, err = other.Page(t.Context(), version, 0, 10, 1<<20)
	require.ErrorContains(t, err, "encrypted with another failure key")
}

func TestAnExportsMembersAreNowhereInTheFile(t *testing.T) {
	t.Parallel()
	address := ledgertest.SQLite(t)
	l, err := ledger.Open(t.Context(), address, ledger.WithFailureKey(secret))
	require.NoError(t, err)
	applyFull(t, exportOf(t, l), "0151 00000000")
	require.NoError(t, l.Close())
	files, err := filepath.Glob(strings.TrimPrefix(address, "sqlite:") + "*")
	require.NoError(t, err)
	require.NotEmpty(t, files)
	for _, file := range files {
		content, err := os.ReadFile(file)
		require.NoError(t, err)
		require.False(t, bytes.Contains(content, []byte("Beispiel")) || bytes.Contains(content, []byte("0151 00000000")), file)
	}
}
