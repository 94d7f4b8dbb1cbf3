package zeotap

import (
	"bufio"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"hash"
	"io"
	"strings"

	"github.com/dustin/go-humanize"
	"github.com/klauspost/compress/gzip"

	"audiencesync/internal/audience"
	"audiencesync/internal/config"
	"audiencesync/internal/zeotap/records"
)

// readBytes is how much is read from storage at a time.
const readBytes = 64 << 10

// exportFile is one file of a set, open for reading. It stays open between
// pages: a compressed file can only be read from its start.
type exportFile struct {
	source *Export
	object object
	packed bool
	stored *storedBytes
	rows   records.Reader
	// record is how many records were read or skipped.
	record int64
}

// openFile opens a file and reads its header.
func (e *Export) openFile(ctx context.Context, o object) (*exportFile, error) {
	f := &exportFile{source: e, object: o, packed: e.packed(o.Key)}
	if o.Size == 0 {
		return nil, f.fail(BrokenData, o.Key, "has no byte at all: it was cut, or its upload went wrong; have it written again (a file without members has a CSV header, an empty JSON array, or for NDJSON an empty line)")
	}
	if err := f.open(ctx); err != nil {
		return nil, err
	}
	if err := f.decode(); err != nil {
		defer f.close()
		return nil, f.classify(ctx, f.object.Key, err)
	}
	return f, nil
}

func (f *exportFile) open(ctx context.Context) error {
	lifetime, cancel := context.WithCancel(context.WithoutCancel(ctx))
	stop := context.AfterFunc(ctx, cancel)
	defer stop()
	reader, err := f.source.storage.open(lifetime, f.object)
	if err == nil {
		f.stored = &storedBytes{ctx: ctx, cancel: cancel, reader: reader, sum: sha256.New()}
		return nil
	}
	cancel()
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case errors.Is(err, errChanged):
		return f.changed()
	default:
		return err
	}
}

// decode unpacks the stored bytes and reads them record by record.
func (f *exportFile) decode() error {
	var file io.Reader = bufio.NewReaderSize(f.stored, readBytes)
	var err error
	if f.packed {
		if file, err = gzip.NewReader(file); err != nil {
			return err
		}
	}
	settings := f.source.settings
	most := int64(settings.MaxRecordKilobytes) << 10
	switch settings.Format {
	case config.FormatCSV:
		f.rows, err = records.CSV(file, settings.Delimiter, most)
	case config.FormatJSON:
		f.rows, err = records.JSON(file, most)
	default:
		f.rows = records.NDJSON(file, most)
	}
	return err
}

// next returns the next member, or io.EOF when the whole file was read.
func (f *exportFile) next(ctx context.Context) (audience.Member, error) {
	f.stored.ctx = ctx
	member, err := f.rows.Next()
	if errors.Is(err, io.EOF) {
		return nil, f.ended()
	}
	f.record++
	if err != nil {
		return nil, f.classify(ctx, f.place(), err)
	}
	return member, nil
}

// skipTo passes over records until n have been passed in all.
func (f *exportFile) skipTo(ctx context.Context, n int64) error {
	f.stored.ctx = ctx
	for f.record < n {
		err := f.rows.Skip()
		if errors.Is(err, io.EOF) {
			return f.changed()
		}
		f.record++
		if err != nil {
			return f.classify(ctx, f.place(), err)
		}
	}
	return nil
}

// ended is the end of a file if every stored byte was read.
func (f *exportFile) ended() error {
	if f.stored.read != f.object.Size {
		return f.changed()
	}
	return io.EOF
}

func (f *exportFile) classify(ctx context.Context, place string, err error) error {
	var found records.BrokenError
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case errors.Is(f.stored.failed, errChanged):
		return f.changed()
	case f.stored.failed != nil:
		return f.source.storage.failed(ctx, place, f.stored.failed)
	case f.stored.ended && f.stored.read != f.object.Size:
		return f.changed()
	case errors.As(err, &found):
		return f.fail(BrokenData, place, string(found))
	case f.packed && errors.Is(err, io.ErrUnexpectedEOF):
		return f.fail(BrokenData, place, "the compressed file ends too early: it was cut, or is still being written; have it written again")
	case f.packed && errors.Is(err, gzip.ErrHeader):
		return f.fail(BrokenData, place, "the file is not gzip, or something follows its end; have it written again, or check compression of the connection")
	case f.packed:
		return f.fail(BrokenData, place, "the compressed file is damaged: its content does not match its checksum; have it written again")
	default:
		return f.fail(BrokenData, place, "cannot be decoded; have the file written again, or check format of the connection")
	}
}

func (f *exportFile) changed() error {
	return f.fail(SnapshotChanged, f.object.Key, "was written again after the snapshot was opened; start a new run, and have every delivery use new names or a marker")
}

func (f *exportFile) fail(kind Kind, place, text string) error {
	return &Error{Kind: kind, Connection: f.source.name, Place: place, Text: text}
}

func (f *exportFile) place() string {
	return fmt.Sprintf("%s, record %s", f.object.Key, humanize.Comma(f.record))
}

func (f *exportFile) close() {
	f.stored.cancel()
	_ = f.stored.reader.Close()
}

func (e *Export) packed(key string) bool {
	switch e.settings.Compression {
	case config.CompressionGzip:
		return true
	case config.CompressionNone:
		return false
	default:
		return strings.HasSuffix(key, ".gz") || strings.HasSuffix(key, ".gzip")
	}
}

// storedBytes are the bytes of a file as they are stored. They are counted,
// and the first failure is kept apart from those of the layers above.
type storedBytes struct {
	reader io.ReadCloser
	// sum is that of all bytes read.
	sum hash.Hash
	// cancel ends the reader, which outlives the call that opened it.
	cancel context.CancelFunc
	// ctx is the context of the call under way.
	ctx    context.Context
	read   int64
	ended  bool
	failed error
}

func (s *storedBytes) Read(p []byte) (int, error) {
	if err := s.ctx.Err(); err != nil {
		s.failed = err
		return 0, err
	}
	stop := context.AfterFunc(s.ctx, s.cancel)
	defer stop()
	n, err := s.reader.Read(p)
	s.read += int64(n)
	s.sum.Write(p[:n])
	s.ended = errors.Is(err, io.EOF)
	if err != nil && !s.ended {
		s.failed = err
	}
	return n, err
}
