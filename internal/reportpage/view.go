package reportpage

import (
	"cmp"
	"html/template"
	"time"

	"audiencesync/internal/audience"
	"audiencesync/internal/runreport"
)

// view is what the template shows.
type view struct {
	Policy string
	Style  template.CSS
	Doc    *runreport.Document
	Title  string
	Run    value
	// Started is in the header, Took is nil where the history does not have the run.
	Started, Took *value
	// AsOf is when Zeotap counted, ReadAsOf how old it is what was read.
	AsOf, ReadAsOf *value
	Verdict        verdict
	Account        []accountLine
	Plan           []planLine
	Reasons        reasonTable
	LeaverReasons  reasonTable
	LeftOut        []leftOut
	Decisions      []decision
	Course         *courseView
	History        historyView
	References     *referencesView
	Written        *value
	Batches        value
	Requests       value
}

func newView(doc *runreport.Document, zone *time.Location) *view {
	v := &view{
		Policy: policy, Style: template.CSS(style), Doc: doc, //nolint:gosec // The style is ours.
		Title:     cmp.Or(doc.Audience.Name, "Audience "+doc.Audience.ID),
		Run:       whole(doc.Run, "run"),
		Started:   moment(doc.StartedAt.In(zone), layoutZone, "started_at"),
		AsOf:      moment(doc.Source.AsOf.In(zone), layoutMoment, "source", "as_of"),
		Verdict:   verdictOf(doc),
		Account:   accountOf(&doc.Report),
		Plan:      planOf(doc.Plan),
		Reasons:   reasonsOf(doc, false),
		LeftOut:   leftOutOf(doc.Withheld),
		Decisions: decisionsOf(doc.Decisions, zone),
		Course:    courseOf(doc.Course, zone),
		History:   historyOf(doc.History, zone),
		Written:   moment(doc.WrittenAt.In(zone), layoutZone, "written_at"),
		Batches:   whole(doc.Batches, "batches"),
		Requests:  whole(doc.Requests, "requests"),
	}
	if doc.Source.AsOf.IsZero() {
		v.AsOf = nil
	}
	if from := doc.Source.Snapshot; from != nil && !from.AsOf.IsZero() {
		v.ReadAsOf = moment(from.AsOf.In(zone), layoutMoment, "source", "snapshot", "as_of")
	}
	v.LeaverReasons = reasonsOf(doc, true)
	v.References = referencesOf(doc.References)
	if len(doc.History) > 0 && doc.History[0].Run == doc.Run && doc.History[0].Account != nil {
		took := seconds(doc.History[0].Seconds, "history", 0, "seconds")
		v.Took = &took
	}
	return v
}

// verdict is the end of the run in a word, with its meaning and its sign.
type verdict struct {
	Word, Meaning string
	// Sign and Tone say the same by form and by colour: good, fair, bad or open.
	Sign, Tone string
	Note       string
}

func verdictOf(doc *runreport.Document) verdict {
	v := verdict{Word: string(doc.Verdict)}
	switch {
	case doc.Ended == audience.EndedPlanned:
		v.Word, v.Sign, v.Tone, v.Meaning = "plan", "open", "open", "What a run would do. Nothing was sent."
	case doc.Ended != "":
		v.Word, v.Sign, v.Tone, v.Meaning = doc.Ended, "bad", "bad", "The run did not come to its end, so nothing is proved."
	case doc.Verified && (doc.Verdict == audience.Equal || doc.Verdict == audience.Explained && doc.Acceptable):
		v.Sign, v.Tone, v.Meaning = "good", "good", "A proof alone: the segment holds what the ledger says. Nothing was read or sent."
	case doc.Audited && (doc.Verdict == audience.Equal || doc.Verdict == audience.Explained && doc.Acceptable):
		v.Sign, v.Tone, v.Meaning = "good", "good", "An audit: the segment holds the members that should be in it. Nothing was sent."
	case doc.Verdict == audience.Equal:
		v.Sign, v.Tone, v.Meaning = "good", "good", "Reported, read, expected and counted are one number."
	case doc.Verdict == audience.Explained && doc.Acceptable:
		v.Sign, v.Tone, v.Meaning = "good", "good", "The segment holds what is expected, and every difference has its named line."
	case doc.Verdict == audience.Explained:
		v.Sign, v.Tone, v.Meaning = "fair", "fair", "Every difference has its named line, but there are more failures than the sync accepts."
		v.Note = "The run counts as failed until the cause is mended or accept allows it."
	case doc.Verdict == audience.Unverifiable:
		v.Sign, v.Tone, v.Meaning = "open", "open", "There is no count to compare with."
		if doc.Unasked {
			v.Note = "The sync asks for no verification."
		}
	default:
		v.Sign, v.Tone, v.Meaning = "bad", "bad", "Something differs, and nobody knows why."
	}
	switch {
	case v.Note != "" || doc.Ended != "":
	case doc.Audited && doc.Segment.Evidence == audience.EvidenceCompared:
		v.Note = "The contacts of the segment were compared with the audience, reference by reference."
	case doc.Segment.Evidence == audience.EvidenceCompared:
		v.Note = "The contacts of the segment were compared with the ledger, reference by reference."
	case doc.Verdict == audience.Equal && (doc.Segment.Evidence == audience.EvidenceCounted || doc.Segment.Evidence == audience.EvidenceEntered):
		v.Note = "The numbers agree; contacts were not compared one by one."
	}
	return v
}

// accountLine is a line of the account with its bar.
type accountLine struct {
	audience.Line
	Value *value
	Bar   *bar
}

// bar is a part of a whole, in thousandths.
type bar struct {
	X, Width float64
	Tone     string
}

func accountOf(r *audience.Report) []accountLine {
	lines := r.Lines()
	var most int64
	for _, line := range lines {
		if line.N != nil {
			most = max(most, *line.N)
		}
	}
	shown := make([]accountLine, len(lines))
	var outcomes int64 // Those above: outcomes stand one behind the other.
	for i, line := range lines {
		shown[i].Line = line
		if line.N == nil {
			continue
		}
		shown[i].Value = &value{Of: line.Of, Raw: whole(*line.N).Raw, Text: audience.Thousands(*line.N)}
		shown[i].Bar = &bar{Width: share(*line.N, most), Tone: toneOf(line)}
		if line.Group() == "outcomes" {
			shown[i].Bar.X = min(share(outcomes, most), 1000-shown[i].Bar.Width)
			outcomes += *line.N
		}
	}
	return shown
}

// share is a part of a whole in thousandths; what is not nothing can be seen.
func share(n, of int64) float64 {
	if n <= 0 || of <= 0 {
		return 0
	}
	return min(1000, max(3, float64(n)/float64(of)*1000))
}

func toneOf(line audience.Line) string {
	if !line.Part {
		return "main"
	}
	switch line.Of {
	case "segment/comparison/found", "read_back/same":
		return "taken"
	case "segment/comparison/not_visible", "segment/comparison/still_visible", "segment/comparison/foreign", "read_back/differ", "read_back/absent":
		return "bad"
	}
	if line.Group() == "read_back" { // A label may be the name of a field.
		return "aside"
	}
	switch audience.Outcome(line.Label) {
	case audience.Unchanged, audience.Created, audience.Updated, audience.Accepted, audience.Removed:
		return "taken"
	case audience.Refused, audience.Unresolved:
		return "bad"
	}
	return "aside"
}

// decision is what a person told the run.
type decision struct {
	audience.Decision
	When *value
}

func decisionsOf(told []audience.Decision, zone *time.Location) []decision {
	shown := make([]decision, len(told))
	for i, d := range told {
		shown[i] = decision{Decision: d, When: moment(d.At.In(zone), layoutMoment, "decisions", i, "at")}
	}
	return shown
}

type referencesView struct {
	Listed []runreport.Failed
	More   *value
}

func referencesOf(refs *runreport.References) *referencesView {
	if refs == nil {
		return nil
	}
	shown := &referencesView{Listed: refs.Listed}
	if refs.More > 0 {
		shown.More = some(&refs.More, "references", "more")
	}
	return shown
}
