package zeotap_test

import (
	"bytes"
	"compress/gzip"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"audiencesync/internal/audience"
	"audiencesync/internal/config"
	"audiencesync/internal/zeotap"
)

// planted stands for contact data: no error may hold it.
const planted = "planted.person@example.test"

// deliver writes a file of an export that was last changed an hour ago.
func deliver(t *testing.T, folder, key string, content []byte) {
	t.Helper()
	path := filepath.Join(folder, filepath.FromSlash(key))
	require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o700))
	require.NoError(t, os.WriteFile(path, content, 0o600))
	changedAgo(t, folder, key, time.Hour)
}

func changedAgo(tb testing.TB, folder, key string, ago time.Duration) {
	tb.Helper()
	at := time.Now().Add(-ago)
	require.NoError(tb, os.Chtimes(filepath.Join(folder, filepath.FromSlash(key)), at, at))
}

func packed(t *testing.T, content string) []byte {
	t.Helper()
	var buffer bytes.Buffer
	writer := gzip.NewWriter(&buffer)
	_, err := writer.Write([]byte(content))
	require.NoError(t, err)
	require.NoError(t, writer.Close())
	return buffer.Bytes()
}

// settings are those of an export of sets: 984/2026-11-20/part-0001.csv.gz.
func settings(folder string, format config.ExportFormat) config.ZeotapExport {
	s := config.DefaultZeotapExport()
	s.URL = folder
	s.Pattern = `{audience}/(?P<set>[^/]+)/part-.+`
	s.Format = format
	return s
}

func newExport(tb testing.TB, s config.ZeotapExport) zeotap.Source {
	tb.Helper()
	source, err := zeotap.NewExport("drop", s, nil)
	require.NoError(tb, err)
	return source
}

func open(t *testing.T, source zeotap.Source) audience.Snapshot {
	t.Helper()
	snapshot, err := source.Open(t.Context(), "984")
	require.NoError(t, err)
	return snapshot
}

func readerOf(t *testing.T, source zeotap.Source, snapshot audience.Snapshot) zeotap.Reader {
	t.Helper()
	reader, err := source.Reader(t.Context(), snapshot)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, reader.Close()) })
	return reader
}

// readFrom reads page after page to the last one.
func readFrom(t *testing.T, reader zeotap.Reader, at audience.Cursor) []audience.Member {
	t.Helper()
	var members []audience.Member
	for {
		page, err := reader.Page(t.Context(), at)
		require.NoError(t, err)
		members = append(members, page.Members...)
		if page.Last {
			return members
		}
		at = page.Next
	}
}

// readAll reads a whole audience, and requires that the read was complete.
func readAll(t *testing.T, source zeotap.Source) []audience.Member {
	t.Helper()
	reader := readerOf(t, source, open(t, source))
	members := readFrom(t, reader, "")
	completeness, err := reader.Finish(t.Context(), int64(len(members)))
	require.NoError(t, err)
	require.Equal(t, audience.Completeness{Complete: true}, completeness)
	return members
}

// readUntilError reads a whole audience and returns what stopped it.
func readUntilError(t *testing.T, source zeotap.Source) error {
	t.Helper()
	snapshot, err := source.Open(t.Context(), "984")
	if err != nil {
		return err
	}
	reader := readerOf(t, source, snapshot)
	at := audience.Cursor("")
	for {
		page, err := reader.Page(t.Context(), at)
		if err != nil {
			return err
		}
		require.False(t, page.Last, "the read ended well")
		at = page.Next
	}
}

// failure requires an error of the package, of a kind, without contact data.
func failure(t *testing.T, err error, kind zeotap.Kind) zeotap.Error {
	t.Helper()
	var failed *zeotap.Error
	require.ErrorAs(t, err, &failed)
	require.Equal(t, kind, failed.Kind, failed.Error())
	require.NotContains(t, failed.Error(), planted)
	return *failed
}
