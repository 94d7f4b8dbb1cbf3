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
	// Plan is nil for a run that ended before it had one.
	Plan    *Plan   `json:"plan,omitempty"`
	Leavers Leavers `json:"leavers"`
	// LeaverReasons count leavers by why they could not be unmarked.
	LeaverReasons map[string]int64 `json:"leaver_reasons,omitempty"`
	// MarkedAgain members were sent only because a leaver shares a phone number or
	// an email address with them.
	MarkedAgain int64 `json:"marked_again,omitempty"`
	// Reasons counts members by why they were not sent or not taken. A
	// refusal's reason carries the API's code after a colon.
	Reasons map[string]int64 `json:"reasons"`
	// NewFailures were met by this run, KnownFailures by an earlier one: nothing
	// was sent for those. Together they are the outcomes invalid, refused and
	// unresolved.
	NewFailures   int64 `json:"new_failures"`
	KnownFailures int64 `json:"known_failures"`
	// Withheld counts values that were left out of contacts that were sent.
	Withheld map[string]int64 `json:"withheld,omitempty"`
	Segment  SegmentCount     `json:"segment"`
	// ReadBack is nil where no contact was to be read back.
	ReadBack *ReadBack `json:"read_back"`
	Verdict  Verdict   `json:"verdict"`
	// Verified says that nothing was read or sent: the run proves what earlier ones
	// have brought.
	Verified bool `json:"verified,omitempty"`
	// Audited says that the audience was read only to compare the segment with it:
	// nothing was sent, and the ledger does not count.
	Audited bool `json:"audited,omitempty"`
	// Retired says that all marks of the sync were to be taken away, without reading its
	// audience.
	Retired bool `json:"retired,omitempty"`
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
	// Notes of a plan are why a run would be refused before it has one.
	Notes []string `json:"notes,omitempty"`
	// Ended is empty for a run that came to its end, else planned, cancelled, declined or
	// failed.
	Ended string `json:"ended,omitempty"`
	// Decisions are what people told the run while it was going.
	Decisions []Decision `json:"decisions,omitempty"`
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
	// Unfilled are the fields of the mapping in which no member has a value.
	Unfilled []UnfilledField `json:"unfilled,omitempty"`
	// Snapshot is what was read; absent where the source says nothing of it.
	Snapshot *ReadFrom `json:"snapshot,omitempty"`
}

// ReadFrom describes the snapshot of the audience that a run has read.
type ReadFrom struct {
	// Name is that of a set of export files; empty where the source names none.
	Name string `json:"name,omitempty"`
	// AsOf is how old it is: when the newest file of the set was written, or what the
	// endpoint says.
	AsOf time.Time `json:"as_of,omitzero"`
	// Notes are what somebody should know about how it came about, such as a newer set
	// that is not complete.
	Notes []string `json:"notes,omitempty"`
}

// From describes a snapshot; nil where nothing is known of it.
func From(s *Snapshot) *ReadFrom {
	if s == nil || s.Name == "" && s.AsOf.IsZero() && len(s.Notes) == 0 {
		return nil
	}
	return &ReadFrom{Name: s.Name, AsOf: s.AsOf, Notes: s.Notes}
}

// What says in words what was read: "set 2026-11-20".
func (f *ReadFrom) What() string {
	if f.Name == "" {
		return "the audience"
	}
	return "set " + f.Name
}

// Evidence says what a verdict rests on.
type Evidence string

// The kinds of evidence.
const (
	// EvidenceNone: there is no count.
	EvidenceNone Evidence = "none"
	// EvidenceCounted: Hello Charles counted the segment; numbers only.
	EvidenceCounted Evidence = "counted"
	// EvidenceEntered: a person has counted the segment in the app; numbers only.
	EvidenceEntered Evidence = "entered"
	// EvidenceFile: the contacts in a file, exported in the app, were compared with the
	// ledger, reference by reference.
	EvidenceFile Evidence = "file"
	// EvidenceCompared: the contacts of the segment were compared with the ledger,
	// reference by reference.
	EvidenceCompared Evidence = "compared"
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
	// Before contacts were in the segment before the first run and are not ours. As
	// nobody knows whether they still are, up to so many more than the expected may
	// be counted.
	Before int64 `json:"before,omitempty"`
	// Tolerated says that contacts are missing or too many, and that this is within the
	// sync's tolerance (accept.segment_gap).
	Tolerated bool `json:"tolerated,omitempty"`
	// Comparison is nil where only numbers were compared; NotCompared says why.
	Comparison  *Comparison `json:"comparison,omitempty"`
	NotCompared string      `json:"not_compared,omitempty"`
}

// Current is the number of expected contacts whose content is up to date.
func (s SegmentCount) Current() int64 { return s.Expected - s.Stale - s.Left }

// Extra is how many more contacts are counted than expected; zero without a count.
func (s SegmentCount) Extra() int64 {
	if s.Counted == nil {
		return 0
	}
	return *s.Counted - s.Expected
}

// Fits reports whether the segment is what is expected, with those who were there
// before or without them, and without those who are gone.
func (s SegmentCount) Fits() bool {
	return s.steady() && s.Gap() == 0
}

// Gap is how many contacts are missing, or too many, for no reason that is known:
// those who are gone and those who were there before us have theirs. Zero without a
// count.
func (s SegmentCount) Gap() int64 {
	if c := s.Comparison; c != nil {
		return c.Late() + c.Missing + c.Excluded + c.Left + max(c.Strangers()-s.Before, 0)
	}
	return max(-s.Extra(), s.Extra()-s.Before, 0)
}

// steady reports whether there is a count, and a list of as many contacts if there is
// a list.
func (s SegmentCount) steady() bool {
	c := s.Comparison
	return s.Counted != nil && (c == nil || !c.Moved && *s.Counted == c.Listed)
}

// gone are the current members that were in the segment and are not any more.
func (s SegmentCount) gone() int64 {
	if s.Comparison == nil {
		return 0
	}
	return s.Comparison.Gone - s.Comparison.GoneLeft
}

// unmarkedWords is how many leavers a run that did not come to its end had unmarked;
// empty where none were to be.
func (r *Report) unmarkedWords() string {
	if r.Plan == nil || r.Plan.ToUnmark() == 0 {
		return ""
	}
	return fmt.Sprintf(", and %s of %s leavers unmarked", Thousands(r.Leavers.Removed), Thousands(r.Plan.ToUnmark()))
}

// summarise returns what a manager understands: one sentence, and one more for
// whatever else is true of the segment or the source.
func (r *Report) summarise() string {
	read := r.Source.Read
	switch counted := r.Segment.Counted; {
	case r.Verified && r.Ended == "":
		return r.verifiedSentence()
	case r.Audited && r.Ended == "":
		return r.auditedSentence()
	case r.Retired && r.Ended == "":
		return r.retiredSentence()
	case r.Ended == EndedPlanned && r.Plan != nil && r.Plan.KeepsLeavers:
		return fmt.Sprintf("%s of %s members would be sent; nothing was sent.", Thousands(r.Plan.ToSend), Thousands(read))
	case r.Ended == EndedPlanned && r.Plan != nil:
		return fmt.Sprintf("%s of %s members would be sent, and %s unmarked; nothing was sent.",
			Thousands(r.Plan.ToSend), Thousands(read), Thousands(r.Plan.ToUnmark()))
	case r.Ended != "":
		return fmt.Sprintf("The run was %s: %s of %s members had been accepted by Hello Charles as the audience has them now%s.",
			endedWord(r.Ended), Thousands(r.accepted()), Thousands(read), r.unmarkedWords())
	case counted == nil:
		return fmt.Sprintf("%s of %s were accepted by Hello Charles; whether they are in the segment is not known, because there is no count.",
			Thousands(r.accepted()), Thousands(read)) + r.gapSentence()
	case !r.Segment.Fits() && r.Segment.Comparison != nil:
		c := r.Segment.Comparison
		return fmt.Sprintf("The segment lists %s: of %s expected references %s not in it, and %s of its contacts %s not ours.",
			Count(c.Listed, "contact", "contacts"), Thousands(r.Segment.Expected), numberIs(c.NotVisible+c.Gone), Thousands(c.Strangers()), isOrAre(c.Strangers())) +
			stillInSentence(c.StillVisible) + r.toleratedSentence() + r.gapSentence()
	case !r.Segment.Fits():
		return fmt.Sprintf("The segment holds %s, but %s are expected: %s.",
			Count(*counted, "contact", "contacts"), r.Segment.expectedWords(), missingOrTooMany(r.Segment.beyond())) + r.toleratedSentence() + r.gapSentence()
	}
	return r.membershipSentence() + r.staleSentence() + stillInSentence(r.Segment.Left) + r.beforeSentence() + r.gapSentence() + r.evidenceSentence()
}

// evidenceSentence says that a count does not tell who was counted.
func (r *Report) evidenceSentence() string {
	if r.Segment.Comparison != nil || r.Segment.NotCompared == "" {
		return ""
	}
	return " Only numbers were compared, not contact by contact."
}

// membershipSentence says how many members are in the segment, whose count is
// the expected one.
func (r *Report) membershipSentence() string {
	read, in := r.Source.Read, r.Segment.Expected-r.Segment.Left-r.Segment.gone()
	switch {
	case in > read:
		return fmt.Sprintf("The segment holds %s members, but %s read.", Thousands(in), Count(read, "was", "were"))
	case read == 0:
		return "The audience is empty."
	case in == read && read == 1:
		return "The only member is in the segment."
	case in == read:
		return fmt.Sprintf("All %s members are in the segment.", Thousands(read))
	}
	why := "for no reason that is known"
	if reasons := r.countReasons(); reasons > 0 {
		why = "for " + Count(reasons, "reason", "reasons")
	}
	return fmt.Sprintf("%s of %s %s in the segment; %s %s not%s, %s.",
		Thousands(in), Thousands(read), isOrAre(in), Thousands(read-in), isOrAre(read-in), r.staleToo(), why)
}

// staleToo names those in the segment that could not be updated: their reasons are
// counted with those of the members that are not in it.
func (r *Report) staleToo() string {
	if r.Segment.Stale == 0 {
		return ""
	}
	return fmt.Sprintf(", and of those in it %s could not be updated", Thousands(r.Segment.Stale))
}

// retiredSentence says what became of the marks of a sync that is retired.
func (r *Report) retiredSentence() string {
	sentence := fmt.Sprintf("The sync is retired: of %s that it had marked, %s unmarked.",
		Count(r.Leavers.Total(), "contact", "contacts"), Count(r.Leavers.Removed, "was", "were"))
	if r.Leavers.Gone > 0 {
		sentence += " " + Count(r.Leavers.Gone, "is", "are") + " gone from Hello Charles."
	}
	if r.Segment.Counted == nil {
		return sentence + " What the segment holds is not known, because there is no count."
	}
	if left := r.Segment.Left; left > 0 {
		sentence += " " + Count(left, "contact is", "contacts are") + " still in the segment."
	}
	return sentence + r.beforeSentence() + r.toleratedSentence() + r.evidenceSentence()
}

func (r *Report) countReasons() int {
	reasons := 0
	for _, n := range r.Reasons {
		if n != 0 {
			reasons++
		}
	}
	if r.Segment.gone() > 0 {
		reasons++
	}
	return reasons
}

func (r *Report) staleSentence() string {
	if r.Segment.Stale == 0 || r.Source.Read > r.Segment.Expected-r.Segment.Left-r.Segment.gone() {
		return ""
	}
	return fmt.Sprintf(" Of those in it, %s could not be updated.", Thousands(r.Segment.Stale))
}

func stillInSentence(leavers int64) string {
	if leavers == 0 {
		return ""
	}
	return fmt.Sprintf(" %s who left the audience %s still in the segment.", Thousands(leavers), isOrAre(leavers))
}

// expectedWords are how many contacts the segment may hold.
func (s SegmentCount) expectedWords() string {
	if s.Before == 0 {
		return Thousands(s.Expected)
	}
	return fmt.Sprintf("%s to %s", Thousands(s.Expected), Thousands(s.Expected+s.Before))
}

// beyond is how many contacts are missing, below zero, or too many.
func (s SegmentCount) beyond() int64 {
	if s.Extra() > 0 {
		return s.Extra() - s.Before
	}
	return s.Extra()
}

func (r *Report) beforeSentence() string {
	before, extra := r.Segment.Before, r.Segment.Extra()
	if c := r.Segment.Comparison; c != nil {
		extra = c.Strangers()
	}
	switch {
	case before == 0:
		return ""
	case extra == 0:
		return fmt.Sprintf(" %s there before the first run.", Count(before, "other was", "others were"))
	default:
		return fmt.Sprintf(" The segment holds %s more; %s there before the first run.", Thousands(extra), Count(before, "other was", "others were"))
	}
}

func (r *Report) toleratedSentence() string {
	if !r.Segment.Tolerated {
		return ""
	}
	return " The sync tolerates so many (accept.segment_gap)."
}

func (r *Report) gapSentence() string {
	if r.Source.Gap == 0 {
		return ""
	}
	difference := Thousands(r.Source.Gap) + " more than were read"
	if r.Source.Gap < 0 {
		difference = Thousands(-r.Source.Gap) + " fewer than were read"
	}
	return fmt.Sprintf(" Zeotap reports %s, %s.", Count(reported(r), "member", "members"), difference)
}

func endedWord(ended string) string {
	if ended == EndedFailed {
		return "ended by a failure"
	}
	return ended
}

func missingOrTooMany(difference int64) string {
	if difference < 0 {
		return fmt.Sprintf("%s %s missing", Thousands(-difference), isOrAre(difference))
	}
	return fmt.Sprintf("%s %s too many", Thousands(difference), isOrAre(difference))
}

func isOrAre(n int64) string {
	if abs(n) == 1 {
		return "is"
	}
	return "are"
}

func itOrThem(n int64) string {
	if n == 1 {
		return "it"
	}
	return "them"
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
