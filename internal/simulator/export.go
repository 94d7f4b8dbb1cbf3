package simulator

import (
	"bufio"
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/klauspost/compress/gzip"
)

// exportWriters write members in a format. The layout of Zeotap's files is not
// public (see docs/zeotap.md A3); this one is this project's own.
var exportWriters = map[string]func(io.Writer, members) memberWriter{
	"csv":    newCSVWriter,
	"ndjson": newNDJSONWriter,
	"json":   newJSONWriter,
}

// memberWriter writes the members of one file.
type memberWriter interface {
	write(from members, i int64) error
	// end completes the file, which stays open.
	end() error
}

// WriteExport drops the audience into a folder, as a Zeotap destination does:
// <audience>/<set>/part-0001.csv.gz and so on, and <audience>/<set>/_DONE when
// all is there. The set is named after the time and sorts by it. The members
// are those of the pages, in the same order. format is "csv", "ndjson" or "json".
func (s *Simulator) WriteExport(ctx context.Context, dir, format string, compressed bool, parts int) error {
	newWriter, known := exportWriters[format]
	if !known {
		return fmt.Errorf("export format %q is not csv, ndjson or json", format)
	}
	if parts < 1 {
		return fmt.Errorf("an export has at least one part, not %d", parts)
	}
	set := filepath.Join(dir, s.options.Zeotap.Audience.ID, s.clock().UTC().Format("20060102T150405.000Z"))
	if err := os.MkdirAll(set, 0o750); err != nil {
		return fmt.Errorf("making the folder of an export: %w", err)
	}
	all := s.editions.current().members
	size := all.Size()
	for part := range int64(parts) {
		name := fmt.Sprintf("part-%04d.%s", part+1, format)
		if compressed {
			name += ".gz"
		}
		from, to := size*part/int64(parts), size*(part+1)/int64(parts)
		part := exportPart{members: all, from: from, to: to}
		if err := part.write(ctx, filepath.Join(set, name), newWriter, compressed); err != nil {
			return fmt.Errorf("writing export file %s: %w", name, err)
		}
	}
	if err := os.WriteFile(filepath.Join(set, "_DONE"), nil, 0o600); err != nil {
		return fmt.Errorf("completing an export: %w", err)
	}
	return nil
}

// exportPart are the members of one file.
type exportPart struct {
	members  members
	from, to int64
}

func (p exportPart) write(
	ctx context.Context, path string, newWriter func(io.Writer, members) memberWriter, compressed bool,
) (err error) {
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	buffer := bufio.NewWriterSize(file, 1<<16)
	target, finish := io.Writer(buffer), buffer.Flush
	if compressed {
		packer := gzip.NewWriter(buffer)
		target, finish = packer, func() error { return errors.Join(packer.Close(), buffer.Flush()) }
	}
	writer := newWriter(target, p.members)
	for i := p.from; i < p.to; i++ {
		if i%1024 == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		if err := writer.write(p.members, i); err != nil {
			return err
		}
	}
	return errors.Join(writer.end(), finish())
}

type csvWriter struct{ to *csv.Writer }

func newCSVWriter(to io.Writer, all members) memberWriter {
	w := csvWriter{csv.NewWriter(to)}
	_ = w.to.Write(all.columns()) // an error stays and comes back from end
	return w
}

func (w csvWriter) write(from members, i int64) error { return w.to.Write(from.row(i)) }

func (w csvWriter) end() error {
	w.to.Flush()
	return w.to.Error()
}

type ndjsonWriter struct {
	to    io.Writer
	line  []byte
	begun bool
}

func newNDJSONWriter(to io.Writer, _ members) memberWriter { return &ndjsonWriter{to: to} }

func (w *ndjsonWriter) write(from members, i int64) error {
	w.begun = true
	w.line = append(from.appendJSON(w.line[:0], i), '\n')
	_, err := w.to.Write(w.line)
	return err
}

// end leaves an empty line in a file without members: a file without a single
// byte looks like one that was cut.
func (w *ndjsonWriter) end() (err error) {
	if !w.begun {
		_, err = io.WriteString(w.to, "\n")
	}
	return err
}

// jsonWriter writes one array.
type jsonWriter struct {
	to     io.Writer
	begun  bool
	record []byte
}

func newJSONWriter(to io.Writer, _ members) memberWriter { return &jsonWriter{to: to} }

func (w *jsonWriter) write(from members, i int64) error {
	w.record = append(w.record[:0], w.separator()...)
	w.record = from.appendJSON(w.record, i)
	_, err := w.to.Write(w.record)
	return err
}

func (w *jsonWriter) separator() string {
	if w.begun {
		return ",\n"
	}
	w.begun = true
	return "[\n"
}

func (w *jsonWriter) end() error {
	closing := "\n]\n"
	if !w.begun {
		closing = "[]\n"
	}
	_, err := io.WriteString(w.to, closing)
	return err
}
