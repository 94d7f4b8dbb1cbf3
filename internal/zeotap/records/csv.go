package records

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/dustin/go-humanize/english"

	"audiencesync/internal/audience"
)

// csvReader reads CSV by RFC 4180 with a header and any delimiter.
type csvReader struct {
	input  *bounded
	csv    *csv.Reader
	header []string
}

// CSV reads a file with a header and rows of as many fields. The delimiter is
// one character; a record has up to most bytes.
func CSV(file io.Reader, delimiter string, most int64) (Reader, error) {
	comma, _ := utf8.DecodeRuneInString(delimiter)
	input := newBounded(file, most)
	r := &csvReader{input: input, csv: csv.NewReader(input)}
	r.csv.Comma = comma
	r.csv.ReuseRecord = true
	row, err := r.row()
	if errors.Is(err, io.EOF) {
		return nil, BrokenError("holds not even a header; a file without members has one, so this one was cut: have it written again")
	}
	if err != nil {
		return nil, err
	}
	r.header = slices.Clone(row)
	// The names are not printed: a file without a header has a member there.
	if err := checkHeader(r.header); err != nil {
		return nil, err
	}
	r.csv.FieldsPerRecord = len(r.header)
	return r, nil
}

func checkHeader(header []string) error {
	first := make(map[string]int, len(header))
	for i, name := range header {
		if strings.TrimSpace(name) == "" {
			return BrokenError(fmt.Sprintf("column %d of the header has no name; every column needs one, in the first line of every file", i+1))
		}
		if before, twice := first[name]; twice {
			return BrokenError(fmt.Sprintf("columns %d and %d of the header have the same name; every column needs its own, in the first line of every file", before, i+1))
		}
		first[name] = i + 1
	}
	if len(header) == 1 && strings.ContainsAny(header[0], ",;\t|") {
		return BrokenError("the header is a single column that holds a separator; check delimiter of the connection")
	}
	return nil
}

func (r *csvReader) Next() (audience.Member, error) {
	row, err := r.row()
	if err != nil {
		return nil, err
	}
	member := make(audience.Member, len(row))
	for i, value := range row {
		member[r.header[i]] = value
	}
	return member, nil
}

func (r *csvReader) Skip() error {
	_, err := r.row()
	return err
}

func (r *csvReader) row() ([]string, error) {
	r.input.allow(r.Offset())
	row, err := r.csv.Read()
	if err == nil {
		return row, nil
	}
	return nil, r.input.reason(flawOf(err, len(row), len(r.header)))
}

// flawOf says what is wrong in words of our own.
func flawOf(err error, fields, columns int) error {
	switch {
	case errors.Is(err, csv.ErrFieldCount):
		return BrokenError(fmt.Sprintf("has %s where the header has %d; the file was cut or a value with a delimiter is not quoted: have it written again, or check delimiter of the connection", english.Plural(fields, "field", ""), columns))
	case errors.Is(err, csv.ErrQuote):
		return BrokenError(`has a quoted value that does not end as it should: a quote inside a quoted value is written twice, or the file was cut; have it written again`)
	case errors.Is(err, csv.ErrBareQuote):
		return BrokenError(`has a quote inside a value that is not quoted; have the file written with such values in quotes`)
	default:
		return err
	}
}

func (r *csvReader) Columns() []string { return r.header }

func (r *csvReader) Offset() int64 { return r.csv.InputOffset() }
