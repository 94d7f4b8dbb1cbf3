package devserver

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
)

// What an error shows of the log.
const (
	tailBytes = 16 << 10
	tailLines = 15
)

// serverLog is the file that the server writes to.
type serverLog struct {
	file *os.File
	// from is where this server's output begins.
	from int64
}

// openLog opens the file for appending. Without a path the file has no name, so
// that nothing is left behind.
func openLog(path string) (serverLog, error) {
	if path == "" {
		file, err := os.CreateTemp("", "audiencesync-temporal-*.log")
		if err != nil {
			return serverLog{}, fmt.Errorf("making the Temporal server's log: %w", err)
		}
		_ = os.Remove(file.Name())
		return serverLog{file: file}, nil
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return serverLog{}, fmt.Errorf("making the folder of the Temporal server's log: %w", err)
	}
	file, err := os.OpenFile(path, os.O_CREATE|os.O_APPEND|os.O_RDWR, 0o600)
	if err != nil {
		return serverLog{}, fmt.Errorf("opening the Temporal server's log: %w", err)
	}
	from, err := file.Seek(0, io.SeekEnd)
	if err != nil {
		return serverLog{}, fmt.Errorf("opening the Temporal server's log: %w", err)
	}
	return serverLog{file: file, from: from}, nil
}

// close closes our descriptor; the server has its own.
func (l serverLog) close() { _ = l.file.Close() }

// tail returns the last lines that this server has written, indented.
func (l serverLog) tail() string {
	info, err := l.file.Stat()
	if err != nil {
		return "  (the log cannot be read)"
	}
	start := max(l.from, info.Size()-tailBytes)
	content, err := io.ReadAll(io.NewSectionReader(l.file, start, info.Size()-start))
	if err != nil {
		return "  (the log cannot be read)"
	}
	text := strings.TrimSpace(string(content))
	if text == "" {
		return "  (it wrote nothing)"
	}
	lines := strings.Split(text, "\n")
	lines = lines[max(0, len(lines)-tailLines):]
	return "  " + strings.Join(lines, "\n  ")
}
