package main

import (
	"bufio"
	"context"
	"errors"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"audiencesync/internal/firstsync"
)

// Bounds of the sample of members.
const (
	usualSample = 200
	mostSampled = 10_000
)

// initFlags say what a first sync is made of and where it is written.
type initFlags struct {
	dataFlags
	connections      string
	writeConnections string
	writeSync        string
	answersFile      string
	answers          []string
	sample           int
	showValues       bool
	force            bool
}

func (a *app) initCommand() *cobra.Command {
	var f initFlags
	command := &cobra.Command{
		Use:   "init",
		Short: "Ask for what a first sync needs, propose a mapping, and write both files",
		Long: `Ask for the connections and the audience, read what tags, custom properties and
segments there are and a sample of members, propose a mapping, say what to create in
Hello Charles, and write a connections file and a sync file with comments. Nothing is
sent. An empty answer takes what stands in brackets, and "-" leaves something out.

Of the sample only names of fields and what their values look like are shown, unless
--show-values asks for one value of each. No value is written anywhere.

Without a terminal the answers are read from standard input, a line for each question,
and a wrong one ends the command with code 2. They can also be given by name: --answer
NAME=VALUE, or a YAML file for --answers, with which nothing is asked and what is not in
it is as proposed. The names:
` + inLines(questionNames),
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if f.sample < 1 || f.sample > mostSampled {
				return usage("--sample %d: write a number from 1 to %d", f.sample, mostSampled)
			}
			questions, err := a.questions(f)
			if err != nil {
				return err
			}
			return (&beginner{app: a, asker: questions, flags: f}).begin(cmd.Context())
		},
	}
	flags := command.Flags()
	flags.StringVar(&f.connections, "connections", "", "connections file that is there already; only which of its connections is asked")
	flags.StringVar(&f.writeConnections, "write-connections", "connections.yaml", "where the connections file is written")
	flags.StringVar(&f.writeSync, "write-sync", "sync.yaml", "where the sync file is written")
	flags.StringVar(&f.answersFile, "answers", "", "answers by name, a YAML file; nothing is asked")
	flags.StringArrayVar(&f.answers, "answer", nil, "one answer, NAME=VALUE; may be repeated")
	flags.IntVar(&f.sample, "sample", usualSample, "how many members are looked at")
	flags.BoolVar(&f.showValues, "show-values", false, "show one value of each field: contact data, on this terminal only")
	flags.BoolVar(&f.force, "force", false, "replace files that are there already")
	flags.StringVar(&f.ledger, "ledger", "", "ledger whose request budget is kept to (or "+ledgerVariable+"; else "+localLedger+" if it is there, else a temporary one)")
	return command
}

// questions is who answers.
func (a *app) questions(f initFlags) (*asker, error) {
	in := a.stdin
	if in == nil {
		in = strings.NewReader("")
	}
	file, isFile := in.(*os.File)
	asks := &asker{
		given: map[string]string{}, used: map[string]bool{}, lines: bufio.NewReader(in), out: a.stderr,
		person: isFile && term.IsTerminal(int(file.Fd())), closed: f.answersFile != "",
	}
	if asks.closed {
		raw, err := readAnswers(f.answersFile)
		if err != nil {
			return nil, err
		}
		if asks.given, err = firstsync.Answers(raw); err != nil {
			return nil, usage("--answers %s: %w", f.answersFile, err)
		}
	}
	for _, answer := range f.answers {
		name, value, ok := strings.Cut(answer, "=")
		if !ok {
			return nil, usage("--answer: write NAME=VALUE, as in --answer audience_id=984")
		}
		asks.given[strings.TrimSpace(name)] = value
	}
	if err := asks.refuseUnknown(questionNames); err != nil {
		return nil, err
	}
	return asks, nil
}

// mostAnswerBytes bounds a file of answers.
const mostAnswerBytes = 64 << 10

func readAnswers(path string) ([]byte, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, usage("--answers: %w", err)
	}
	raw, err := io.ReadAll(io.LimitReader(file, mostAnswerBytes+1))
	if err := errors.Join(err, file.Close()); err != nil {
		return nil, usage("--answers %s: %w", path, err)
	}
	if len(raw) > mostAnswerBytes {
		return nil, usage("--answers %s: more than %d bytes, which no answers need", path, mostAnswerBytes)
	}
	return raw, nil
}

// questionNames are the names of all questions, in the order in which they come.
var questionNames = []string{
	"use_existing", "write_connections", "overwrite", "source_connection", "charles_connection",
	"source", "zeotap_base_url", "zeotap_credential",
	"zeotap_url", "sftp_private_key", "sftp_password", "sftp_host_key", "zeotap_pattern", "zeotap_format", "zeotap_delimiter", "zeotap_marker",
	"charles_base_url", "charles_credential", "source_type", "send", "batch_path", "batch_method", "batch_envelope", "batch_reply",
	"audience_id", "audience_name", "may_read",
	"reference", "normalise", "region", "first_name", "middle_name", "last_name", "phone", "email", "properties", "tags", "accept_invalid",
	"marker", "marker_member", "segment", "sync",
}

// inLines are words in lines that are no longer than the other ones of a help text.
func inLines(words []string) string {
	const width = 86
	lines := []string{""}
	for _, word := range words {
		if last := lines[len(lines)-1]; len(last)+len(word) > width {
			lines = append(lines, "")
		}
		lines[len(lines)-1] += " " + word
	}
	return " " + strings.Join(lines, "\n ")
}

// beginner makes a first sync, step by step.
type beginner struct {
	*app
	*asker
	flags initFlags

	connections firstsync.Connections
	// existing says that the connections file was there and stays as it is.
	existing bool
	sync     firstsync.Sync
	live     live
	// unset are the environment variables of credentials that are not set here.
	unset []string
	// unread are the things that could not be read, in words.
	unread []string
}

// begin asks, proposes, and writes.
func (b *beginner) begin(ctx context.Context) error {
	for _, step := range []func(context.Context) error{b.whereTo, b.askConnections} {
		if err := step(ctx); err != nil {
			return err
		}
	}
	close, err := b.open(ctx)
	if err != nil {
		return err
	}
	return errors.Join(b.withVendors(ctx), close())
}

// withVendors is what is left when both vendors can be asked.
func (b *beginner) withVendors(ctx context.Context) error {
	for _, step := range []func(context.Context) error{
		b.askAudience, b.look, b.askReading, b.askReference, b.askFields, b.askProperties, b.askTags, b.askAccept, b.askMarker, b.askSegment, b.askName,
	} {
		if err := step(ctx); err != nil {
			return err
		}
	}
	for _, name := range b.unused() {
		b.say("note: the answer to %s was not needed", name)
	}
	return b.finish(ctx)
}
