package notify

import (
	"fmt"
	"strings"
	"time"

	"audiencesync/internal/audience"
	"audiencesync/internal/config"
)

// Message is a notification as a receiver gets it, in JSON.
type Message struct {
	// Text is what people read: one line of what happened, one of what to do. Receivers
	// that understand Slack's incoming webhooks show it.
	Text  string             `json:"text"`
	Event config.NotifyEvent `json:"event"`
	// Reminder says that it was told before, and is still so.
	Reminder bool   `json:"reminder,omitempty"`
	Sync     string `json:"sync,omitempty"`
	// Run is zero for a run that was refused before it had a number.
	Run int64 `json:"run,omitempty"`
	// Ended is how the run ended; empty while it goes on.
	Ended   End              `json:"ended,omitempty"`
	Verdict audience.Verdict `json:"verdict,omitempty"`
	// Summary is the sentence about the run; WhatToDo what an operator does next.
	Summary  string    `json:"summary,omitempty"`
	WhatToDo string    `json:"what_to_do,omitempty"`
	Counts   *Counts   `json:"counts,omitempty"`
	Digest   *Digest   `json:"digest,omitempty"`
	At       time.Time `json:"at"`
}

// Counts are the numbers of a run.
type Counts struct {
	// Reported is nil where Zeotap reports no size.
	Reported *int64 `json:"reported,omitempty"`
	Read     int64  `json:"read"`
	audience.Outcomes

	// Removed leavers are unmarked.
	Removed int64 `json:"removed"`
	// Expected contacts are marked in the ledger; Counted is nil without a count.
	Expected      int64  `json:"expected"`
	Counted       *int64 `json:"counted,omitempty"`
	NewFailures   int64  `json:"new_failures"`
	KnownFailures int64  `json:"known_failures"`
}

func countsOf(r *audience.Report) *Counts {
	return &Counts{
		Reported: r.Source.Reported, Read: r.Source.Read, Outcomes: r.Outcomes, Removed: r.Leavers.Removed,
		Expected: r.Segment.Expected, Counted: r.Segment.Counted, NewFailures: r.NewFailures, KnownFailures: r.KnownFailures,
	}
}

// write makes the text of what happened and what to do. Receivers of Slack's kind
// take "<...>" for a link, or a call of everybody: it is written otherwise.
func (m *Message) write(happened string) {
	m.Text = happened
	if m.WhatToDo != "" {
		m.Text += "\nWhat to do: " + m.WhatToDo
	}
	m.Text = strings.NewReplacer("<", "‹", ">", "›").Replace(m.Text)
}

// RunEnd is a run that has ended.
type RunEnd struct {
	Sync string
	// Run is zero for a run that was refused before it had a number.
	Run int64
	End End
	// Why says why it failed; Report is nil for a run that has none.
	Why    string
	Report *audience.Report
	At     time.Time
}

// Message tells how the run ended: event is NotifyBad or NotifyRecovered.
func (e RunEnd) Message(event config.NotifyEvent) Message {
	m := Message{Event: event, Sync: e.Sync, Run: e.Run, Ended: e.End, At: e.At, Summary: cut(e.Why)}
	if e.Report != nil {
		m.Verdict, m.Summary, m.Counts = e.Report.Verdict, e.Report.Summary, countsOf(e.Report)
	}
	if event == config.NotifyRecovered {
		m.write(fmt.Sprintf("Sync %s is good again: run %d is %s. %s", e.Sync, e.Run, m.Verdict, m.Summary))
		return m
	}
	m.WhatToDo = e.End.remedy(e.Sync)
	said := sentence(m.Summary)
	if why := cut(e.Why); why != "" && why != m.Summary {
		said = sentence(why) + " " + said
	}
	m.write(fmt.Sprintf("Sync %s is not good: %s. %s", e.Sync, e.words(), said))
	return m
}

func (e RunEnd) words() string {
	run := "a run"
	if e.Run > 0 {
		run = fmt.Sprintf("run %d", e.Run)
	}
	if e.Report != nil && e.Report.Verified {
		run += ", which only proves,"
	}
	switch e.End {
	case Outside:
		return run + " has more failures than the sync accepts"
	case Unexplained, Unverifiable:
		return fmt.Sprintf("%s is %s", run, e.End)
	case Refused:
		return run + " was refused, and nothing was sent"
	case NotApproved:
		return run + " was not approved"
	default:
		return run + " failed"
	}
}

func (e End) remedy(sync string) string {
	switch e {
	case Outside:
		return fmt.Sprintf("audiencesync failures %s names who did not arrive, and why", sync)
	case Unexplained:
		return fmt.Sprintf("audiencesync status %[1]s has the whole report, audiencesync failures %[1]s who did not arrive", sync)
	case Unverifiable:
		return fmt.Sprintf("audiencesync status %s says why there is no count", sync)
	case Refused:
		return "correct it, and look with audiencesync check and the sync's file"
	case NotApproved:
		return "audiencesync plan and the sync's file show what a run would change; start one by hand and approve it"
	default:
		return fmt.Sprintf("audiencesync status %s; the next run goes on with what is left", sync)
	}
}

// Hold is a run that waits for a person.
type Hold struct {
	Sync string
	Run  int64
	// Event is NotifyApproval, or NotifyPaused.
	Event config.NotifyEvent
	// ByPerson says that a person has paused the run: the person's own words stay in the
	// run, because nobody knows what they hold.
	ByPerson bool
	Why      string
	// Since and Until are when waiting began, and when the run ends by itself; zero: never.
	Since, Until time.Time
	// Reminder says that it was told before.
	Reminder bool
	At       time.Time
}

// Message tells that the run waits.
func (h Hold) Message() Message {
	m := Message{Event: h.Event, Reminder: h.Reminder, Sync: h.Sync, Run: h.Run, Summary: cut(h.Why), At: h.At}
	waits, paused := "waits for approval", "is paused"
	if h.Reminder {
		long := config.Duration(h.At.Sub(h.Since).Round(time.Minute)).String()
		waits, paused = "has been waiting for approval for "+long, "has been paused for "+long
	}
	var happened string
	switch {
	case h.Event == config.NotifyApproval:
		happened = fmt.Sprintf("Sync %s %s: run %d: %s", h.Sync, waits, h.Run, sentence(m.Summary))
		m.WhatToDo = fmt.Sprintf("audiencesync status %[1]s, then audiencesync approve %[1]s, or decline", h.Sync)
	case h.ByPerson:
		m.Summary = "a person has paused the run"
		happened = fmt.Sprintf("Sync %s is paused: a person has paused run %d.", h.Sync, h.Run)
		m.WhatToDo = fmt.Sprintf("audiencesync status %[1]s says who and why; audiencesync resume %[1]s goes on", h.Sync)
	default:
		happened = fmt.Sprintf("Sync %s %s: access is denied to run %d: %s", h.Sync, paused, h.Run, sentence(m.Summary))
		m.WhatToDo = fmt.Sprintf("give back the key or the permission, then audiencesync resume %s", h.Sync)
	}
	if !h.Until.IsZero() {
		m.WhatToDo += "; without an answer the run ends as failed on " + clock(h.Until)
	}
	m.write(happened)
	return m
}

// SchedulePaused is a schedule that was paused because runs have failed: nothing is
// started any more.
type SchedulePaused struct {
	Sync string
	// Failures is how many have failed in a row, and Why what the last one says.
	Failures int
	Why      string
	// Resume is the command that resumes it.
	Resume string
	At     time.Time
}

// Message tells that the schedule is paused.
func (p SchedulePaused) Message() Message {
	m := Message{
		Event: config.NotifyPaused, Sync: p.Sync, At: p.At, Summary: cut(p.Why),
		WhatToDo: "correct what the runs say; if that is the sync file: audiencesync schedule update SYNC.yaml; then " + p.Resume,
	}
	m.write(fmt.Sprintf("The schedule of sync %s is paused after %d failures in a row: nothing is started any more. The last one: %s", p.Sync, p.Failures, sentence(m.Summary)))
	return m
}

// Overdue is a sync of which no run has ended well for too long.
type Overdue struct {
	Sync string
	// LastGood is when the last good run ended; zero: none that is known.
	LastGood time.Time
	After    time.Duration
	At       time.Time
}

// Message tells that the sync is overdue.
func (o Overdue) Message() Message {
	m := Message{
		Event: config.NotifyOverdue, Sync: o.Sync, At: o.At,
		WhatToDo: fmt.Sprintf("audiencesync status %[1]s says what the last run does or why it ended", o.Sync),
	}
	m.Summary = fmt.Sprintf("no run has ended well in the last %s (notify.overdue_after)", config.Duration(o.After))
	if !o.LastGood.IsZero() {
		m.Summary += ", the last one on " + clock(o.LastGood)
	}
	m.write(fmt.Sprintf("Sync %s is overdue: %s.", o.Sync, m.Summary))
	return m
}

// Test is a message that says nothing but that it has arrived.
func Test(connection string, at time.Time) Message {
	return Message{Event: "test", At: at, Text: fmt.Sprintf("This is a test of audiencesync's connection %s: nothing has happened.", connection)}
}

// longestWhy bounds what is told of a cause, in characters.
const longestWhy = 600

func cut(why string) string {
	runes := []rune(strings.Join(strings.Fields(why), " "))
	if len(runes) <= longestWhy {
		return string(runes)
	}
	return string(runes[:longestWhy]) + "..."
}

// sentence ends a text with a full stop.
func sentence(text string) string {
	if text == "" || strings.HasSuffix(text, ".") {
		return text
	}
	return text + "."
}

func clock(at time.Time) string { return at.UTC().Format("2006-01-02 15:04 UTC") }
