package zeotap_test

import (
	"compress/gzip"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"audiencesync/internal/audience"
	"audiencesync/internal/config"
)

// TestExportReadsALargeFileInLittleMemory is not parallel: it measures the heap.
func TestExportReadsALargeFileInLittleMemory(t *testing.T) {
	const records = 200_000
	folder := t.TempDir()
	writeLarge(t, folder, records)
	s := settings(folder, config.FormatCSV)
	s.PageSize = 1000
	source := newExport(t, s)
	reader := readerOf(t, source, open(t, source))

	before := heap()
	most, read, pages := uint64(0), 0, 0
	for at, last := audience.Cursor(""), false; !last; pages++ {
		page, err := reader.Page(t.Context(), at)
		require.NoError(t, err)
		read += len(page.Members)
		at, last = page.Next, page.Last
		if pages%20 == 0 {
			most = max(most, heap())
		}
	}
	require.Equal(t, records, read)
	grown := int64(most) - int64(before)
	t.Logf("heap grew by %d KiB over %d records", grown>>10, records)
	require.Less(t, grown, int64(8<<20), "the heap grew with the file")
}

func TestExportEndsAPageEarlyWhenRecordsAreLarge(t *testing.T) {
	t.Parallel()
	const records = 20
	folder := t.TempDir()
	row := strings.Repeat("x", 1<<20-10) + ",2,3"
	rows := make([]string, records)
	for i := range rows {
		rows[i] = row
	}
	deliver(t, folder, "984/a/part-1", []byte(file(config.FormatCSV, rows)))
	source := newExport(t, settings(folder, config.FormatCSV))
	reader := readerOf(t, source, open(t, source))
	read := 0
	for at, last := audience.Cursor(""), false; !last; {
		page, err := reader.Page(t.Context(), at)
		require.NoError(t, err)
		require.LessOrEqual(t, len(page.Members), 17)
		read += len(page.Members)
		at, last = page.Next, page.Last
	}
	require.Equal(t, records, read)
}

// writeLarge writes one compressed file of about 90 bytes a record.
func writeLarge(tb testing.TB, folder string, records int) {
	tb.Helper()
	path := filepath.Join(folder, "984", "a", "part-1.csv.gz")
	require.NoError(tb, os.MkdirAll(filepath.Dir(path), 0o700))
	out, err := os.Create(path)
	require.NoError(tb, err)
	writer, err := gzip.NewWriterLevel(out, gzip.BestSpeed)
	require.NoError(tb, err)
	_, err = fmt.Fprintln(writer, "id,first_name,last_name,phone,email,city")
	require.NoError(tb, err)
	for i := range records {
		_, err = fmt.Fprintf(writer, "%d,First%d,Last%d,+49151%08d,person%d@example.test,Town %d\n", i, i, i, i, i, i%100)
		require.NoError(tb, err)
	}
	require.NoError(tb, writer.Close())
	require.NoError(tb, out.Close())
	changedAgo(tb, folder, "984/a/part-1.csv.gz", time.Hour)
}

func heap() uint64 {
	runtime.GC()
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	return stats.HeapAlloc
}
