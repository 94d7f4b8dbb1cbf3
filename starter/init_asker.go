package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"unicode"

	"audiencesync/internal/config"
)

// noAnswer is the answer that leaves something out.
const noAnswer = "-"

// question is one thing that init has to know.
type question struct {
	// name is that of the answer in a file and in --answer.
	name string
	text string
	// about explains, in one line before the question, what it is about and where more is
	// written.
	about string
	// proposed is what an empty line means; a question without one has to be answered.
	proposed string
	// check says what is wrong with an answer; it may return a better spelling. Its
	// errors do not repeat answers that may be secrets.
	check func(answer string) (string, error)
}

// asker gets answers: those that were given beforehand, and else line by line.
type asker struct {
	given map[string]string
	used  map[string]bool
	lines *bufio.Reader
	// person says that somebody sits there, who is asked again; a script gets an error.
	person bool
	// closed says that nothing is asked: what was not given is as proposed.
	closed bool
	out    io.Writer
}

// ask returns the answer to a question. The error names the question.
func (a *asker) ask(ctx context.Context, q question) (string, error) {
	a.used[q.name] = true
	if answer, ok := a.given[q.name]; ok {
		checked, err := q.checked(answer)
		if err == nil || !a.person || a.closed {
			return checked, q.wrong(err)
		}
		a.tell("  the answer that was given: %v", err)
	}
	if a.closed {
		checked, err := q.checked("")
		return checked, q.wrong(err)
	}
	if q.about != "" {
		a.tell("  %s", q.about)
	}
	for {
		answer, err := a.line(ctx, q)
		if err != nil {
			return "", err
		}
		checked, err := q.checked(answer)
		if err == nil {
			return checked, nil
		}
		if !a.person {
			return "", q.wrong(err)
		}
		a.tell("  %v", err)
	}
}

// line reads one line. The end of a script is an empty one; that of a person is the end.
func (a *asker) line(ctx context.Context, q question) (string, error) {
	prompt := q.text
	if q.proposed != "" {
		prompt += " [" + q.proposed + "]"
	}
	_, _ = fmt.Fprintf(a.out, "%s: ", prompt)
	read := make(chan struct{})
	var line string
	var err error
	go func() {
		defer close(read)
		line, err = a.lines.ReadString('\n')
	}()
	select {
	case <-read:
	case <-ctx.Done():
		// The read ends with the program: nobody can take it back from a terminal.
		return "", &exitError{code: exitInterrupted, err: errors.New("interrupted; no file was written")}
	}
	if !a.person {
		_, _ = fmt.Fprintln(a.out)
	}
	switch {
	case err == nil, errors.Is(err, io.EOF) && (line != "" || !a.person):
		return line, nil
	case errors.Is(err, io.EOF):
		return "", &exitError{code: exitInterrupted, err: errors.New("no more answers; no file was written")}
	default:
		return "", failed("", fmt.Errorf("reading the answer to %s: %w", q.name, err))
	}
}

func (a *asker) tell(format string, args ...any) { _, _ = fmt.Fprintf(a.out, format+"\n", args...) }

// checked is the answer, or the proposal for none.
func (q question) checked(answer string) (string, error) {
	answer = strings.TrimSpace(answer)
	if answer == "" {
		answer = q.proposed
	}
	switch {
	case answer == "":
		return "", errors.New("there is no answer, and nothing to propose")
	case strings.ContainsFunc(answer, unicode.IsControl):
		return "", errors.New("a control character stands in the answer; delete it")
	case q.check == nil:
		return answer, nil
	default:
		return q.check(answer)
	}
}

// wrong is the error of a script.
func (q question) wrong(err error) error {
	if err == nil {
		return nil
	}
	if coded, ok := errors.AsType[*exitError](err); ok {
		return coded
	}
	return usage("question %s (%s): %w", q.name, q.text, err)
}

// sure asks a person whether an answer is meant that does not look so; else it is asked
// again. A script has meant it.
func (a *asker) sure(ctx context.Context, text string) error {
	if !a.person || a.closed {
		return nil
	}
	answer, err := a.ask(ctx, question{text: text + ", yes or no?", proposed: "no", check: oneOf("yes", "no")})
	if err == nil && answer == "no" {
		return errors.New("then give another one")
	}
	return err
}

// optional lets an answer be "-", which becomes "".
func optional(check func(string) (string, error)) func(string) (string, error) {
	return func(answer string) (string, error) {
		if answer == noAnswer {
			return "", nil
		}
		if check == nil {
			return answer, nil
		}
		return check(answer)
	}
}

// oneOf takes one of a few words.
func oneOf(words ...string) func(string) (string, error) {
	return func(answer string) (string, error) {
		if slices.Contains(words, answer) {
			return answer, nil
		}
		return "", fmt.Errorf("write %s", strings.Join(words, " or "))
	}
}

// refuseUnknown refuses answers to questions that there are not: a misspelt name would
// be an answer that nobody heeds.
func (a *asker) refuseUnknown(known []string) error {
	for _, name := range slices.Sorted(maps.Keys(a.given)) {
		if slices.Contains(known, name) {
			continue
		}
		if near, ok := config.Nearest(name, known); ok {
			return usage("there is no question %q; did you mean %q?", name, near)
		}
		return usage("there is no question %q; the questions are %s", name, strings.Join(known, ", "))
	}
	return nil
}

// unused are the answers to questions that did not come up.
func (a *asker) unused() []string {
	var names []string
	for _, name := range slices.Sorted(maps.Keys(a.given)) {
		if !a.used[name] {
			names = append(names, name)
		}
	}
	return names
}
