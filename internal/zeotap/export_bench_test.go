package zeotap_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"audiencesync/internal/audience"
	"audiencesync/internal/config"
)

func BenchmarkExportReadsCompressedCSV(b *testing.B) {
	folder := b.TempDir()
	writeLarge(b, folder, b.N)
	source := newExport(b, settings(folder, config.FormatCSV))
	snapshot, err := source.Open(b.Context(), "984")
	require.NoError(b, err)
	reader, err := source.Reader(b.Context(), snapshot)
	require.NoError(b, err)
	b.ReportAllocs()
	b.ResetTimer()
	for at, last := audience.Cursor(""), false; !last; {
		page, err := reader.Page(b.Context(), at)
		require.NoError(b, err)
		at, last = page.Next, page.Last
	}
}
