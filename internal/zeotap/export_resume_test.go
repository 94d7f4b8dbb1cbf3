package zeotap_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"audiencesync/internal/audience"
	"audiencesync/internal/config"
	"audiencesync/internal/zeotap"
)

// threeFiles delivers three files with three members each.
func threeFiles(t *testing.T, folder string, format config.ExportFormat) {
	t.Helper()
	for part := range 3 {
		rows := make([]string, 3)
		for i := range rows {
			id := part*3 + i
			rows[i] = fmt.Sprintf(`{"a":"%d","b":"x","c":"y"}`, id)
			if format == config.FormatCSV {
				rows[i] = fmt.Sprintf("%d,x,y", id)
			}
		}
		deliver(t, folder, fmt.Sprintf("984/a/part-%d.gz", part), packed(t, file(format, rows)))
	}
}

func TestExportGoesOnInANewReaderFromEveryCursor(t *testing.T) {
	t.Parallel()
	for _, format := range []config.ExportFormat{config.FormatCSV, config.FormatNDJSON, config.FormatJSON} {
		t.Run(string(format), func(t *testing.T) {
			t.Parallel()
			folder := t.TempDir()
			threeFiles(t, folder, format)
			s := settings(folder, format)
			s.PageSize = 2
			source := newExport(t, s)
			snapshot := open(t, source)
			whole := readFrom(t, readerOf(t, source, snapshot), "")
			require.Len(t, whole, 9)

			one := readerOf(t, source, snapshot)
			at, read := audience.Cursor(""), 0
			for {
				// Another worker: it knows the stored snapshot and cursor only.
				another := readerOf(t, newExport(t, s), snapshot)
				require.Equal(t, whole[read:], append([]audience.Member{}, readFrom(t, another, at)...), "from cursor %q", at)
				page, err := one.Page(t.Context(), at)
				require.NoError(t, err)
				if page.Last {
					return
				}
				read += len(page.Members)
				at = page.Next
			}
		})
	}
}

func TestExportReadsAPageAgain(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	threeFiles(t, folder, config.FormatCSV)
	s := settings(folder, config.FormatCSV)
	s.PageSize = 4
	source := newExport(t, s)
	reader := readerOf(t, source, open(t, source))
	first, err := reader.Page(t.Context(), "")
	require.NoError(t, err)
	second, err := reader.Page(t.Context(), first.Next)
	require.NoError(t, err)
	for range 2 {
		again, err := reader.Page(t.Context(), first.Next)
		require.NoError(t, err)
		require.Equal(t, second, again)
	}
}

func TestExportGoesOnAfterACallThatWasCancelled(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	threeFiles(t, folder, config.FormatNDJSON)
	s := settings(folder, config.FormatNDJSON)
	s.PageSize = 2
	source := newExport(t, s)
	reader := readerOf(t, source, open(t, source))

	ctx, cancel := context.WithCancel(t.Context())
	first, err := reader.Page(ctx, "")
	require.NoError(t, err)
	cancel()
	_, err = reader.Page(ctx, "2:0")
	require.ErrorIs(t, err, context.Canceled)
	require.Len(t, readFrom(t, reader, first.Next), 7)
}

func TestExportRefusesFilesThatChangedAfterTheSnapshot(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		change func(t *testing.T, folder string)
		want   string
	}{
		"another size": {func(t *testing.T, folder string) {
			t.Helper()
			deliver(t, folder, "984/a/part-1.gz", packed(t, strings.Repeat("{}\n", 100)))
		}, "was written again"},
		"another time": {func(t *testing.T, folder string) {
			t.Helper()
			changedAgo(t, folder, "984/a/part-1.gz", 20*time.Minute)
		}, "was written again"},
		"gone": {func(t *testing.T, folder string) {
			t.Helper()
			require.NoError(t, os.Remove(filepath.Join(folder, "984", "a", "part-1.gz")))
		}, "is gone"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			folder := t.TempDir()
			threeFiles(t, folder, config.FormatNDJSON)
			s := settings(folder, config.FormatNDJSON)
			s.PageSize = 3
			source := newExport(t, s)
			reader := readerOf(t, source, open(t, source))
			first, err := reader.Page(t.Context(), "")
			require.NoError(t, err)

			c.change(t, folder)
			_, err = reader.Page(t.Context(), first.Next)
			failed := failure(t, err, zeotap.SnapshotChanged)
			require.Equal(t, "984/a/part-1.gz", failed.Place)
			require.Contains(t, failed.Text, c.want)
		})
	}
}

func TestExportRefusesAFileThatIsCutWhileItIsRead(t *testing.T) {
	t.Parallel()
	const row = `{"a":"0123456789"}`
	cases := map[string]int64{"between two records": 100_000 * int64(len(row)+1), "in a record": 100_000*int64(len(row)+1) + 5}
	for name, size := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			folder := t.TempDir()
			deliver(t, folder, "984/a/part-1", []byte(strings.Repeat(row+"\n", 200_000)))
			source := newExport(t, settings(folder, config.FormatNDJSON))
			reader := readerOf(t, source, open(t, source))
			page, err := reader.Page(t.Context(), "")
			require.NoError(t, err)

			require.NoError(t, os.Truncate(filepath.Join(folder, "984", "a", "part-1"), size))
			for err == nil {
				page, err = reader.Page(t.Context(), page.Next)
			}
			failed := failure(t, err, zeotap.SnapshotChanged)
			require.Equal(t, "984/a/part-1", failed.Place)
		})
	}
}

func TestExportReadIsNotCompleteWhenFilesChangedUnderIt(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		change func(t *testing.T, folder string)
		want   string
	}{
		"a file read before was written again": {func(t *testing.T, folder string) {
			t.Helper()
			changedAgo(t, folder, "984/a/part-0.gz", 20*time.Minute)
		}, "984/a/part-0.gz was written again"},
		"a file read before is gone": {func(t *testing.T, folder string) {
			t.Helper()
			require.NoError(t, os.Remove(filepath.Join(folder, "984", "a", "part-0.gz")))
		}, "984/a/part-0.gz is no longer there"},
		"all files are gone": {func(t *testing.T, folder string) {
			t.Helper()
			require.NoError(t, os.RemoveAll(filepath.Join(folder, "984")))
		}, "984/a/part-0.gz is no longer there"},
		"a file came late": {func(t *testing.T, folder string) {
			t.Helper()
			deliver(t, folder, "984/a/part-9.gz", packed(t, "{}"))
		}, "984/a/part-9.gz was added"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			folder := t.TempDir()
			threeFiles(t, folder, config.FormatNDJSON)
			source := newExport(t, settings(folder, config.FormatNDJSON))
			reader := readerOf(t, source, open(t, source))
			require.Len(t, readFrom(t, reader, ""), 9)

			c.change(t, folder)
			completeness, err := reader.Finish(t.Context(), 9)
			require.NoError(t, err)
			require.False(t, completeness.Complete)
			require.Contains(t, completeness.Why, c.want)
		})
	}
}

func TestExportReadIsCompleteWhenANewerSetCameMeanwhile(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	threeFiles(t, folder, config.FormatNDJSON)
	source := newExport(t, settings(folder, config.FormatNDJSON))
	reader := readerOf(t, source, open(t, source))
	deliver(t, folder, "984/b/part-0.gz", packed(t, "{}"))
	require.Len(t, readFrom(t, reader, ""), 9)
	completeness, err := reader.Finish(t.Context(), 9)
	require.NoError(t, err)
	require.True(t, completeness.Complete)
}

func TestExportRefusesACursorOrSnapshotOfAnotherSource(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	threeFiles(t, folder, config.FormatNDJSON)
	source := newExport(t, settings(folder, config.FormatNDJSON))
	snapshot := open(t, source)
	reader := readerOf(t, source, snapshot)
	for _, at := range []audience.Cursor{"4:0", "-1:0", "0:-1", "0", `{"page":2,"cursor":"x"}`} {
		_, err := reader.Page(t.Context(), at)
		failure(t, err, zeotap.SnapshotChanged)
	}
	for _, token := range []string{"", "opaque", `{"files":[]}`, strings.Replace(snapshot.Token, "part-0", "part-7", 1)} {
		other := snapshot
		other.Token = token
		_, err := source.Reader(t.Context(), other)
		failure(t, err, zeotap.SnapshotChanged)
	}
}
