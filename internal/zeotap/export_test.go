package zeotap_test

import (
	"encoding/json"
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

func TestExportReadsTheSameMembersFromEveryFormat(t *testing.T) {
	t.Parallel()
	want := []audience.Member{
		{"id": "1", "name": "Zoë, \"Z\""},
		{"id": "2", "name": "two\nlines"},
		{"id": "3", "name": ""},
	}
	csv := "id,name\n1,\"Zoë, \"\"Z\"\"\"\n2,\"two\nlines\"\n3,\n"
	ndjson := `{"id":"1","name":"Zoë, \"Z\""}` + "\n" + `{"id":"2","name":"two\nlines"}` + "\n\n" + `{"id":"3","name":""}`
	array := "[\n" + strings.Join(strings.Split(strings.ReplaceAll(ndjson, "\n\n", "\n"), "\n"), ",\n") + "\n]\n"
	const mark = "\ufeff"
	cases := map[string]struct {
		format    config.ExportFormat
		delimiter string
		content   string
	}{
		"csv":                         {config.FormatCSV, ",", csv},
		"csv with windows line ends":  {config.FormatCSV, ",", strings.ReplaceAll(strings.ReplaceAll(csv, "\n", "\r\n"), "two\r\n", "two\n")},
		"csv with semicolons":         {config.FormatCSV, ";", "id;name\n1;\"Zoë, \"\"Z\"\"\"\n2;\"two\nlines\"\n3;\n"},
		"csv with tabs":               {config.FormatCSV, "\t", "id\tname\n1\t\"Zoë, \"\"Z\"\"\"\n2\t\"two\nlines\"\n3\t\n"},
		"csv without a last line end": {config.FormatCSV, ",", strings.TrimSuffix(csv, "\n")},
		"csv with a mark":             {config.FormatCSV, ",", mark + csv},
		"ndjson":                      {config.FormatNDJSON, ",", ndjson},
		"ndjson with a mark":          {config.FormatNDJSON, ",", mark + ndjson + "\n"},
		"json":                        {config.FormatJSON, ",", array},
		"json with a mark":            {config.FormatJSON, ",", mark + array},
	}
	for name, c := range cases {
		for _, compressed := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, compressed %t", name, compressed), func(t *testing.T) {
				t.Parallel()
				folder := t.TempDir()
				if compressed {
					deliver(t, folder, "984/a/part-1.gz", packed(t, c.content))
				} else {
					deliver(t, folder, "984/a/part-1", []byte(c.content))
				}
				s := settings(folder, c.format)
				s.Delimiter = c.delimiter
				require.Equal(t, want, readAll(t, newExport(t, s)))
			})
		}
	}
}

func TestExportKeepsJSONValuesAsTheyAre(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	deliver(t, folder, "984/a/part-1", []byte(`[{"n":12345678901234567890,"b":true,"x":null,"l":["a"],"o":{"k":1.50}}]`))
	require.Equal(t, []audience.Member{{
		"n": json.Number("12345678901234567890"), "b": true, "x": nil,
		"l": []any{"a"}, "o": map[string]any{"k": json.Number("1.50")},
	}}, readAll(t, newExport(t, settings(folder, config.FormatJSON))))
}

func TestExportReadsAllFilesOfASetInTheOrderOfTheirKeys(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	deliver(t, folder, "984/a/part-3.csv", []byte("name,id\nn5,5\n"))
	deliver(t, folder, "984/a/part-1.csv.gz", packed(t, "id,name\n1,n1\n2,n2\n3,n3\n"))
	deliver(t, folder, "984/a/part-2.csv", []byte("id,name\n4,n4\n"))
	deliver(t, folder, "984/a/part-2-empty.csv", []byte("id,name\n"))
	for size := 1; size <= 6; size++ {
		s := settings(folder, config.FormatCSV)
		s.PageSize = size
		ids := make([]any, 0, 5)
		for _, member := range readAll(t, newExport(t, s)) {
			require.Equal(t, fmt.Sprintf("n%s", member["id"]), member["name"])
			ids = append(ids, member["id"])
		}
		require.Equal(t, []any{"1", "2", "3", "4", "5"}, ids, "page size %d", size)
	}
}

func TestExportOfAnEmptyAudienceIsALegalRead(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		format  config.ExportFormat
		key     string
		content []byte
	}{
		"csv with a header only":       {config.FormatCSV, "984/a/part-1.csv", []byte("id,name\n")},
		"an empty JSON array":          {config.FormatJSON, "984/a/part-1.json", []byte(" [ ] ")},
		"an empty line":                {config.FormatNDJSON, "984/a/part-1.ndjson", []byte("\n")},
		"nothing, whole when unpacked": {config.FormatNDJSON, "984/a/part-1.ndjson.gz", packed(t, "")},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			folder := t.TempDir()
			deliver(t, folder, c.key, c.content)
			require.Empty(t, readAll(t, newExport(t, settings(folder, c.format))))
		})
	}
}

func TestExportSnapshotDescribesTheSet(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	deliver(t, folder, "984/a/part-1.csv", []byte("id\n1\n"))
	source := newExport(t, settings(folder, config.FormatCSV))

	found, size, err := source.Identify(t.Context(), "984")
	require.NoError(t, err)
	require.Equal(t, audience.Audience{ID: "984"}, found)
	require.Nil(t, size)

	first := open(t, source)
	require.Equal(t, audience.Audience{ID: "984"}, first.Audience)
	require.Nil(t, first.Total)
	require.Nil(t, first.Reported)
	require.False(t, first.Pinned)
	require.WithinDuration(t, time.Now().Add(-time.Hour), first.AsOf, time.Minute)
	require.NotEmpty(t, first.Version)
	require.Equal(t, first, open(t, source), "the same files are the same version")

	changedAgo(t, folder, "984/a/part-1.csv", 2*time.Hour)
	require.NotEqual(t, first.Version, open(t, source).Version)
}

func TestExportReadsTheNewestSetThatHasSettled(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	deliver(t, folder, "984/z-old/part-1.csv", []byte("id\nold\n"))
	deliver(t, folder, "984/b/part-1.csv", []byte("id\nnew\n"))
	deliver(t, folder, "984/a/part-1.csv", []byte("id\nstill written\n"))
	changedAgo(t, folder, "984/z-old/part-1.csv", 3*time.Hour)
	changedAgo(t, folder, "984/a/part-1.csv", time.Minute)

	source := newExport(t, settings(folder, config.FormatCSV))
	require.Equal(t, []audience.Member{{"id": "new"}}, readAll(t, source))
	snapshot, err := source.Open(t.Context(), "984")
	require.NoError(t, err)
	require.Equal(t, "b", snapshot.Name)
	require.Len(t, snapshot.Notes, 1)
	require.Contains(t, snapshot.Notes[0], "set a of audience 984 is newer and was not read, because it is not complete: it changed at ")
}

func TestExportSaysUntilWhenASetIsNotSettled(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	deliver(t, folder, "984/a/part-1.csv", []byte("id\n1\n"))
	deliver(t, folder, "984/a/part-2.csv", []byte("id\n2\n"))
	changedAgo(t, folder, "984/a/part-2.csv", 4*time.Minute)
	source := newExport(t, settings(folder, config.FormatCSV))

	_, _, err := source.Identify(t.Context(), "984")
	require.NoError(t, err, "the audience exists")
	_, err = source.Open(t.Context(), "984")
	failed := failure(t, err, zeotap.NotSettled)
	require.WithinDuration(t, time.Now().Add(6*time.Minute), failed.Until, 30*time.Second)
	require.Contains(t, failed.Error(), failed.Until.Format(time.RFC3339))
	require.Contains(t, failed.Error(), "set a of audience 984")
}

func TestExportReadsASetWhenItsMarkerIsThere(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	deliver(t, folder, "984/a/part-1.csv", []byte("id\n1\n"))
	changedAgo(t, folder, "984/a/part-1.csv", 0)
	s := settings(folder, config.FormatCSV)
	s.Pattern = `{audience}/(?P<set>[^/]+)/.+`
	s.Marker = "{audience}/{set}/_DONE"
	source := newExport(t, s)

	_, err := source.Open(t.Context(), "984")
	failed := failure(t, err, zeotap.NotSettled)
	require.Contains(t, failed.Error(), "984/a/_DONE")
	require.Zero(t, failed.Until)

	deliver(t, folder, "984/a/_DONE", nil)
	require.Equal(t, []audience.Member{{"id": "1"}}, readAll(t, source), "the marker is no file of the set")
}

func TestExportTakesAllFilesAsOneSetWithoutASetGroup(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	deliver(t, folder, "seg_984_1.csv", []byte("id\n1\n"))
	deliver(t, folder, "seg_984_2.csv", []byte("id\n2\n"))
	deliver(t, folder, "seg_1984_1.csv", []byte("id\nnot ours\n"))
	deliver(t, folder, "seg_984_1.csv.tmp", []byte("id\nnot ours\n"))
	s := settings("file://"+folder, config.FormatCSV)
	s.Pattern = `seg_{audience}_\d\.csv`
	require.Equal(t, []audience.Member{{"id": "1"}, {"id": "2"}}, readAll(t, newExport(t, s)))
}

func TestExportTakesTheAudienceIDLiterally(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	deliver(t, folder, "9x4/a/part-1.csv", []byte("id\n1\n"))
	deliver(t, filepath.Dir(folder), "outside/a/part-1.csv", []byte("id\n1\n"))
	source := newExport(t, settings(folder, config.FormatCSV))
	for _, id := range []string{"9.4", ".*", "../outside", "9x4/a/part-1.csv|x"} {
		_, _, err := source.Identify(t.Context(), id)
		failure(t, err, zeotap.NothingToRead)
	}
}

func TestExportSaysWhatToCheckWhenThereIsNothing(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	deliver(t, folder, "1021/a/part-1.csv", []byte("id\n1\n"))
	source := newExport(t, settings(folder, config.FormatCSV))
	for _, try := range []func() error{
		func() error { _, _, err := source.Identify(t.Context(), "984"); return err },
		func() error { _, err := source.Open(t.Context(), "984"); return err },
	} {
		failed := failure(t, try(), zeotap.NothingToRead)
		text := failed.Error()
		require.Contains(t, text, folder)
		require.Contains(t, text, `{audience}/(?P<set>[^/]+)/part-.+`)
		require.Contains(t, text, "audience 984")
		require.Contains(t, text, "connection drop")
	}
}

func TestExportSaysThatItsFolderIsNotThere(t *testing.T) {
	t.Parallel()
	folder := filepath.Join(t.TempDir(), "missing")
	source := newExport(t, settings(folder, config.FormatCSV))
	_, _, err := source.Identify(t.Context(), "984")
	failed := failure(t, err, zeotap.Inaccessible)
	require.Contains(t, failed.Error(), folder)
}

func TestExportFollowsLinksToFilesAndToItsFolder(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	deliver(t, folder, "real/984/a/part-1.csv", []byte("id\n1\n"))
	deliver(t, folder, "elsewhere.csv", []byte("id\n2\n"))
	require.NoError(t, os.Symlink(filepath.Join(folder, "elsewhere.csv"), filepath.Join(folder, "real", "984", "a", "part-2.csv")))
	require.NoError(t, os.Symlink(filepath.Join(folder, "real"), filepath.Join(folder, "link")))
	source := newExport(t, settings(filepath.Join(folder, "link"), config.FormatCSV))
	require.Equal(t, []audience.Member{{"id": "1"}, {"id": "2"}}, readAll(t, source))
}

func TestExportRefusesSettingsThatCannotWork(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		change func(*config.ZeotapExport)
		want   string
	}{
		"no url":              {func(s *config.ZeotapExport) { s.URL = "" }, "url is missing"},
		"unknown scheme":      {func(s *config.ZeotapExport) { s.URL = "ftp://host/folder" }, "the scheme is not known"},
		"no bucket":           {func(s *config.ZeotapExport) { s.URL = "s3:///folder" }, "names no bucket"},
		"folder with a host":  {func(s *config.ZeotapExport) { s.URL = "file://data/zeotap" }, "file:///folder"},
		"no pattern":          {func(s *config.ZeotapExport) { s.Pattern = "" }, "pattern is missing"},
		"broken pattern":      {func(s *config.ZeotapExport) { s.Pattern = "{audience}/(" }, "is not a regular expression"},
		"unknown format":      {func(s *config.ZeotapExport) { s.Format = "xlsx" }, "csv, ndjson or json"},
		"unknown compression": {func(s *config.ZeotapExport) { s.Compression = "zip" }, "auto, none or gzip"},
		"long delimiter":      {func(s *config.ZeotapExport) { s.Delimiter = "||" }, "is not one character"},
		"no page size":        {func(s *config.ZeotapExport) { s.PageSize = 0 }, "page_size"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := settings(t.TempDir(), config.FormatCSV)
			c.change(&s)
			_, err := zeotap.NewExport("drop", s, nil)
			require.ErrorContains(t, err, "connection drop: ")
			require.ErrorContains(t, err, c.want)
		})
	}
}
