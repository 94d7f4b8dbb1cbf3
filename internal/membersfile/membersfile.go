// Package membersfile reads the contacts of a segment from a file that was exported in
// the Hello Charles app. What it reads is contact data; its errors hold none.
package membersfile

import (
	"bufio"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// File is a file with the references of a segment.
type File struct {
	Path string
	// Column is the column of a CSV file with a header; empty for one reference a
	// line.
	Column string
}

// Error says what is wrong with a file, and where.
type Error struct{ Text string }

// Error implements error.
func (e *Error) Error() string { return e.Text }

// ErrEmpty says that a file has no line.
var ErrEmpty = &Error{"--members-file: the file is empty"}

// BadLine is an Error about a line.
func BadLine(line int, format string, args ...any) error {
	return &Error{fmt.Sprintf("--members-file, line %d: %v", line, fmt.Errorf(format, args...))}
}

// Each gives each reference with the number of its line; an empty one of a table is a
// contact without a reference. An error of take ends it; its own are *Error.
func (f File) Each(take func(line int, reference string) error) (err error) {
	file, err := os.Open(f.Path)
	if err != nil {
		return &Error{fmt.Sprintf("--members-file: %v", err)}
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	text := bufio.NewReader(file)
	if mark, _ := text.Peek(len(byteOrderMark)); string(mark) == byteOrderMark {
		_, _ = text.Discard(len(byteOrderMark))
	}
	if f.Column == "" {
		return readLines(text, take)
	}
	return f.readColumn(text, take)
}

// byteOrderMark stands at the beginning of files that some programs write.
const byteOrderMark = "\ufeff"

func readLines(text io.Reader, take func(line int, reference string) error) error {
	lines := bufio.NewScanner(text)
	n := 0
	for lines.Scan() {
		n++
		reference, err := cleaned(n, lines.Text())
		if err != nil {
			return err
		}
		if reference == "" {
			return BadLine(n, "it is empty; every line holds one external reference id")
		}
		if err := take(n, reference); err != nil {
			return err
		}
	}
	if err := lines.Err(); err != nil {
		return BadLine(n+1, "%w", err)
	}
	if n == 0 {
		return ErrEmpty
	}
	return nil
}

func (f File) readColumn(text io.Reader, take func(line int, reference string) error) error {
	table := csv.NewReader(text)
	table.ReuseRecord = true
	header, err := table.Read()
	if errors.Is(err, io.EOF) {
		return &Error{"--members-file: the file is empty; it needs a header with the names of its columns"}
	}
	if err != nil {
		return badCSV(err)
	}
	at := slices.Index(header, f.Column)
	switch {
	case at < 0 && len(header) == 1 && strings.ContainsAny(header[0], ";\t"):
		return BadLine(1, "the header is one column that holds a separator; have the file written with commas between columns")
	case at < 0:
		return BadLine(1, "the header has no column %q among its %d; write its name as the first line does, letter case counts", f.Column, len(header))
	case slices.Contains(header[at+1:], f.Column):
		return BadLine(1, "two columns are named %q; give the one with the external reference id a name of its own", f.Column)
	}
	for {
		row, err := table.Read()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return badCSV(err)
		}
		line, _ := table.FieldPos(at)
		reference, err := cleaned(line, row[at])
		if err != nil {
			return err
		}
		if err := take(line, reference); err != nil {
			return err
		}
	}
}

// badCSV says what is wrong with a row; the parser's words hold none of it.
func badCSV(err error) error {
	flaw, ok := errors.AsType[*csv.ParseError](err)
	if !ok {
		return &Error{fmt.Sprintf("--members-file: %v", err)}
	}
	return BadLine(flaw.Line, "%v; have the file exported again, as CSV with commas", flaw.Err)
}

// cleaned is a reference without the spaces around it.
func cleaned(line int, reference string) (string, error) {
	reference = strings.TrimSpace(reference)
	if !utf8.ValidString(reference) || strings.ContainsFunc(reference, func(r rune) bool { return !unicode.IsPrint(r) }) {
		return "", BadLine(line, "it holds characters that no reference has; have the file written as UTF-8 text")
	}
	return reference, nil
}
