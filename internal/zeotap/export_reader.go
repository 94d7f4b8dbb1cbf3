package zeotap

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"audiencesync/internal/audience"
)

// pageBytes ends a page early where records are large, so that a page stays
// within a few times this in memory, whatever page_size says.
const pageBytes = 16 << 20

// exportReader reads the files of a set one after the other.
type exportReader struct {
	source   *Export
	audience string
	set      fileSet
	// file is open at index; nil when none is.
	file  *exportFile
	index int
	// columns are those of the first file, sorted: the others must have them too.
	columns []string
}

// filePosition is the content of a cursor: a file by its number in the set,
// and how many of its records come before.
type filePosition struct {
	file   int
	record int64
}

func (p filePosition) cursor() audience.Cursor {
	return audience.Cursor(fmt.Sprintf("%d:%d", p.file, p.record))
}

func (r *exportReader) Page(ctx context.Context, at audience.Cursor) (audience.Page, error) {
	position, err := r.parse(at)
	if err != nil {
		return audience.Page{}, err
	}
	page, err := r.page(ctx, position)
	if err != nil {
		// Where the file stands after a failure is of no use to anyone.
		_ = r.Close()
		return audience.Page{}, err
	}
	return page, nil
}

func (r *exportReader) page(ctx context.Context, position filePosition) (audience.Page, error) {
	page := audience.Page{Members: make([]audience.Member, 0, min(r.source.settings.PageSize, 10_000))}
	left := int64(pageBytes)
	for len(page.Members) < r.source.settings.PageSize && left > 0 {
		if position.file == len(r.set.Files) {
			page.Last = true
			return page, nil
		}
		file, err := r.at(ctx, position)
		if err != nil {
			return audience.Page{}, err
		}
		before := file.rows.Offset()
		member, err := file.next(ctx)
		if errors.Is(err, io.EOF) {
			_ = r.Close()
			position = filePosition{file: position.file + 1}
			continue
		}
		if err != nil {
			return audience.Page{}, err
		}
		page.Members = append(page.Members, member)
		left -= file.rows.Offset() - before
		position.record++
	}
	page.Next = position.cursor()
	return page, nil
}

// at returns the open file if it stands at the position, else opens it there.
func (r *exportReader) at(ctx context.Context, position filePosition) (*exportFile, error) {
	if r.file != nil && r.index == position.file && r.file.record == position.record {
		return r.file, nil
	}
	_ = r.Close()
	file, err := r.source.openFile(ctx, r.set.Files[position.file])
	if err != nil {
		return nil, err
	}
	r.file, r.index = file, position.file
	if err := r.checkColumns(ctx); err != nil {
		return nil, err
	}
	if err := file.skipTo(ctx, position.record); err != nil {
		return nil, err
	}
	return file, nil
}

// checkColumns refuses a file that has other columns than the first of its
// set: a part without a header would lose a member to it, and the others their fields.
func (r *exportReader) checkColumns(ctx context.Context) error {
	columns := slices.Sorted(slices.Values(r.file.rows.Columns()))
	if columns == nil {
		return nil
	}
	if r.columns == nil && r.index > 0 {
		first, err := r.source.openFile(ctx, r.set.Files[0])
		if err != nil {
			return err
		}
		r.columns = slices.Sorted(slices.Values(first.rows.Columns()))
		first.close()
	}
	if r.columns == nil {
		r.columns = columns
	}
	if !slices.Equal(columns, r.columns) {
		return r.file.fail(BrokenData, r.file.object.Key, fmt.Sprintf(
			"its first line does not name the columns that the first line of %s names; every file of a set needs the same header",
			r.set.Files[0].Key))
	}
	return nil
}

// Finish lists the files again: the read is complete when they are those that
// the snapshot was opened with. That every file was read to its end is what the
// last page says.
func (r *exportReader) Finish(ctx context.Context, _ int64) (audience.Completeness, error) {
	sets, err := r.source.sets(ctx, r.audience)
	var failed *Error
	if err != nil && (!errors.As(err, &failed) || failed.Kind != NothingToRead) {
		return audience.Completeness{}, err
	}
	now := fileSet{}
	for _, set := range sets {
		if set.Name == r.set.Name {
			now = set
		}
	}
	if what := r.set.difference(now); what != "" {
		return audience.Completeness{Why: fmt.Sprintf(
			"the files changed while they were read (%s); start a new run, and have every delivery use new names or a marker", what)}, nil
	}
	return audience.Completeness{Complete: true}, nil
}

// Close closes the open file.
func (r *exportReader) Close() error {
	if r.file != nil {
		r.file.close()
		r.file = nil
	}
	return nil
}

func (r *exportReader) parse(at audience.Cursor) (filePosition, error) {
	position, ok := parsePosition(string(at), len(r.set.Files))
	if !ok {
		return filePosition{}, &Error{
			Kind: SnapshotChanged, Connection: r.source.name, Place: r.set.place(r.audience),
			Text: "the stored cursor is not of this source; the connection was changed while a run was reading: start a new run",
		}
	}
	return position, nil
}

// parsePosition reads a cursor; the empty one is the start.
func parsePosition(at string, files int) (filePosition, bool) {
	if at == "" {
		return filePosition{}, true
	}
	file, record, _ := strings.Cut(at, ":")
	index, errFile := strconv.Atoi(file)
	count, errRecord := strconv.ParseInt(record, 10, 64)
	if errFile != nil || errRecord != nil || index < 0 || index > files || count < 0 {
		return filePosition{}, false
	}
	return filePosition{file: index, record: count}, true
}
