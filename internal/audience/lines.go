package audience

import "strings"

// Line is one line of a report's account, the way from the audience to the segment:
// whoever shows a report, in a terminal or on a page, shows these lines.
type Line struct {
	// Of is the number's place in the report as JSON, its names joined by "/"; the
	// place of an object means all its numbers together.
	Of    string
	Label string
	// N is nil where there is no number to be had.
	N *int64
	// Note says what the number means. It holds no number of its own.
	Note string
	// Part says that the line is a part of the last line that is none.
	Part bool
}

// Group is what the number is a part of in the report as JSON: "outcomes", for the
// number of those created.
func (l Line) Group() string {
	group, _, _ := strings.Cut(l.Of, "/")
	return group
}

// Lines returns the account of a run, from what was reported to what was counted.
// Parts that are zero are left out.
func (r *Report) Lines() []Line {
	var l lines
	if r.Source.Reported != nil {
		l.add("source/reported", "reported by Zeotap", *r.Source.Reported, r.Source.Basis)
	}
	if !r.Verified && !r.Retired {
		l.add("source/read", "read", r.Source.Read, "")
	}
	for _, part := range []struct {
		outcome Outcome
		note    string
	}{
		{Unchanged, "accepted earlier, nothing to send"},
		{Created, ""},
		{Updated, ""},
		{Accepted, "taken; created or updated is not told"},
		{Duplicate, "not sent: same reference as an earlier member"},
		{Suppressed, "not sent"},
		{Invalid, "not sent: our checks"},
		{Refused, "Hello Charles said no"},
		{Unresolved, r.unresolvedNote(r.Outcomes.Unresolved, r.Reasons, "nobody knows")},
	} {
		l.part("outcomes/"+string(part.outcome), string(part.outcome), r.Outcomes.Of(part.outcome), part.note)
	}
	l.part("known_failures", "known failures", r.KnownFailures, "of the above: an earlier run met them with the same content")
	if r.Retired {
		l.some("leavers", "marked before", r.Leavers.Total(), "whoever is in the audience")
	} else {
		l.some("leavers", "left the audience", r.Leavers.Total(), "or are kept out by filter or on_invalid")
	}
	for _, part := range []struct {
		outcome Outcome
		note    string
	}{
		{Removed, "the marker was taken away"},
		{Gone, "Hello Charles holds them no more"},
		{Kept, "stay marked: mode add unmarks nobody"},
		{Refused, "stay marked: Hello Charles said no"},
		{Unresolved, r.unresolvedNote(r.Leavers.Unresolved, r.LeaverReasons, "nobody knows whether they are marked")},
	} {
		l.part("leavers/"+string(part.outcome), string(part.outcome), r.Leavers.Of(part.outcome), part.note)
	}
	l.some("marked_again", "marked again", r.MarkedAgain, "unchanged members who share a phone number or an email address with a leaver")
	l.add("segment/expected", "expected in segment", r.Segment.Expected, r.expectedNote())
	l.part("segment/left", "left the audience", r.Segment.Left, "still marked")
	l.part("segment/stale", "stale", r.Segment.Stale, "accepted earlier, this update failed")
	if c := r.Segment.Comparison; c != nil {
		l.part("segment/comparison/found", "found", c.Found, "in the segment, by their reference")
		l.part("segment/comparison/not_visible", "not visible yet", c.NotVisible, "accepted, and never seen in the segment")
		l.part("segment/comparison/missing", "missing", c.Missing, "in the audience, and not in the segment")
		l.part("segment/comparison/gone", "gone", c.Gone, "were in the segment, and are not any more; left alone")
		l.part("segment/comparison/gone_left", "gone, and left", c.GoneLeft, "of those: not in the audience any more either")
	}
	l.some("segment/before", "there before us", r.Segment.Before, "in the segment before the first run, and not ours: so many more may be counted")
	if r.Segment.Counted != nil {
		l.add("segment/counted", "counted in segment", *r.Segment.Counted, "contacts, not reachable contacts; segment "+r.Segment.ID)
	} else {
		l = append(l, Line{Label: "counted in segment", Note: "no count"})
	}
	if c := r.Segment.Comparison; c != nil {
		l.add("segment/comparison/listed", "listed in segment", c.Listed, r.listedNote())
		l.part("segment/comparison/unsure", "unsure", c.Unsure, "ours, though the ledger did not know whether they are marked")
		l.part("segment/comparison/merged", "merged", c.Merged, "references that share a contact with another one")
		l.part("segment/comparison/still_visible", "still visible", c.StillVisible, "left the audience and were unmarked, and are in the segment all the same")
		l.part("segment/comparison/foreign", "foreign", c.Foreign, r.foreignNote())
		l.part("segment/comparison/excluded", "excluded", c.Excluded, "in the audience, and the filter keeps them out")
		l.part("segment/comparison/left", "left the audience", c.Left, "still marked by this sync")
		l.part("segment/comparison/invalid", "invalid", c.Invalid, "fail our checks now: Hello Charles has what was sent earlier")
		l.part("segment/comparison/of_others", "of others", c.OfOthers, "have references of other systems only")
		l.part("segment/comparison/unreferenced", "without a reference", c.Unreferenced, "made in Hello Charles, for example")
	} else if r.Segment.NotCompared != "" {
		l = append(l, Line{Label: "listed in segment", Note: "not compared: " + r.Segment.NotCompared})
	}
	l.readBack(r.ReadBack)
	return l
}

func (r *Report) expectedNote() string {
	if r.Audited {
		return "members that pass the filter and our checks; contacts, not reachable contacts"
	}
	return "contacts that the ledger holds as marked"
}

func (r *Report) listedNote() string {
	if r.Audited {
		return "contacts, not reachable contacts; compared with the audience by reference"
	}
	return "contacts, not reachable contacts; compared with the ledger by reference"
}

func (r *Report) foreignNote() string {
	if r.Audited {
		return "have a reference of ours that no member has"
	}
	return "have a reference of ours, and the ledger does not hold them as marked"
}

// unresolvedNote says what is known of those who are unresolved, by their reasons.
func (r *Report) unresolvedNote(unresolved int64, reasons map[string]int64, usual string) string {
	switch {
	case r.Ended == "":
		return usual
	case reasons[string(NotSentBeforeEnd)] == unresolved:
		return "not sent before the run ended"
	case reasons[string(NotSentBeforeEnd)] == 0:
		return "sent without an answer when the run ended"
	default:
		return "not sent, or sent without an answer, when the run ended"
	}
}

type lines []Line

func (l *lines) add(of, label string, n int64, note string) {
	*l = append(*l, Line{Of: of, Label: label, N: &n, Note: note})
}

// some is add for a number that is shown only if it is not zero.
func (l *lines) some(of, label string, n int64, note string) {
	if n > 0 {
		l.add(of, label, n, note)
	}
}

func (l *lines) part(of, label string, n int64, note string) {
	if n > 0 {
		*l = append(*l, Line{Of: of, Label: label, N: &n, Note: note, Part: true})
	}
}
