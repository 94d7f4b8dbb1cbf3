package zeotap

import (
	"errors"
	"fmt"
	"io"

	"golang.org/x/text/encoding"

	"audiencesync/internal/audience"
)

// records reads one file record by record. Its errors are io.EOF after the
// last record of a file that ended well, a flaw, or what the bytes below failed with.
type records interface {
	next() (audience.Member, error)
	// skip passes over one record.
	skip() error
	// columns are the names in the header, nil for formats without one.
	columns() []string
	// offset is how many bytes, unpacked, the records so far took.
	offset() int64
}

var errRecordTooLong = errors.New("record too long")

// bounded lets a decoder read to a limit that moves with every record, so that
// a quote or bracket that is never closed does not pull a whole file into
// memory. Decoders read on only while a record is not whole, so reaching the
// limit means that the record is longer. It remembers why it failed: a decoder
// may see only a record that ends too early.
type bounded struct {
	from   io.Reader
	read   int64
	until  int64
	failed error
}

func (b *bounded) Read(p []byte) (int, error) {
	if b.failed != nil {
		return 0, b.failed
	}
	if b.read >= b.until {
		b.failed = errRecordTooLong
		return 0, b.failed
	}
	n, err := b.from.Read(p[:min(int64(len(p)), b.until-b.read)])
	b.read += int64(n)
	if err != nil && !errors.Is(err, io.EOF) {
		b.failed = err
	}
	return n, err
}

// allow lets the next record, which starts at offset, have up to most bytes.
func (b *bounded) allow(offset, most int64) { b.until = offset + most }

// reason returns the error below the decoder if there is one, else the
// decoder's own.
func (b *bounded) reason(decoder error, most int64) error {
	switch {
	case errors.Is(b.failed, errRecordTooLong):
		return flaw(fmt.Sprintf("is longer than %d KiB: a quote or bracket may never be closed, or raise max_record_kilobytes of the connection", most>>10))
	case errors.Is(b.failed, encoding.ErrInvalidUTF8):
		return flaw("is not UTF-8 text; have the export written in UTF-8, or check compression of the connection")
	case b.failed != nil:
		return b.failed
	default:
		return decoder
	}
}
