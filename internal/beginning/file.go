package beginning

import (
	"bufio"
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"hash/maphash"
	"io"
	"os"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// MembersFile is a file with the references of a segment, exported in the app.
type MembersFile struct {
	Path string
	// Column is the column of a CSV file with a header; empty for one reference a
	// line.
	Column string
}

// AdoptFile records the references in a file as members of the sync, for a workspace
// whose key may not list. All of the file is read before anything is recorded; one
// bad line refuses it.
func AdoptFile(ctx context.Context, o Options, file MembersFile) (Adopted, error) {
	a, err := newAdoption(ctx, o)
	if err != nil {
		return Adopted{}, err
	}
	if err := file.read(a.check); err != nil {
		return Adopted{}, err
	}
	seed, seen := maphash.MakeSeed(), map[uint64]struct{}{}
	err = file.read(func(_ int, reference string) error {
		a.done.Listed++
		if reference == "" {
			a.done.Unreferenced++
			return nil
		}
		seen[maphash.String(seed, reference)] = struct{}{}
		return a.take(ctx, reference)
	})
	if err != nil {
		return Adopted{}, err
	}
	if err := a.record(ctx); err != nil {
		return Adopted{}, err
	}
	a.done.Repeated = a.done.Members - int64(len(seen))
	a.done.Members = int64(len(seen))
	if a.done.Counted, a.done.Why, err = a.count(ctx); err != nil {
		return Adopted{}, err
	}
	a.done.NotOurs = a.done.Unreferenced
	if a.done.Counted != nil {
		a.done.NotOurs = max(*a.done.Counted-a.done.Members, 0)
	}
	return a.end(ctx)
}

// check refuses a line whose reference no contact of the sync can have. An empty
// cell of a table is a contact without a reference.
func (a *adoption) check(line int, reference string) error {
	if reference == "" {
		return nil
	}
	spelled, err := a.normalise(reference)
	switch {
	case err != nil:
		return badLine(line, "%w; every line holds one external reference id: a header, or other columns, need --column NAME", err)
	case spelled != reference:
		return badLine(line, "the reference is not spelled as this sync spells references (reference.normalise: %s); export the external reference id as Hello Charles holds it, "+
			"and not the phone number: a spreadsheet changes both", a.Spec.Reference.Normalise)
	}
	return nil
}

func badLine(line int, format string, args ...any) error {
	return &RefusedError{fmt.Sprintf("--members-file, line %d: %v; nothing was recorded", line, fmt.Errorf(format, args...))}
}

// read gives each reference with the number of its line.
func (f MembersFile) read(take func(line int, reference string) error) (err error) {
	file, err := os.Open(f.Path)
	if err != nil {
		return &RefusedError{fmt.Sprintf("--members-file: %v", err)}
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
			return badLine(n, "it is empty; every line holds one external reference id")
		}
		if err := take(n, reference); err != nil {
			return err
		}
	}
	if err := lines.Err(); err != nil {
		return badLine(n+1, "%w", err)
	}
	if n == 0 {
		return &RefusedError{"--members-file: the file is empty; for a segment without contacts of this sync use audiencesync ignore"}
	}
	return nil
}

func (f MembersFile) readColumn(text io.Reader, take func(line int, reference string) error) error {
	table := csv.NewReader(text)
	table.ReuseRecord = true
	header, err := table.Read()
	if errors.Is(err, io.EOF) {
		return &RefusedError{"--members-file: the file is empty; it needs a header with the names of its columns"}
	}
	if err != nil {
		return badCSV(err)
	}
	at := slices.Index(header, f.Column)
	switch {
	case at < 0 && len(header) == 1 && strings.ContainsAny(header[0], ";\t"):
		return badLine(1, "the header is one column that holds a separator; have the file written with commas between columns")
	case at < 0:
		return badLine(1, "the header has no column %q among its %d; write its name as the first line does, letter case counts", f.Column, len(header))
	case slices.Contains(header[at+1:], f.Column):
		return badLine(1, "two columns are named %q; give the one with the external reference id a name of its own", f.Column)
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
		return &RefusedError{fmt.Sprintf("--members-file: %v", err)}
	}
	return badLine(flaw.Line, "%v; have the file exported again, as CSV with commas", flaw.Err)
}

// cleaned is a reference without the spaces around it.
func cleaned(line int, reference string) (string, error) {
	reference = strings.TrimSpace(reference)
	if !utf8.ValidString(reference) || strings.ContainsFunc(reference, func(r rune) bool { return !unicode.IsPrint(r) }) {
		return "", badLine(line, "it holds characters that no reference has; have the file written as UTF-8 text")
	}
	return reference, nil
}
