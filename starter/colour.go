package main

import (
	"bytes"
	"io"
	"os"
	"strings"

	"golang.org/x/term"
)

// Colours of a terminal.
const (
	red    = "\x1b[31m"
	green  = "\x1b[32m"
	yellow = "\x1b[33m"
	plain  = "\x1b[0m"
)

// colours are those of lines that begin so. The first that fits counts.
var colours = []struct{ begins, colour string }{
	{"error:", red},
	{"problem:", red},
	{"note:", yellow},
	{"waiting:", yellow},
	{"ready to run", green},
	{"verdict: equal", green},
	{"verdict: explained", green},
	{"verdict: unverifiable", yellow},
	{"verdict: unexplained", red},
}

// painter colours whole lines by how they begin.
type painter struct{ to io.Writer }

// Write implements io.Writer. It is given whole lines, or text that is left alone.
func (p painter) Write(text []byte) (int, error) {
	var painted bytes.Buffer
	for line := range bytes.Lines(text) {
		rest, whole := bytes.CutSuffix(line, []byte("\n"))
		colour := colourOf(string(rest))
		if !whole || colour == "" {
			painted.Write(line)
			continue
		}
		painted.WriteString(colour)
		painted.Write(rest)
		painted.WriteString(plain + "\n")
	}
	if _, err := p.to.Write(painted.Bytes()); err != nil {
		return 0, err
	}
	return len(text), nil
}

func colourOf(line string) string {
	for _, c := range colours {
		if strings.HasPrefix(line, c.begins) {
			return c.colour
		}
	}
	return ""
}

// inColour returns w, painted if a person reads it who has not asked for no colours.
func (a *app) inColour(w io.Writer) io.Writer {
	if a.noColour || os.Getenv("NO_COLOR") != "" || os.Getenv("TERM") == "dumb" || !a.isPerson(w) {
		return w
	}
	return painter{w}
}

// isPerson reports whether what is written goes to a person's terminal.
func (a *app) isPerson(w io.Writer) bool {
	if a.persons != nil {
		return a.persons(w)
	}
	file, ok := w.(*os.File)
	return ok && term.IsTerminal(int(file.Fd()))
}
