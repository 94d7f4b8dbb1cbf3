package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"io"
)

// jsonRows writes one array, a value a line: a million of them are never held at once.
type jsonRows struct {
	to    *bufio.Writer
	begun bool
}

func newJSONRows(to io.Writer) *jsonRows { return &jsonRows{to: bufio.NewWriter(to)} }

func (j *jsonRows) add(value any) error {
	line, err := json.Marshal(value)
	if err != nil {
		return err
	}
	before := ",\n  "
	if !j.begun {
		before = "[\n  "
	}
	j.begun = true
	_, err = j.to.WriteString(before)
	_, failed := j.to.Write(line)
	return errors.Join(err, failed)
}

func (j *jsonRows) end() error {
	closing := "\n]\n"
	if !j.begun {
		closing = "[]\n"
	}
	_, err := j.to.WriteString(closing)
	return errors.Join(err, j.to.Flush())
}
