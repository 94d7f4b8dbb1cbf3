package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/spf13/cobra"

	"audiencesync/internal/audience"
	"audiencesync/internal/hellocharles"
	"audiencesync/internal/trial"
)

// mostTried bounds a trial: more than that is a run.
const mostTried = 100

type tryFlags struct {
	vendorFlags
	limit     int
	reference string
	dryRun    bool
}

func (a *app) tryCommand() *cobra.Command {
	var f tryFlags
	command := &cobra.Command{
		Use:   "try SYNC.yaml",
		Short: "Send a few members, read them back field by field, and compare",
		Long: `Send the first members of the audience that can be sent, each in a request of its
own, read them back where the connection says how, and compare field by field. The
mapping, the requests and the checks are those of a run; nobody is removed. What was
taken is in the ledger: the next run sends the rest.

This is contact data: it passes between the vendors, the ledger and this terminal, and
never through Temporal. Exit code 0 says that all were taken and nothing differs.`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if f.limit < 1 || f.limit > mostTried {
				return usage("--limit %d: write a number from 1 to %d; more than that is for a run", f.limit, mostTried)
			}
			return a.withTrial(cmd.Context(), &f.vendorFlags, args[0], func(t *trial.Trial) error {
				return a.try(cmd.Context(), t, f)
			})
		},
	}
	f.add(command)
	flags := command.Flags()
	flags.IntVar(&f.limit, "limit", 10, "how many members, at most 100")
	flags.StringVar(&f.reference, "reference", "", "instead: the one member with this reference")
	flags.BoolVar(&f.dryRun, "dry-run", false, "show the requests and send nothing")
	command.MarkFlagsMutuallyExclusive("limit", "reference")
	return command
}

func (a *app) try(ctx context.Context, t *trial.Trial, f tryFlags) error {
	a.tellFindings(t)
	if len(t.Findings.Problems) > 0 {
		return usage("sync %s cannot run as it is; nothing was sent", t.Sync.Spec.Sync)
	}
	chosen, err := choose(ctx, t, f)
	if err != nil {
		return err
	}
	shown := shownTrial{Sync: t.Sync.Spec.Sync, Workspace: t.Sync.Workspace.Settings.Workspace(), DryRun: f.dryRun, Read: chosen.Read}
	for _, over := range chosen.PassedOver {
		shown.PassedOver = append(shown.PassedOver, shownPassedOver{over.Outcome, string(over.Reason), over.Why(), over.Field, over.Members})
	}
	if chosen.Incomplete != "" {
		a.say("note: the read of the audience was not complete: %s", chosen.Incomplete)
	}
	var ended error
	switch {
	case len(chosen.Candidates) == 0:
	case f.dryRun:
		ended = shown.render(ctx, t, chosen.Candidates)
	default:
		settings := t.Sync.Workspace.Settings
		a.say("sending %s, one a request, to %s as source type %s", contacts(len(chosen.Candidates)), settings.BaseURL, settings.SourceType)
		ended = shown.send(ctx, t, chosen.Candidates)
	}
	if err := a.printTrial(shown); err != nil {
		return errors.Join(ended, err)
	}
	if ended != nil {
		return ended
	}
	return shown.verdict()
}

// tellFindings says what the inspection found.
func (a *app) tellFindings(t *trial.Trial) {
	for _, note := range t.Findings.Notes {
		a.say("note: %s", note)
	}
	for _, problem := range t.Findings.Problems {
		a.say("problem: %s", problem)
	}
}

func choose(ctx context.Context, t *trial.Trial, f tryFlags) (trial.Chosen, error) {
	if f.reference == "" {
		return t.Choose(ctx, f.limit)
	}
	reference, err := normalised(t, f.reference)
	if err != nil {
		return trial.Chosen{}, err
	}
	return t.ChooseOne(ctx, reference)
}

// normalised reads the flag --reference as the sync reads references.
func normalised(t *trial.Trial, reference string) (string, error) {
	found, err := t.Normalise(reference)
	if err != nil {
		return "", usage("--reference: %w", err)
	}
	return found, nil
}

func contacts(n int) string {
	if n == 1 {
		return "1 contact"
	}
	return fmt.Sprintf("%d contacts", n)
}

// shownTrial is a trial as it is printed.
type shownTrial struct {
	Sync       string            `json:"sync"`
	Workspace  string            `json:"workspace"`
	DryRun     bool              `json:"dry_run,omitempty"`
	Read       int64             `json:"read"`
	PassedOver []shownPassedOver `json:"passed_over,omitempty"`
	Members    []shownMember     `json:"members"`
	// CannotRead says why contacts cannot be read back.
	CannotRead string `json:"cannot_read_back,omitempty"`
}

type shownPassedOver struct {
	Outcome audience.Outcome `json:"outcome,omitempty"`
	Reason  string           `json:"reason"`
	Why     string           `json:"why"`
	Field   string           `json:"field,omitempty"`
	Members int64            `json:"members"`
}

type shownMember struct {
	Reference   string            `json:"reference"`
	Outcome     audience.Outcome  `json:"outcome,omitempty"`
	Transient   bool              `json:"transient,omitempty"`
	Code        string            `json:"code,omitempty"`
	Message     string            `json:"message,omitempty"`
	Why         string            `json:"why,omitempty"`
	LeftOut     []shownLabel      `json:"left_out,omitempty"`
	Held        trial.HeldState   `json:"held,omitempty"`
	Unread      string            `json:"unread,omitempty"`
	Differences []shownDifference `json:"differences,omitempty"`
	Request     *shownRequest     `json:"request,omitempty"`

	good bool
}

type shownLabel struct {
	Of    string `json:"of"`
	Label string `json:"label,omitempty"`
}

type shownDifference struct {
	Field string `json:"field"`
	Sent  any    `json:"sent"`
	Held  any    `json:"held"`
}

// shownRequest is a request without its credential.
type shownRequest struct {
	Method string          `json:"method"`
	Path   string          `json:"path"`
	Body   json.RawMessage `json:"body"`
}

func showRequest(r hellocharles.Rendered) *shownRequest {
	return &shownRequest{Method: r.Method, Path: r.Path, Body: r.Body}
}

func showLabels(withheld []audience.Withheld) []shownLabel {
	var labels []shownLabel
	for _, w := range withheld {
		labels = append(labels, shownLabel{Of: w.Target, Label: w.Label})
	}
	return labels
}

func showDifferences(differences []trial.Difference) []shownDifference {
	var list []shownDifference
	for _, d := range differences {
		list = append(list, shownDifference{Field: d.Field, Sent: d.Sent, Held: d.Held})
	}
	return list
}

// render shows what would be sent.
func (s *shownTrial) render(ctx context.Context, t *trial.Trial, candidates []trial.Candidate) error {
	for _, c := range candidates {
		request, err := t.Sync.Workspace.API.Render(ctx, c.Contact)
		if err != nil {
			return err
		}
		s.Members = append(s.Members, shownMember{
			Reference: c.Contact.Reference, LeftOut: showLabels(c.Withheld), Request: showRequest(request), good: true,
		})
	}
	return nil
}

// send sends, and reads back what may have arrived, also when the sending ended
// early.
func (s *shownTrial) send(ctx context.Context, t *trial.Trial, candidates []trial.Candidate) error {
	sent, ended := t.Send(ctx, candidates)
	if ctx.Err() == nil {
		err := t.ReadBack(ctx, sent)
		if cannot, ok := errors.AsType[*trial.CannotReadError](err); ok {
			s.CannotRead = cannot.Error()
		} else {
			ended = errors.Join(ended, err)
		}
	}
	for _, one := range sent {
		s.Members = append(s.Members, shownMember{
			Reference: one.Contact.Reference, Outcome: one.Outcome, Transient: one.Transient, Code: one.Code, Message: one.Message,
			Why: one.Why, LeftOut: showLabels(one.Withheld), Held: one.Held.State, Unread: one.Held.Why,
			Differences: showDifferences(one.Held.Differences), good: one.Good(),
		})
	}
	return ended
}

// verdict is the exit code: good when all were taken and nothing differs.
func (s *shownTrial) verdict() error {
	if len(s.Members) == 0 {
		return failed(s.Sync, errors.New("no member was found that can be sent; nothing was sent"))
	}
	for _, member := range s.Members {
		if !member.good {
			return &exitError{code: exitFailed}
		}
	}
	return nil
}

func (a *app) printTrial(s shownTrial) error {
	if a.output == outputJSON {
		if s.Members == nil {
			s.Members = []shownMember{}
		}
		return a.printJSON(s)
	}
	return s.write(a.stdout)
}

func (s *shownTrial) write(w io.Writer) error {
	var text strings.Builder
	fmt.Fprintf(&text, "sync %s: %s members read\n", s.Sync, audience.Thousands(s.Read))
	for _, over := range s.PassedOver {
		fmt.Fprintf(&text, "passed over: %s, %s%s\n", audience.Thousands(over.Members), over.Why, ofField(over.Field))
	}
	var err error
	if s.DryRun {
		err = s.writeRequests(&text)
	} else {
		s.writeMembers(&text)
	}
	if err == nil {
		_, err = io.WriteString(w, text.String())
	}
	return err
}

func ofField(field string) string {
	if field == "" {
		return ""
	}
	return " (field " + field + ")"
}

func (s *shownTrial) writeRequests(text *strings.Builder) error {
	for _, m := range s.Members {
		text.WriteString("\n")
		if err := m.Request.write(text); err != nil {
			return err
		}
		for _, label := range m.LeftOut {
			text.WriteString("left out: " + label.String() + "\n")
		}
	}
	return nil
}

func (r *shownRequest) write(text *strings.Builder) error {
	var body bytes.Buffer
	if err := json.Indent(&body, r.Body, "", "  "); err != nil {
		return fmt.Errorf("the body of a request: %w", err)
	}
	fmt.Fprintf(text, "%s %s\n%s\n", r.Method, r.Path, body.String())
	return nil
}

func (l shownLabel) String() string {
	if l.Label == "" {
		return l.Of
	}
	return l.Of + " " + spelled(l.Label)
}

func (s *shownTrial) writeMembers(text *strings.Builder) {
	if len(s.Members) == 0 {
		return
	}
	members, differing := make([]table.Row, 0, len(s.Members)), []table.Row{}
	for _, m := range s.Members {
		members = append(members, table.Row{spelled(m.Reference), m.Outcome, m.heldText(), m.leftOutText(), m.saidText()})
		for _, d := range m.Differences {
			differing = append(differing, table.Row{spelled(m.Reference), d.Field, spelled(d.Sent), spelled(d.Held)})
		}
	}
	text.WriteString("\n" + render(table.Row{"reference", "outcome", "held", "left out", "why"}, members))
	if len(differing) > 0 {
		text.WriteString("\n" + render(table.Row{"reference", "field", "sent", "held"}, differing))
	}
	if s.CannotRead != "" {
		text.WriteString("\nnot compared: " + s.CannotRead + "\n")
	}
}

func (m *shownMember) heldText() string {
	if m.Held == trial.NotLooked {
		return "-"
	}
	return string(m.Held)
}

func (m *shownMember) leftOutText() string {
	labels := make([]string, len(m.LeftOut))
	for i, label := range m.LeftOut {
		labels[i] = label.String()
	}
	return strings.Join(labels, ", ")
}

// saidText is why a contact is not taken, or not read.
func (m *shownMember) saidText() string {
	var said []string
	for _, part := range []string{m.Code, m.Message, m.Why, m.Unread} {
		if part != "" {
			said = append(said, spelled(part))
		}
	}
	if m.Transient {
		said = append(said, "a run would send it again")
	}
	return strings.Join(said, ": ")
}
