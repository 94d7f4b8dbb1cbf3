package config

import (
	"fmt"
	"strings"
)

// Problem is one thing that is wrong in a file, and where. Its text says what
// was expected and never repeats a value of the file: a value may be a credential.
type Problem struct {
	File string
	// Line and Column start at 1; columns count characters.
	Line   int
	Column int
	// Path is the key, for example "mapping.first_name"; empty for the whole file.
	Path string
	Text string
}

// String is one line: "sync.yaml:12:3: mapping.frist_name: unknown key; ...".
func (p Problem) String() string {
	place := fmt.Sprintf("%s:%d:%d", p.File, p.Line, p.Column)
	if p.Path == "" {
		return place + ": " + p.Text
	}
	return place + ": " + p.Path + ": " + p.Text
}

// Problems are all problems of one file, in the order of the file.
type Problems []Problem //nolint:errname // a list of problems, each of which is shown

// Error is one line for each problem.
func (p Problems) Error() string {
	lines := make([]string, len(p))
	for i, problem := range p {
		lines[i] = problem.String()
	}
	return strings.Join(lines, "\n")
}
