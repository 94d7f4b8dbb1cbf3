package simulator_test

import (
	"bufio"
	"compress/gzip"
	"context"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"audiencesync/internal/simulator"
	"audiencesync/internal/simulator/people"
)

// exported reads the files of the only set below dir, in the order of their names.
func exported(t *testing.T, dir string, files int) []io.Reader {
	t.Helper()
	sets, err := filepath.Glob(filepath.Join(dir, "984", "*"))
	require.NoError(t, err)
	require.Len(t, sets, 1)
	require.FileExists(t, filepath.Join(sets[0], "_DONE"))
	parts, err := filepath.Glob(filepath.Join(sets[0], "part-*"))
	require.NoError(t, err)
	require.Len(t, parts, files)
	readers := make([]io.Reader, len(parts))
	for i, part := range parts {
		file, err := os.Open(part)
		require.NoError(t, err)
		t.Cleanup(func() { _ = file.Close() })
		readers[i] = file
		if strings.HasSuffix(part, ".gz") {
			readers[i], err = gzip.NewReader(file)
			require.NoError(t, err)
		}
	}
	return readers
}

// readers of the members of one file, as JSON objects.
var exportReaders = map[string]func(*testing.T, io.Reader) []string{
	"ndjson": func(t *testing.T, r io.Reader) (members []string) {
		t.Helper()
		for lines := bufio.NewScanner(r); lines.Scan(); {
			members = append(members, lines.Text())
		}
		return members
	},
	"json": func(t *testing.T, r io.Reader) (members []string) {
		t.Helper()
		var list []json.RawMessage
		require.NoError(t, json.NewDecoder(r).Decode(&list))
		for _, member := range list {
			members = append(members, string(member))
		}
		return members
	},
}

func TestAnExportHoldsTheMembersOfThePages(t *testing.T) {
	t.Parallel()
	w := start(t, simulator.Options{Zeotap: simulator.ZeotapOptions{Members: 2503, Seed: 5}})
	paged, _ := w.read("")
	for format, read := range exportReaders {
		for _, compressed := range []bool{false, true} {
			t.Run(fmt.Sprint(format, compressed), func(t *testing.T) {
				t.Parallel()
				dir := t.TempDir()
				require.NoError(t, w.WriteExport(t.Context(), dir, format, compressed, 3))
				members := make([]string, 0, 2503)
				for _, file := range exported(t, dir, 3) {
					members = append(members, read(t, file)...)
				}
				require.Len(t, members, len(paged))
				for i := range paged {
					require.Equal(t, string(paged[i]), members[i])
				}
			})
		}
	}
}

func TestACSVExportHoldsTheMembersOfThePages(t *testing.T) {
	t.Parallel()
	w := start(t, simulator.Options{Zeotap: simulator.ZeotapOptions{Members: 2503, Seed: 5}})
	dir := t.TempDir()
	require.NoError(t, w.WriteExport(t.Context(), dir, "csv", true, 2))
	i := int64(0)
	for _, file := range exported(t, dir, 2) {
		rows, err := csv.NewReader(file).ReadAll()
		require.NoError(t, err)
		require.Equal(t, people.Columns(), rows[0])
		for _, row := range rows[1:] {
			require.Equal(t, w.Crowd().Member(i).Row(), row)
			i++
		}
	}
	require.EqualValues(t, 2503, i)
}

func TestAnExportOfAnEmptyAudienceIsComplete(t *testing.T) {
	t.Parallel()
	for _, format := range []string{"csv", "ndjson", "json"} {
		dir := t.TempDir()
		require.NoError(t, simulator.New(simulator.Options{}).WriteExport(t.Context(), dir, format, false, 1))
		data, err := io.ReadAll(exported(t, dir, 1)[0])
		require.NoError(t, err)
		require.NotContains(t, string(data), "C0000")
		require.NotEmpty(t, data, "a file without a byte looks cut")
		if format == "json" {
			require.JSONEq(t, "[]", string(data))
		}
	}
}

func TestAnExportThatCannotBeWrittenIsNotDone(t *testing.T) {
	t.Parallel()
	s, dir := simulator.New(simulator.Options{Zeotap: simulator.ZeotapOptions{Members: 10}}), t.TempDir()
	require.ErrorContains(t, s.WriteExport(t.Context(), dir, "xml", false, 1), "csv, ndjson or json")
	require.ErrorContains(t, s.WriteExport(t.Context(), dir, "csv", false, 0), "at least one part")
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	require.ErrorIs(t, s.WriteExport(cancelled, dir, "csv", false, 1), context.Canceled)
	done, err := filepath.Glob(filepath.Join(dir, "*", "*", "_DONE"))
	require.NoError(t, err)
	require.Empty(t, done)
}
