// Package records decodes the files of an export, CSV, NDJSON and JSON arrays,
// record by record and in bounded memory. Its errors hold no value of a record.
package records

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"

	"golang.org/x/text/encoding"
	"golang.org/x/text/transform"

	"audiencesync/internal/audience"
)

// Reader reads one file record by record. Its errors are io.EOF after the last
// record of a file that ended well, a BrokenError, or what the reader below failed with.
type Reader interface {
	// Next returns the next record.
	Next() (audience.Member, error)
	// Skip passes over one record.
	Skip() error
	// Columns are the names in the header, nil for formats without one.
	Columns() []string
	// Offset is how many bytes the records so far took.
	Offset() int64
}

// BrokenError is what is wrong with a record or a header, and the remedy.
type BrokenError string

// Error implements error.
func (e BrokenError) Error() string { return string(e) }

var errTooLong = errors.New("record too long")

// bounded lets a decoder read to a limit that moves with every record, so that
// a quote or bracket that is never closed does not pull a whole file into
// memory. Decoders read on only while a record is not whole, so reaching the
// limit means that the record is longer. It remembers why it failed: a decoder
// may see only a record that ends too early.
type bounded struct {
	from io.Reader
	// most is the size of the longest record, in bytes.
	most   int64
	read   int64
	until  int64
	failed error
}

// newBounded drops a byte order mark, and refuses what is not UTF-8.
func newBounded(file io.Reader, most int64) *bounded {
	text := bufio.NewReaderSize(file, 64<<10)
	if mark, _ := text.Peek(3); bytes.Equal(mark, []byte("\xef\xbb\xbf")) {
		_, _ = text.Discard(len(mark))
	}
	return &bounded{from: transform.NewReader(text, encoding.UTF8Validator), most: most}
}

func (b *bounded) Read(p []byte) (int, error) {
	if b.failed != nil {
		return 0, b.failed
	}
	if b.read >= b.until {
		b.failed = errTooLong
		return 0, b.failed
	}
	n, err := b.from.Read(p[:min(int64(len(p)), b.until-b.read)])
	b.read += int64(n)
	if err != nil && !errors.Is(err, io.EOF) {
		b.failed = err
	}
	return n, err
}

// allow says where the next record starts.
func (b *bounded) allow(offset int64) { b.until = offset + b.most }

// reason returns the error below the decoder if there is one, else the
// decoder's own.
func (b *bounded) reason(decoder error) error {
	switch {
	case errors.Is(b.failed, errTooLong):
		return BrokenError(fmt.Sprintf("is longer than %d KiB: a quote or bracket may never be closed, or raise max_record_kilobytes of the connection", b.most>>10))
	case errors.Is(b.failed, encoding.ErrInvalidUTF8):
		return BrokenError("is not UTF-8 text; have the export written in UTF-8, or check compression of the connection")
	case b.failed != nil:
		return b.failed
	default:
		return decoder
	}
}
