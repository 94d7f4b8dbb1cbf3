package main

import (
	"context"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/spf13/cobra"

	"audiencesync/internal/audience"
	"audiencesync/internal/ledger"
)

// failuresFlags choose failures.
type failuresFlags struct {
	dataFlags
	run      int64
	newOnly  bool
	reason   string
	limit    int
	raw      bool
	withheld bool
}

func (a *app) failuresCommand() *cobra.Command {
	var f failuresFlags
	command := &cobra.Command{
		Use:   "failures SYNC",
		Short: "List the members of a run that Hello Charles did not take, and why",
		Long: `List the members that a run could not send, that Hello Charles refused, or of which
nobody knows what became, and the leavers whose marker could not be taken away: who,
reference, reason, field, batch, requests, and the API's own words. This is contact data:
it is read from the ledger and never passes through Temporal.

A member without a usable reference is named by its place: the page of the read, and its
number in it. audiencesync trace SYNC.yaml --place "page 1, member 147" follows it.

Of a run that was cancelled or declined, or failed, those that it had not sent yet are
counted and not listed. Duplicates are no failures either: the first of several records
with one reference is sent, and reports count the others.

A member that was sent without one of its tags, or of the options of a select, because
Hello Charles does not have it, or without a field whose value is not usable, is no
failure: --withheld lists what was left out, and of how many members.`,
		Args:        oneArgument,
		Annotations: map[string]string{outputCSV: ""},
		RunE: func(cmd *cobra.Command, args []string) error {
			sync, err := syncName(args[0])
			if err != nil {
				return err
			}
			if cmd.Flags().Changed("limit") && f.limit < 1 {
				return usage("--limit %d: write a number of failures", f.limit)
			}
			if f.raw && f.failureKey == "" {
				return usage("--raw: name the failure key of the worker with --failure-key env:NAME or file:PATH, or %s; a worker without one keeps no fields", failureKeyVariable)
			}
			return f.withLedger(cmd.Context(), func(l *ledger.Ledger) error {
				if f.withheld {
					return dataError(a.listWithheld(cmd.Context(), l, sync, f.run))
				}
				return dataError(a.listFailures(cmd.Context(), l, sync, f))
			})
		},
	}
	f.add(command)
	flags := command.Flags()
	flags.Int64Var(&f.run, "run", 0, "number of the run (default the newest that is no plan, proof or audit, if there is one)")
	flags.BoolVar(&f.newOnly, "new", false, "only those that no earlier run had met")
	flags.StringVar(&f.reason, "reason", "", reasonHelp)
	flags.IntVar(&f.limit, "limit", 0, "at most so many (default all)")
	flags.BoolVar(&f.raw, "raw", false, "also the mapped fields of the member, if they were kept; needs --failure-key")
	flags.BoolVar(&f.withheld, "withheld", false, "instead of failures: tags, options of selects and values of fields that members were sent without, of how many members, and why")
	for _, ofFailures := range []string{"new", "reason", "limit", "raw"} {
		command.MarkFlagsMutuallyExclusive("withheld", ofFailures)
	}
	return command
}

// shownFailure is a failure as it is printed.
type shownFailure struct {
	Run       int64            `json:"run"`
	Reference string           `json:"reference"`
	Outcome   audience.Outcome `json:"outcome"`
	Reason    string           `json:"reason"`
	Field     string           `json:"field,omitempty"`
	Place     string           `json:"place"`
	Batch     int64            `json:"batch,omitempty"`
	Sends     int              `json:"sends"`
	Message   string           `json:"message,omitempty"`
	Known     bool             `json:"known"`
	FirstRun  int64            `json:"first_run,omitempty"`
	// Leaver says that it is no member: the marker could not be taken away.
	Leaver bool            `json:"leaver"`
	Raw    audience.Member `json:"raw,omitempty"`
}

// who says it in a word.
func (f *shownFailure) who() string {
	if f.Leaver {
		return "leaver"
	}
	return "member"
}

func showFailure(f ledger.Failure) shownFailure {
	return shownFailure{
		Run: f.Run, Reference: f.Reference, Outcome: f.Outcome, Reason: f.Reason, Field: f.Field, Place: f.Place,
		Batch: f.Batch, Sends: f.Sends, Message: f.Message, Known: f.Known, FirstRun: f.FirstRun, Leaver: f.Leaver,
	}
}

func (a *app) listFailures(ctx context.Context, l *ledger.Ledger, sync string, f failuresFlags) error {
	run, err := l.SendingRun(ctx, sync, f.run)
	if err != nil {
		return err
	}
	printer := a.newFailurePrinter(f.raw)
	reasons, err := l.FailureReasons(ctx, sync, run.Number)
	if err != nil {
		return err
	}
	if f.reason != "" {
		if f.reason, err = findReason(f.reason, theRun(run), namesOf(reasons)); err != nil {
			return err
		}
	}
	query := ledger.FailureQuery{Sync: sync, Run: run.Number, NewOnly: f.newOnly, Reason: f.reason, Limit: f.limit}
	var n int64
	for found, err := range l.Failures(ctx, query) {
		if err != nil {
			return err
		}
		shown := showFailure(found)
		if f.raw {
			if shown.Raw, err = found.Raw(); err != nil {
				return usage("%v", err)
			}
		}
		n++
		if err := printer.print(shown); err != nil {
			return err
		}
	}
	if err := printer.end(); err != nil {
		return err
	}
	if n == 0 || a.output == outputTable {
		a.say("%s", f.total(run, reasons, n))
	}
	if left := unsent(run.Report); left != "" {
		a.say("%s", left)
	}
	return nil
}

// unsent says how many a run has not sent before it ended: they are no failures, and
// are not listed.
func unsent(r *audience.Report) string {
	if r == nil {
		return ""
	}
	members, leavers := r.Reasons[string(audience.NotSentBeforeEnd)], r.LeaverReasons[string(audience.NotSentBeforeEnd)]
	var all []string
	if members > 0 {
		all = append(all, audience.Count(members, "member", "members"))
	}
	if leavers > 0 {
		all = append(all, audience.Count(leavers, "leaver", "leavers"))
	}
	if len(all) == 0 {
		return ""
	}
	return fmt.Sprintf("besides, it ended before %s were sent, who are not listed: the next run sends whom there still is reason to send", strings.Join(all, " and "))
}

// total says how many failures of a run are listed, of how many.
func (f failuresFlags) total(run ledger.RunRecord, reasons []ledger.FailureReason, listed int64) string {
	var all, chosen int64
	for _, r := range reasons {
		all += r.New + r.Known
		if f.reason != "" && r.Reason != f.reason && !strings.HasPrefix(r.Reason, f.reason+":") {
			continue
		}
		if chosen += r.New; !f.newOnly {
			chosen += r.Known
		}
	}
	chosen = max(chosen, listed) // A run that is going has met more since they were counted.
	such := ""
	if f.newOnly || f.reason != "" {
		such = " of those asked for"
	}
	switch {
	case chosen == 0 && all == 0:
		return theRun(run) + " has no failures"
	case chosen == 0:
		return fmt.Sprintf("%s has %s, but none%s", theRun(run), audience.Count(all, "failure", "failures"), such)
	case listed < chosen:
		return fmt.Sprintf("%s has %s%s; --limit %d shows the first %s", theRun(run), audience.Count(chosen, "failure", "failures"), such, f.limit, audience.Thousands(listed))
	default:
		return fmt.Sprintf("%s has %s%s", theRun(run), audience.Count(chosen, "failure", "failures"), such)
	}
}

// theRun names a run, and what it is if it is none that brings members.
func theRun(run ledger.RunRecord) string {
	kind := "run"
	if run.Report != nil {
		kind = kindOfRun(run.Report)
	}
	text := fmt.Sprintf("%s %d", kind, run.Number)
	if run.State == ledger.RunOpen {
		text += ", which is going,"
	}
	return text
}

// namesOf names the reasons of a run, each once.
func namesOf(reasons []ledger.FailureReason) []string {
	names := make([]string, len(reasons))
	for i, r := range reasons {
		names[i] = r.Reason
	}
	return slices.Compact(names)
}

// failurePrinter prints failures as they come: a run may have a million.
type failurePrinter interface {
	print(failure shownFailure) error
	end() error
}

func (a *app) newFailurePrinter(raw bool) failurePrinter {
	switch a.output {
	case outputJSON:
		return &jsonFailures{newJSONRows(a.stdout)}
	case outputCSV:
		return &csvFailures{w: csv.NewWriter(a.stdout), raw: raw}
	default:
		return &tableFailures{w: a.stdout, raw: raw}
	}
}

type jsonFailures struct{ *jsonRows }

func (j *jsonFailures) print(failure shownFailure) error { return j.add(failure) }

type csvFailures struct {
	w      *csv.Writer
	raw    bool
	titled bool
}

var failureColumns = []string{"run", "reference", "outcome", "reason", "field", "place", "batch", "sends", "known", "first_run", "message", "leaver"}

func (c *csvFailures) print(f shownFailure) error {
	if !c.titled {
		c.titled = true
		titles := failureColumns
		if c.raw {
			titles = append(slices.Clip(titles), "raw")
		}
		if err := c.w.Write(titles); err != nil {
			return err
		}
	}
	cells, err := f.cells(c.raw)
	if err != nil {
		return err
	}
	return c.w.Write(cells)
}

func (c *csvFailures) end() error {
	c.w.Flush()
	return c.w.Error()
}

func (f *shownFailure) cells(raw bool) ([]string, error) {
	cells := make([]string, 0, len(failureColumns)+1)
	cells = append(cells,
		strconv.FormatInt(f.Run, 10), f.Reference, string(f.Outcome), f.Reason, f.Field, f.Place, strconv.FormatInt(f.Batch, 10),
		strconv.Itoa(f.Sends), strconv.FormatBool(f.Known), strconv.FormatInt(f.FirstRun, 10), f.Message,
		strconv.FormatBool(f.Leaver),
	)
	if !raw {
		return cells, nil
	}
	fields, err := json.Marshal(f.Raw)
	return append(cells, string(fields)), err
}

// tableRows is how many failures make one table: their widths are known only
// when all of them are.
const tableRows = 1000

type tableFailures struct {
	w    io.Writer
	raw  bool
	rows []table.Row
}

func (t *tableFailures) print(f shownFailure) error {
	known := "new"
	if f.Known {
		known = fmt.Sprintf("known since run %d", f.FirstRun)
	}
	reference := "-"
	if f.Reference != "" {
		reference = spelled(f.Reference)
	}
	row := table.Row{reference, f.who(), f.Outcome, f.Reason, f.Field, f.Place, f.Sends, known, printable(strings.TrimSpace(f.Message), "")}
	if t.raw {
		fields := "not kept"
		if f.Raw != nil {
			fields = spelled(f.Raw)
		}
		row = append(row, fields)
	}
	t.rows = append(t.rows, row)
	if len(t.rows) < tableRows {
		return nil
	}
	return t.end()
}

func (t *tableFailures) end() error {
	if len(t.rows) == 0 {
		return nil
	}
	header := table.Row{"reference", "who", "outcome", "reason", "field", "place", "requests", "known", "Hello Charles said"}
	if t.raw {
		header = append(header, "fields")
	}
	err := writeTable(t.w, header, t.rows)
	t.rows = nil
	return err
}

// shownWithheld is a label that was left out, as it is printed.
type shownWithheld struct {
	Of      string              `json:"of"`
	Label   string              `json:"label"`
	Rest    bool                `json:"rest,omitempty"`
	Members int64               `json:"members"`
	Why     ledger.WithheldKind `json:"why"`
}

func (a *app) listWithheld(ctx context.Context, l *ledger.Ledger, sync string, number int64) error {
	run, err := l.SendingRun(ctx, sync, number)
	if err != nil {
		return err
	}
	counts, err := l.Withheld(ctx, sync, run.Number)
	if err != nil {
		return err
	}
	shown := make([]shownWithheld, len(counts))
	for i, c := range counts {
		shown[i] = shownWithheld{Of: c.Target, Label: c.Label, Rest: c.Rest, Members: c.Members, Why: c.Kind}
	}
	switch {
	case a.output == outputJSON:
		return a.printJSON(shown)
	case len(shown) == 0:
		a.say("%s has left nothing out: every member that it sent had all of its tags, options and fields", theRun(run))
		return nil
	case a.output == outputCSV:
		return writeWithheldCSV(a.stdout, shown)
	default:
		a.say("%s has left out:", theRun(run))
		return writeWithheldTable(a.stdout, shown)
	}
}

func writeWithheldCSV(w io.Writer, shown []shownWithheld) error {
	lines := make([][]string, 0, len(shown)+1)
	lines = append(lines, []string{"of", "label", "rest", "members", "why"})
	for _, s := range shown {
		lines = append(lines, []string{s.Of, s.Label, strconv.FormatBool(s.Rest), strconv.FormatInt(s.Members, 10), string(s.Why)})
	}
	return csv.NewWriter(w).WriteAll(lines)
}

func writeWithheldTable(w io.Writer, shown []shownWithheld) error {
	rows := make([]table.Row, len(shown))
	for i, s := range shown {
		rows[i] = table.Row{strings.TrimPrefix(s.Of, changedPrefix), s.what(), audience.Thousands(s.Members), s.reason()}
	}
	return writeTable(w, table.Row{"field", "left out", "members", "why"}, rows)
}

// changedPrefix stands before a field that was left out because its value has changed.
const changedPrefix = "changed_"

// what says what was left out of a field.
func (s *shownWithheld) what() string {
	switch {
	case s.Rest:
		return "(further labels)"
	case s.Label == "":
		return "its value"
	default:
		return spelled(s.Label)
	}
}

// reason says why in words.
func (s *shownWithheld) reason() string {
	switch {
	case s.Why == ledger.LabelUnknown:
		return "not allowed or not in Hello Charles: nothing is sent (unknown: stop)"
	case s.Label != "" || s.Rest:
		return "not allowed or not in Hello Charles"
	case strings.HasPrefix(s.Of, changedPrefix):
		return "changed, and Hello Charles does not confirm that it still holds the contact"
	default:
		return "not usable"
	}
}
