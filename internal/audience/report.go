package audience

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Report is the result of a run: counts and identities, no contact data.
type Report struct {
	Sync     string      `json:"sync"`
	Run      int64       `json:"run"`
	Audience Audience    `json:"audience"`
	Source   SourceCount `json:"source"`
	Outcomes Outcomes    `json:"outcomes"`
	Leavers  Leavers     `json:"leavers"`
	// Reasons counts members by why they were not sent or not taken. A
	// refusal's reason carries the API's code after a colon.
	Reasons map[string]int64 `json:"reasons"`
	// Withheld counts values that were left out of contacts that were sent.
	Withheld map[string]int64 `json:"withheld,omitempty"`
	Segment  SegmentCount     `json:"segment"`
	Verdict  Verdict          `json:"verdict"`
	// Unasked says that the sync asks for no verification: unverifiable is
	// then a good end.
	Unasked bool `json:"verification_not_asked,omitempty"`
	// Acceptable says that the shares of failures are within the sync's accept.
	Acceptable bool `json:"acceptable"`
	// Explanation holds the lines behind the verdict.
	Explanation []string  `json:"explanation,omitempty"`
	Summary     string    `json:"summary"`
	Batches     int64     `json:"batches"`
	Requests    int64     `json:"requests"`
	StartedAt   time.Time `json:"started_at"`
	FinishedAt  time.Time `json:"finished_at"`
	// Ended is empty for a run that came to its end, "cancelled" or "failed" otherwise.
	Ended string `json:"ended,omitempty"`
}

// SourceCount compares what Zeotap reports with what was read.
type SourceCount struct {
	// Reported is nil when the source reports no size.
	Reported *int64    `json:"reported"`
	Basis    string    `json:"basis,omitempty"`
	AsOf     time.Time `json:"as_of,omitzero"`
	Read     int64     `json:"read"`
	// Gap is reported minus read; zero when nothing is reported.
	Gap int64 `json:"gap"`
}

// Evidence says what a verdict rests on.
type Evidence string

// The kinds of evidence.
const (
	// EvidenceNone: there is no count.
	EvidenceNone Evidence = "none"
	// EvidenceCounted: Hello Charles counted the segment; numbers only.
	EvidenceCounted Evidence = "counted"
)

// SegmentCount compares what the ledger expects in the segment with what
// Hello Charles counts. Both are contacts, not reachable contacts: consent is
// a matter of its own.
type SegmentCount struct {
	ID string `json:"id,omitempty"`
	// Expected is the number of references that the ledger holds as marked.
	Expected int64 `json:"expected"`
	// Counted is nil when there is no count.
	Counted  *int64   `json:"counted"`
	Evidence Evidence `json:"evidence"`
	// Stale of the expected were accepted earlier, and their update failed now.
	Stale int64 `json:"stale,omitempty"`
	// Left of the expected are not in the audience any more and stay marked.
	Left int64 `json:"left,omitempty"`
}

// Current is the number of expected contacts whose content is up to date.
func (s SegmentCount) Current() int64 { return s.Expected - s.Stale - s.Left }

// summarise returns the one sentence that a manager understands.
func (r *Report) summarise() string {
	read := r.Source.Read
	reasons := len(r.Reasons)
	switch {
	case r.Ended != "":
		return fmt.Sprintf("The run was %s: %s of %s members had been accepted by Hello Charles.",
			endedWord(r.Ended), Thousands(r.Outcomes.Unchanged+r.Outcomes.Taken()), Thousands(read))
	case r.Segment.Counted == nil:
		return fmt.Sprintf("%s of %s were accepted by Hello Charles; whether they are in the segment is not known, because there is no count.",
			Thousands(r.Outcomes.Unchanged+r.Outcomes.Taken()), Thousands(read))
	case *r.Segment.Counted != r.Segment.Expected:
		return fmt.Sprintf("The segment holds %s contacts, but %s are expected: %s.",
			Thousands(*r.Segment.Counted), Thousands(r.Segment.Expected), moreOrLess(*r.Segment.Counted-r.Segment.Expected))
	}
	in := *r.Segment.Counted - r.Segment.Left
	if in == read {
		return fmt.Sprintf("All %s members are in the segment.", Thousands(read)) + leftClause(r.Segment.Left)
	}
	return fmt.Sprintf("%s of %s are in the segment; %s are not, for %s.",
		Thousands(in), Thousands(read), Thousands(read-in), plural(reasons, "reason")) + leftClause(r.Segment.Left)
}

func endedWord(ended string) string {
	if ended == "failed" {
		return "ended by a failure"
	}
	return ended
}

func leftClause(left int64) string {
	if left == 0 {
		return ""
	}
	return fmt.Sprintf(" %s who left the audience are still in it.", Thousands(left))
}

func moreOrLess(difference int64) string {
	if difference < 0 {
		return Thousands(-difference) + " are missing"
	}
	return Thousands(difference) + " are too many"
}

func plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return strconv.Itoa(n) + " " + noun + "s"
}

// Thousands writes a number with commas: 98412 becomes "98,412".
func Thousands(n int64) string {
	digits := strconv.FormatInt(n, 10)
	sign := ""
	if strings.HasPrefix(digits, "-") {
		sign, digits = "-", digits[1:]
	}
	for at := len(digits) - 3; at > 0; at -= 3 {
		digits = digits[:at] + "," + digits[at:]
	}
	return sign + digits
}
