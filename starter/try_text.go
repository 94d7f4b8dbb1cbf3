package main

import (
	"fmt"
	"io"
	"strings"

	"github.com/jedib0t/go-pretty/v6/table"

	"audiencesync/internal/audience"
	"audiencesync/internal/readback"
)

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
	Held        readback.State    `json:"held,omitempty"`
	Unread      string            `json:"unread,omitempty"`
	Differences []shownDifference `json:"differences,omitempty"`
	Request     *shownRequest     `json:"request,omitempty"`
	// Protected says that the request names no phone number and no email address: it
	// could bring back a contact that is erased. The next run sends the member again.
	Protected bool `json:"protected,omitempty"`

	good bool
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
	fmt.Fprintf(&text, "sync %s, members read: %s\n", s.Sync, audience.Thousands(s.Read))
	for _, over := range s.PassedOver {
		fmt.Fprintf(&text, "passed over: %s, %s%s\n", audience.Thousands(over.Members), over.Why, ofField(over.Field))
	}
	write := s.writeMembers
	if s.DryRun {
		write = s.writeRequests
	}
	if err := write(&text); err != nil {
		return err
	}
	_, err := io.WriteString(w, text.String())
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
		if m.Protected {
			text.WriteString(withoutChannels + "\n")
		}
		for _, label := range m.LeftOut {
			text.WriteString("left out: " + label.String() + "\n")
		}
	}
	return nil
}

// withoutChannels says why a request names no phone number and no email address.
const withoutChannels = "without phone number and email address: Hello Charles holds the contact, and with them the request could bring back\none that is erased; when they have changed, a second request names them"

func (s *shownTrial) writeMembers(text *strings.Builder) error {
	if len(s.Members) == 0 {
		return nil
	}
	members, differing := make([]table.Row, 0, len(s.Members)), []table.Row{}
	protected := 0
	for _, m := range s.Members {
		if m.Protected {
			protected++
		}
		members = append(members, table.Row{spelled(m.Reference), m.Outcome, m.heldText(), m.leftOutText(), m.saidText()})
		for _, d := range m.Differences {
			differing = append(differing, table.Row{spelled(m.Reference), d.Field, spelled(d.Sent), spelled(d.Held)})
		}
	}
	text.WriteString("\n")
	if err := writeTable(text, table.Row{"reference", "outcome", "held", "left out", "why"}, members); err != nil {
		return err
	}
	if len(differing) > 0 {
		text.WriteString("\n")
		if err := writeTable(text, table.Row{"reference", "field", "sent", "held"}, differing); err != nil {
			return err
		}
	}
	if protected > 0 {
		fmt.Fprintf(text, "\n%s sent without phone number and email address: Hello Charles holds the contact, and with them the request could\nbring back one that is erased; the next run sends the member again\n", audience.Count(int64(protected), "was", "were"))
	}
	if s.CannotRead != "" {
		text.WriteString("\nnot compared: " + s.CannotRead + "\n")
	}
	return nil
}

func (m *shownMember) heldText() string {
	if m.Held == readback.NotCompared {
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
