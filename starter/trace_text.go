package main

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/jedib0t/go-pretty/v6/table"

	"audiencesync/internal/audience"
	"audiencesync/internal/hellocharles"
	"audiencesync/internal/ledger"
	"audiencesync/internal/readback"
	"audiencesync/internal/trial"
)

// shownPath is the path of a member as it is printed.
type shownPath struct {
	Sync      string `json:"sync"`
	Reference string `json:"reference,omitempty"`
	// NoMember says that no member of the audience has the reference.
	NoMember string `json:"no_member,omitempty"`
	// Fields are those that the mapping or the filter uses, OtherFields all others that
	// have a value.
	Fields      audience.Member `json:"fields"`
	OtherFields audience.Member `json:"other_fields,omitempty"`
	Steps       []shownStep     `json:"steps"`
	// Sent says whether a run would send the member, if nothing of it is known.
	Sent    bool          `json:"sent"`
	NotSent *shownReason  `json:"not_sent,omitempty"`
	LeftOut []shownLabel  `json:"left_out,omitempty"`
	Stops   []shownLabel  `json:"stops_a_run,omitempty"`
	Request *shownRequest `json:"request,omitempty"`
	// Protected says that the request leaves out phone number and email address, because
	// Hello Charles has confirmed the contact: with them it could bring back one that was
	// erased. They are sent, in a second request, when they have changed.
	Protected bool `json:"protected,omitempty"`
	// NoRequest says why there is no request of a member that would be sent.
	NoRequest string `json:"no_request,omitempty"`
	// Unmark is the request with which the next run takes the marker away.
	Unmark *shownRequest `json:"unmark,omitempty"`
	// ForgottenAt is when "ledger forget" was told of the person.
	ForgottenAt *time.Time   `json:"forgotten_at,omitempty"`
	History     shownHistory `json:"history"`
	Held        shownHeld    `json:"held"`
}

type shownStep struct {
	Target  string          `json:"target"`
	From    audience.Member `json:"from,omitempty"`
	How     string          `json:"how"`
	Result  any             `json:"result"`
	Reason  audience.Reason `json:"reason,omitempty"`
	LeftOut []shownLabel    `json:"left_out,omitempty"`
}

type shownReason struct {
	Outcome audience.Outcome `json:"outcome"`
	Reason  audience.Reason  `json:"reason"`
	Why     string           `json:"why"`
	Field   string           `json:"field,omitempty"`
}

type shownHistory struct {
	// HasRun says that the ledger knows the sync.
	HasRun      bool              `json:"has_run"`
	Member      ledger.Membership `json:"member"`
	AcceptedRun int64             `json:"accepted_run,omitempty"`
	// Doubtful says that the next run sends it, whether it changed or not.
	Doubtful bool `json:"doubtful,omitempty"`
	// Confirmed says that Hello Charles was seen to hold the contact; Gone that it
	// was, and holds it no more.
	Confirmed    bool               `json:"confirmed,omitempty"`
	Gone         bool               `json:"gone,omitempty"`
	KnownFailure *shownKnownFailure `json:"known_failure,omitempty"`
	Failures     []shownFailure     `json:"failures,omitempty"`

	// known says that a sync of the workspace has met the reference.
	known bool
}

type shownKnownFailure struct {
	Outcome    audience.Outcome `json:"outcome"`
	Reason     string           `json:"reason"`
	Field      string           `json:"field,omitempty"`
	Message    string           `json:"message,omitempty"`
	FirstRun   int64            `json:"first_run"`
	LastSentAt time.Time        `json:"last_sent_at"`
	Retry      bool             `json:"retry,omitempty"`
}

type shownHeld struct {
	State       readback.State    `json:"state,omitempty"`
	Contact     *shownContact     `json:"contact,omitempty"`
	Differences []shownDifference `json:"differences,omitempty"`
	// Why says why there is nothing to see.
	Why string `json:"why,omitempty"`
}

// shownContact is what Hello Charles holds.
type shownContact struct {
	FirstName  string         `json:"first_name,omitempty"`
	MiddleName string         `json:"middle_name,omitempty"`
	LastName   string         `json:"last_name,omitempty"`
	Phones     []string       `json:"phones,omitempty"`
	Emails     []string       `json:"emails,omitempty"`
	Tags       []string       `json:"tags,omitempty"`
	Properties map[string]any `json:"custom_properties,omitempty"`
}

func showPath(sync string, p trial.Path) shownPath {
	s := shownPath{
		Sync: sync, Reference: p.Trace.Reference, Fields: p.Mapped, OtherFields: p.Others, Sent: p.Trace.Contact != nil,
		LeftOut: showLabels(p.Trace.Withheld), Stops: showLabels(p.Stops), NoRequest: p.NoRequest, Protected: p.Protected,
		History: showHistory(p), Held: showHeld(p),
	}
	switch {
	case p.Trace.Excluded != nil:
		s.NotSent = &shownReason{audience.Suppressed, p.Trace.Excluded.Reason, p.Trace.Excluded.Reason.Explain(), p.Trace.Excluded.Field}
	case p.Trace.Rejected != nil:
		s.NotSent = &shownReason{audience.Invalid, p.Trace.Rejected.Reason, p.Trace.Rejected.Reason.Explain(), p.Trace.Rejected.Field}
	}
	for _, step := range p.Trace.Steps {
		shown := shownStep{Target: step.Target, How: step.How, Result: step.Result, Reason: step.Reason, LeftOut: showLabels(step.Withheld)}
		for _, input := range step.Inputs {
			if shown.From == nil {
				shown.From = audience.Member{}
			}
			shown.From[input.Field] = input.Value
		}
		s.Steps = append(s.Steps, shown)
	}
	if !p.ForgottenAt.IsZero() {
		s.ForgottenAt = &p.ForgottenAt
	}
	if p.Request != nil {
		s.Request = showRequest(*p.Request)
	}
	if p.Unmark != nil {
		s.Unmark = showRequest(*p.Unmark)
	}
	return s
}

func showHistory(p trial.Path) shownHistory {
	shown := shownHistory{
		HasRun: p.HasRun, Member: p.History.Membership, AcceptedRun: p.History.AcceptedRun, known: p.History.Known,
		Doubtful: p.History.Doubtful, Confirmed: p.History.Held, Gone: p.History.Gone,
	}
	if shown.Member == "" {
		shown.Member = ledger.MemberNo
	}
	if k := p.History.KnownFailure; k != nil {
		shown.KnownFailure = &shownKnownFailure{k.Outcome, k.Reason, k.Field, k.Message, k.FirstRun, k.LastSentAt, k.Retry}
	}
	for _, f := range p.History.Failures {
		shown.Failures = append(shown.Failures, showFailure(f))
	}
	return shown
}

func showHeld(p trial.Path) shownHeld {
	shown := shownHeld{State: p.Held.State, Differences: showDifferences(p.Held.Differences), Why: p.Held.Why}
	switch {
	case p.CannotRead != "":
		shown.Why = p.CannotRead
	case p.Trace.Reference == "":
		shown.Why = "the member has no reference to ask for"
	}
	if held := p.Held.Held; held != nil {
		shown.Contact = showContact(held)
	}
	return shown
}

func showContact(held *hellocharles.Held) *shownContact {
	return &shownContact{held.FirstName, held.MiddleName, held.LastName, held.Phones, held.Emails, held.Tags, held.Properties}
}

func (s *shownPath) write(w io.Writer) error {
	var text strings.Builder
	fmt.Fprintf(&text, "sync %s: ", s.Sync)
	parts := []func(*strings.Builder) error{s.writeOthers, s.writeSteps, s.writeRequest, s.writeHistory, s.writeHeld}
	switch {
	case s.Reference == "":
		text.WriteString("a member without a usable reference\n")
	case s.NoMember != "":
		fmt.Fprintf(&text, "the reference %s, which is that of no member\n", spelled(s.Reference))
		parts = parts[2:]
	default:
		fmt.Fprintf(&text, "the member with the reference %s\n", spelled(s.Reference))
	}
	for _, part := range parts {
		text.WriteString("\n")
		if err := part(&text); err != nil {
			return err
		}
	}
	_, err := io.WriteString(w, text.String())
	return err
}

// writeOthers shows what else the source says of the member, such as an id by which its
// profile is found at Zeotap.
func (s *shownPath) writeOthers(text *strings.Builder) error {
	if len(s.OtherFields) == 0 {
		text.WriteString("fields that are not mapped: none\n")
		return nil
	}
	text.WriteString("fields that are not mapped\n")
	var rows []table.Row
	for _, name := range slices.Sorted(maps.Keys(s.OtherFields)) {
		rows = append(rows, table.Row{spelled(name), spelled(s.OtherFields[name])})
	}
	return writeTable(text, table.Row{"field", "value"}, rows)
}

func (s *shownPath) writeSteps(text *strings.Builder) error {
	text.WriteString("mapping\n")
	rows := make([]table.Row, len(s.Steps))
	for i, step := range s.Steps {
		var from, notes []string
		for _, field := range slices.Sorted(maps.Keys(step.From)) {
			from = append(from, field+": "+spelled(step.From[field]))
		}
		if step.Reason != "" {
			notes = append(notes, step.Reason.Explain())
		}
		for _, label := range step.LeftOut {
			notes = append(notes, "left out: "+label.String())
		}
		rows[i] = table.Row{step.Target, strings.Join(from, ", "), step.How, spelled(step.Result), strings.Join(notes, "; ")}
	}
	return writeTable(text, table.Row{"makes", "from", "how", "result", "why not"}, rows)
}

func (s *shownPath) writeRequest(text *strings.Builder) error {
	text.WriteString("request\n")
	for _, label := range s.Stops {
		fmt.Fprintf(text, "no run sends anything: %s is not allowed or does not exist, and the mapping says unknown: stop\n", label)
	}
	switch {
	case s.NoMember != "":
		text.WriteString("none: " + s.NoMember + "\n")
		return s.writeUnmark(text)
	case s.NotSent != nil:
		fmt.Fprintf(text, "none: %s, %s%s\n", s.NotSent.Outcome, s.NotSent.Why, ofField(s.NotSent.Field))
		return s.writeUnmark(text)
	case s.Request == nil:
		text.WriteString("none: " + s.NoRequest + "\n")
		return nil
	}
	if s.Protected {
		text.WriteString(withoutChannels + "\n")
	}
	return s.Request.write(text)
}

// writeUnmark says what becomes of the marker of somebody who is not sent.
func (s *shownPath) writeUnmark(text *strings.Builder) error {
	switch {
	case s.Unmark != nil:
		text.WriteString("a run that reads the audience as it is now takes the marker away:\n")
		return s.Unmark.write(text)
	case s.History.Member == ledger.MemberNo:
	case s.NotSent != nil && s.NotSent.Outcome == audience.Invalid:
		text.WriteString("it stays marked, with what was taken before\n")
	default:
		text.WriteString("it stays marked: mode add unmarks nobody\n")
	}
	return nil
}

func (s *shownPath) writeHistory(text *strings.Builder) error {
	text.WriteString("past runs\n")
	if s.ForgottenAt != nil {
		fmt.Fprintf(text, "forgotten at %s: no sync sends the person any more, and the ledger keeps nothing but a digest once the marker is taken away\n", clock(*s.ForgottenAt))
	}
	h := s.History
	switch {
	case s.Reference == "" && !h.HasRun:
		text.WriteString("not known without a reference: failures lists the member by its place\n")
	case !h.HasRun:
		text.WriteString("the sync has not run on this ledger\n")
	case h.Member == ledger.MemberYes && h.AcceptedRun == 0:
		text.WriteString("taken in a trial\n")
	case h.Member == ledger.MemberYes:
		fmt.Fprintf(text, "taken, last in run %d\n", h.AcceptedRun)
	case h.Member == ledger.MemberUnknown:
		text.WriteString("sent, and not known to be taken")
		if s.NoMember == "" && s.NotSent == nil {
			text.WriteString(": the next run sends it again")
		}
		text.WriteString("\n")
	case h.known:
		text.WriteString("not marked by this sync: never taken, or unmarked since\n")
	default:
		text.WriteString("never taken\n")
	}
	for _, line := range []struct {
		is   bool
		text string
	}{
		{h.Doubtful && h.Member == ledger.MemberYes, "in doubt: Hello Charles may hold other content than was taken, or have lost the marker; the next run sends it, changed or not, unless it is a known failure"},
		{h.Confirmed, "confirmed: Hello Charles was seen to hold the contact"},
		{h.Gone, "gone: Hello Charles held the contact and holds it no more; no run creates it again unless told to (run --recreate)"},
	} {
		if line.is {
			text.WriteString(line.text + "\n")
		}
	}
	if k := h.KnownFailure; k != nil {
		fmt.Fprintf(text, "known failure since run %d: %s, %s%s", k.FirstRun, k.Outcome, k.Reason, ofField(k.Field))
		if k.Retry {
			text.WriteString("; the next run sends it again")
		}
		text.WriteString("\n")
	}
	if len(h.Failures) == 0 {
		return nil
	}
	rows := make([]table.Row, len(h.Failures))
	for i, f := range h.Failures {
		rows[i] = table.Row{f.Run, f.who(), f.Outcome, f.Reason, f.Field, f.Place, f.Sends, spelled(strings.TrimSpace(f.Message))}
	}
	return writeTable(text, table.Row{"run", "who", "outcome", "reason", "field", "place", "requests", "Hello Charles said"}, rows)
}

func (s *shownPath) writeHeld(text *strings.Builder) error {
	text.WriteString("Hello Charles holds\n")
	switch {
	case s.Held.Why != "":
		text.WriteString("not known: " + s.Held.Why + "\n")
	case s.Held.Contact == nil:
		text.WriteString("nothing\n")
	default:
		return s.Held.write(text)
	}
	return nil
}

func (h *shownHeld) write(text *strings.Builder) error {
	if err := writeTable(text, table.Row{"field", "held"}, h.Contact.rows()); err != nil || len(h.Differences) == 0 {
		return err
	}
	text.WriteString("\nnot held as it would be sent\n")
	rows := make([]table.Row, len(h.Differences))
	for i, d := range h.Differences {
		rows[i] = table.Row{d.Field, spelled(d.Sent), spelled(d.Held)}
	}
	return writeTable(text, table.Row{"field", "would be sent", "held"}, rows)
}

// rows are the fields that hold something.
func (c *shownContact) rows() []table.Row {
	var rows []table.Row
	for _, name := range []struct{ field, value string }{{"first_name", c.FirstName}, {"middle_name", c.MiddleName}, {"last_name", c.LastName}} {
		if name.value != "" {
			rows = append(rows, table.Row{name.field, spelled(name.value)})
		}
	}
	for _, list := range []struct {
		field  string
		values []string
	}{{"phones", c.Phones}, {"emails", c.Emails}, {"tags", c.Tags}} {
		if len(list.values) > 0 {
			rows = append(rows, table.Row{list.field, spelled(list.values)})
		}
	}
	for _, property := range slices.Sorted(maps.Keys(c.Properties)) {
		rows = append(rows, table.Row{spelled(property), spelled(c.Properties[property])})
	}
	return rows
}
