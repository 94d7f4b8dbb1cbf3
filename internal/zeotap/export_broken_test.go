package zeotap_test

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"audiencesync/internal/audience"
	"audiencesync/internal/config"
	"audiencesync/internal/zeotap"
)

func TestExportRefusesABrokenRecordWhereverItStands(t *testing.T) {
	t.Parallel()
	const records = 5
	cases := map[string]struct {
		format config.ExportFormat
		good   string
		bad    string
		want   string
	}{
		"csv, a short row":            {config.FormatCSV, "1,2,3", planted, "has 1 field where the header has 3"},
		"csv, a long row":             {config.FormatCSV, "1,2,3", "1,2,3," + planted, "has 4 fields where the header has 3"},
		"csv, a quote in a value":     {config.FormatCSV, "1,2,3", `1,a"` + planted + `",3`, "quote inside a value"},
		"csv, text behind a quote":    {config.FormatCSV, "1,2,3", `1,"a"` + planted + `,3`, "quoted value that does not end"},
		"csv, not UTF-8":              {config.FormatCSV, "1,2,3", "1,Z\xf6e " + planted + ",3", "is not UTF-8"},
		"ndjson, not JSON":            {config.FormatNDJSON, `{"a":"1"}`, `{"a":` + planted + `}`, "is not valid JSON"},
		"ndjson, a text":              {config.FormatNDJSON, `{"a":"1"}`, `"` + planted + `"`, "is not a JSON object"},
		"ndjson, a list":              {config.FormatNDJSON, `{"a":"1"}`, `["` + planted + `"]`, "set format: json"},
		"ndjson, null":                {config.FormatNDJSON, `{"a":"1"}`, `null`, "is not a JSON object"},
		"ndjson, not UTF-8":           {config.FormatNDJSON, `{"a":"1"}`, `{"a":"` + planted + "\xff\"}", "is not UTF-8"},
		"ndjson, a line break inside": {config.FormatNDJSON, `{"a":"1"}`, "{\"a\":\"" + planted + "\n\"}", "is not valid JSON"},
		"json, not JSON":              {config.FormatJSON, `{"a":"1"}`, `{"a":` + planted + `}`, "is not valid JSON"},
		"json, a number":              {config.FormatJSON, `{"a":"1"}`, `4915112345678`, "is not a JSON object"},
		"json, null":                  {config.FormatJSON, `{"a":"1"}`, `null`, "is not a JSON object"},
	}
	for name, c := range cases {
		for _, place := range []int{1, 3, records} {
			for _, size := range []int{1, 100} {
				t.Run(fmt.Sprintf("%s at %d in pages of %d", name, place, size), func(t *testing.T) {
					t.Parallel()
					rows := make([]string, records)
					for i := range rows {
						rows[i] = c.good
					}
					rows[place-1] = c.bad
					folder := t.TempDir()
					deliver(t, folder, "984/a/part-1.gz", packed(t, file(c.format, rows)))
					s := settings(folder, c.format)
					s.PageSize = size
					failed := failure(t, readUntilError(t, newExport(t, s)), zeotap.BrokenData)
					require.Equal(t, fmt.Sprintf("984/a/part-1.gz, record %d", place), failed.Place)
					require.Contains(t, failed.Text, c.want)
				})
			}
		}
	}
}

func file(format config.ExportFormat, rows []string) string {
	switch format {
	case config.FormatCSV:
		return "a,b,c\n" + strings.Join(rows, "\n") + "\n"
	case config.FormatJSON:
		return "[" + strings.Join(rows, ",") + "]"
	default:
		return strings.Join(rows, "\n") + "\n"
	}
}

func TestExportRefusesABrokenFile(t *testing.T) {
	t.Parallel()
	row := planted + ",2\n"
	many := strings.Repeat(`{"a":"`+planted+`"},`, 100)
	gzipped := packed(t, "a,b\n"+strings.Repeat(row, 100))
	damaged := bytes.Clone(gzipped)
	damaged[len(damaged)-6] ^= 0xff
	cases := map[string]struct {
		format  config.ExportFormat
		content []byte
		want    string
	}{
		"csv of no byte":              {config.FormatCSV, nil, "has no byte at all"},
		"json of no byte":             {config.FormatJSON, nil, "has no byte at all"},
		"ndjson of no byte":           {config.FormatNDJSON, nil, "has no byte at all"},
		"csv with line breaks only":   {config.FormatCSV, []byte("\n\n"), "not even a header"},
		"a header with a name twice":  {config.FormatCSV, []byte("a," + planted + ",b," + planted + "\n"), "columns 2 and 4 of the header have the same name"},
		"a header without a name":     {config.FormatCSV, []byte(planted + ",,b\n"), "column 2 of the header has no name"},
		"a header of spaces":          {config.FormatCSV, []byte(planted + ", \n"), "column 2 of the header has no name"},
		"another delimiter":           {config.FormatCSV, []byte("a;b;" + planted + "\n"), "check delimiter"},
		"an open quote":               {config.FormatCSV, []byte("a,b\n" + row + "\"" + row), "does not end"},
		"a quote open for too long":   {config.FormatCSV, []byte("a,b\n\"" + strings.Repeat(row, 1000)), "is longer than 1 KiB"},
		"UTF-16":                      {config.FormatCSV, []byte("\xff\xfea\x00,\x00b\x00"), "is not UTF-8"},
		"csv, unpacked size is zero":  {config.FormatCSV, packed(t, ""), "not even a header"},
		"csv, compressed and cut":     {config.FormatCSV, gzipped[:len(gzipped)-10], "ends too early"},
		"csv, cut in the trailer":     {config.FormatCSV, gzipped[:len(gzipped)-3], "ends too early"},
		"csv, cut in the gzip header": {config.FormatCSV, gzipped[:5], "ends too early"},
		"csv, wrong checksum":         {config.FormatCSV, damaged, "does not match its checksum"},
		"csv, bytes behind gzip":      {config.FormatCSV, append(bytes.Clone(gzipped), "more bytes"...), "not gzip, or something follows"},
		"json, an object":             {config.FormatJSON, []byte(`{"a":"` + planted + `"}`), "set format: ndjson"},
		"json, no bracket at the end": {config.FormatJSON, []byte(`[` + many[:len(many)-1]), "so it was cut"},
		"json, a comma at the end":    {config.FormatJSON, []byte(`[` + many), "so it was cut"},
		"json, a comma too many":      {config.FormatJSON, []byte(`[` + many + `]`), "is not valid JSON"},
		"json, cut in a record":       {config.FormatJSON, []byte(`[` + many + `{"a":"` + planted), "so it was cut"},
		"json, an array behind":       {config.FormatJSON, []byte(`[` + many[:len(many)-1] + `] ["` + planted + `"]`), "behind the end"},
		"json, text behind":           {config.FormatJSON, []byte(`[] ` + planted), "behind the end"},
		"json, too long a record":     {config.FormatJSON, []byte(`[{"a":"` + strings.Repeat(planted, 100) + `"}]`), "is longer than 1 KiB"},
		"ndjson, cut in a record":     {config.FormatNDJSON, []byte(`{"a":"1"}` + "\n" + `{"a":"` + planted), "so it was cut"},
		"ndjson, too long a record":   {config.FormatNDJSON, []byte(`{"a":"` + strings.Repeat(planted, 100) + `"}`), "is longer than 1 KiB"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			folder := t.TempDir()
			key := "984/a/part-1"
			if bytes.HasPrefix(c.content, []byte("\x1f\x8b")) {
				key += ".gz"
			}
			deliver(t, folder, key, c.content)
			s := settings(folder, c.format)
			s.MaxRecordKilobytes = 1
			failed := failure(t, readUntilError(t, newExport(t, s)), zeotap.BrokenData)
			require.Contains(t, failed.Text, c.want)
			require.Contains(t, failed.Place, key)
		})
	}
}

func TestExportRefusesGzipThatIsNotSaidToBe(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	deliver(t, folder, "984/a/part-1.csv", packed(t, "a,b\n1,2\n"))
	failed := failure(t, readUntilError(t, newExport(t, settings(folder, config.FormatCSV))), zeotap.BrokenData)
	require.Contains(t, failed.Text, "check compression")

	s := settings(folder, config.FormatCSV)
	s.Compression = config.CompressionGzip
	require.Equal(t, []audience.Member{{"a": "1", "b": "2"}}, readAll(t, newExport(t, s)))
}

func TestExportRefusesAPartWithAnotherHeader(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	deliver(t, folder, "984/a/part-1.csv", []byte("id,mail\n1,one\n"))
	deliver(t, folder, "984/a/part-2.csv", []byte("2,"+planted+"\n3,three\n"))
	source := newExport(t, settings(folder, config.FormatCSV))
	failed := failure(t, readUntilError(t, source), zeotap.BrokenData)
	require.Equal(t, "984/a/part-2.csv", failed.Place)
	require.Contains(t, failed.Text, "984/a/part-1.csv")

	_, err := readerOf(t, source, open(t, source)).Page(t.Context(), "1:0")
	failure(t, err, zeotap.BrokenData)
}
