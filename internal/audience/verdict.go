package audience

import "fmt"

// Verdict is the end of a run: whether the segment holds the audience.
type Verdict string

// The verdicts.
const (
	// Equal: counted = expected = read = reported (where reported), and nobody else
	// was in the segment before the first run.
	Equal Verdict = "equal"
	// Explained: counted = expected, but for contacts that were there before the
	// first run, and every difference to read and reported has its named lines, or
	// lies within accept at the source.
	Explained Verdict = "explained"
	// Unexplained: something differs and nobody knows why. A run whose own
	// accounts disagree is never better, count or not.
	Unexplained Verdict = "unexplained"
	// Unverifiable: there is no count, or the run did not come to its end.
	Unverifiable Verdict = "unverifiable"
)

// Tolerance holds the shares (0 to 1) that still count as a good run.
type Tolerance struct {
	// Invalid and Refused are shares of the members read.
	Invalid float64
	Refused float64
	// SourceGap is a share of the reported size.
	SourceGap float64
	// Gone is a share of the contacts that were expected in the segment.
	Gone float64
	// SegmentGap is a share of those too: so many may be missing or too many.
	SegmentGap float64
	// Differing is a share of the contacts that were read back.
	Differing float64
}

// Judge fills in the report's verdict, whether it is acceptable, the lines
// behind it and the summary, from the counts that the report already holds.
func Judge(r *Report, accept Tolerance) {
	r.Explanation = nil
	r.Segment.Tolerated = false
	r.Source.Gap = 0
	if r.Source.Reported != nil {
		r.Source.Gap = *r.Source.Reported - r.Source.Read
	}
	r.Verdict = judge(r, accept)
	r.Acceptable = acceptable(r, accept)
	r.Summary = r.summarise() + r.readBackSentence()
}

func judge(r *Report, accept Tolerance) Verdict {
	if r.Ended == EndedPlanned {
		r.explain("the run was asked for its plan only: nothing was sent")
		return Unverifiable
	}
	if r.Ended != "" {
		r.explain("the run was %s, so nothing is proved", endedWord(r.Ended))
		return Unverifiable
	}
	if r.Verified {
		return r.judgeVerified(accept)
	}
	if r.Audited {
		return r.judgeAudited(accept)
	}
	sure := r.accountsAgree()
	held := r.readBackHolds()
	if r.Segment.Counted == nil {
		r.explain("Hello Charles: no count to be had")
		if !sure {
			return Unexplained
		}
		return Unverifiable
	}
	sure = r.segmentFits(accept) && sure
	if r.Leavers.Unresolved > 0 {
		r.explain("Hello Charles: of %s who left the audience nobody knows whether they were unmarked", Thousands(r.Leavers.Unresolved))
		sure = false
	}
	if r.Outcomes.Unresolved > 0 {
		r.explain("Hello Charles: of %s taken", Count(r.Outcomes.Unresolved, "member nobody knows whether it was", "members nobody knows whether they were"))
		sure = false
	}
	sure = r.sourceNear(accept) && sure
	if !sure {
		return Unexplained
	}
	if !held || r.Segment.Comparison != nil && !r.Segment.Comparison.Same() {
		return Explained
	}
	if r.Segment.Before == 0 && !r.Segment.Tolerated && *r.Segment.Counted == r.Source.Read && r.accepted() == r.Source.Read && r.Source.Gap == 0 {
		return Equal
	}
	return Explained
}

// sourceNear reports whether about as many members were read as Zeotap reports, and
// explains a gap.
func (r *Report) sourceNear(accept Tolerance) bool {
	if r.Source.Gap == 0 {
		return true
	}
	near := within(abs(r.Source.Gap), reported(r), accept.SourceGap)
	r.explain("source: Zeotap reports %s members, %s were read; the gap is %s accept.source_gap (%s)",
		Thousands(reported(r)), Thousands(r.Source.Read), withinOrLarger(near), percent(accept.SourceGap))
	return near
}

// segmentFits reports whether the segment is what is expected, or is so within the
// tolerance, and explains where it differs.
func (r *Report) segmentFits(accept Tolerance) bool {
	if r.Segment.Comparison != nil {
		r.compared()
	} else {
		r.counted()
	}
	gap := r.Segment.Gap()
	if accept.SegmentGap == 0 || gap == 0 || !r.Segment.steady() {
		return r.Segment.Fits()
	}
	r.Segment.Tolerated = within(gap, r.Segment.Expected, accept.SegmentGap)
	r.explain("Hello Charles: %s missing or too many of %s expected contacts are %s accept.segment_gap (%s)",
		Thousands(gap), Thousands(r.Segment.Expected), withinOrMore(r.Segment.Tolerated), percent(accept.SegmentGap))
	return r.Segment.Tolerated
}

// counted compares the count with what the ledger holds as marked, and with how many
// were there before.
func (r *Report) counted() {
	before, extra := r.Segment.Before, r.Segment.Extra()
	switch fits := r.Segment.Fits(); {
	case !fits && before == 0:
		r.explain("Hello Charles: the segment counts %s contacts, %s",
			Thousands(*r.Segment.Counted), r.expectedOf())
	case !fits:
		r.explain("Hello Charles: the segment counts %s contacts, %s, and %s were there before the first run and are not ours",
			Thousands(*r.Segment.Counted), r.expectedOf(), Thousands(before))
	case before > 0 && extra == 0:
		r.explain("Hello Charles: the segment counts as many contacts as the ledger holds as marked, though %s others were there before the first run: those are gone, or as many of ours are missing",
			Thousands(before))
	case before > 0:
		r.explain("Hello Charles: the segment counts %s more than the ledger holds as marked; up to %s are explained, because so many were there before the first run and are not ours",
			Count(extra, "contact", "contacts"), Thousands(before))
	}
}

// expectedOf says by what how many are expected.
func (r *Report) expectedOf() string {
	if r.Audited {
		return Thousands(r.Segment.Expected) + " members should be in it"
	}
	return "the ledger holds " + Thousands(r.Segment.Expected) + " as marked"
}

func withinOrMore(within bool) string {
	if within {
		return "within"
	}
	return "more than"
}

func withinOrLarger(within bool) string {
	if within {
		return "within"
	}
	return "larger than"
}

// accountsAgree checks the accounts of the run against each other: every
// member read has one outcome, the ledger holds exactly those as current that
// the outcomes say were taken, and the reasons name all the others.
func (r *Report) accountsAgree() bool {
	agree := true
	if total := r.Outcomes.Total(); total != r.Source.Read {
		r.explain("accounting: %s members were read, %s have an outcome", Thousands(r.Source.Read), Thousands(total))
		agree = false
	}
	if taken := r.accepted(); taken != r.Segment.Current() {
		r.explain("accounting: %s members were taken, the ledger holds %s as current",
			Thousands(taken), Thousands(r.Segment.Current()))
		agree = false
	}
	if r.Plan != nil && r.Leavers.Total() != r.Plan.Leavers {
		r.explain("accounting: %s had left the audience, %s of them have an outcome", Thousands(r.Plan.Leavers), Thousands(r.Leavers.Total()))
		agree = false
	}
	agree = r.comparisonAddsUp() && agree
	agree = r.readBackAddsUp() && agree
	var named int64
	for _, n := range r.Reasons {
		named += n
	}
	if notTaken := r.Outcomes.Total() - r.accepted(); notTaken != named {
		r.explain("accounting: %s members were not taken, the reasons name %s", Thousands(notTaken), Thousands(named))
		agree = false
	}
	return agree
}

// comparisonAddsUp checks the accounts of the comparison, if there is one.
func (r *Report) comparisonAddsUp() bool {
	c := r.Segment.Comparison
	if c == nil || c.expected() == r.Segment.Expected && c.listed() == c.Listed {
		return true
	}
	r.explain("accounting: the comparison of the segment does not add up to %s expected references and %s listed contacts",
		Thousands(r.Segment.Expected), Thousands(c.Listed))
	return false
}

// accepted is the number of members whose content Hello Charles has.
func (r *Report) accepted() int64 { return r.Outcomes.Unchanged + r.Outcomes.Taken() }

func (r *Report) explain(format string, args ...any) {
	r.Explanation = append(r.Explanation, fmt.Sprintf(format, args...))
}

func acceptable(r *Report, accept Tolerance) bool {
	switch {
	case r.Verdict == Equal:
		return true
	case r.Verdict == Unexplained, r.Ended != "":
		return false
	}
	good := r.Outcomes.Unresolved == 0 && r.Leavers.Unresolved == 0
	for _, limit := range []struct {
		what  string
		n     int64
		of    int64
		share float64
	}{
		{"invalid", r.Outcomes.Invalid, r.Source.Read, accept.Invalid},
		{"refused", r.Outcomes.Refused, r.Source.Read, accept.Refused},
		{"refused", r.Leavers.Refused, r.Leavers.Total(), accept.Refused},
		{"source_gap", abs(r.Source.Gap), reported(r), accept.SourceGap},
		{"gone", r.gone(), r.Segment.Expected, accept.Gone},
		{"differing", r.ReadBack.differing(), r.ReadBack.read(), accept.Differing},
	} {
		if !within(limit.n, limit.of, limit.share) {
			r.explain("%s: %s of %s is more than accept.%s allows (%s)",
				limit.what, Thousands(limit.n), Thousands(limit.of), limit.what, percent(limit.share))
			good = false
		}
	}
	return good
}

// gone are all references that were in the segment and are not any more.
func (r *Report) gone() int64 {
	if r.Segment.Comparison == nil {
		return 0
	}
	return r.Segment.Comparison.Gone
}

func reported(r *Report) int64 {
	if r.Source.Reported == nil {
		return r.Source.Read
	}
	return *r.Source.Reported
}

// within reports whether n is at most the share of the whole. A millionth of a
// member makes up for shares that binary fractions cannot hold: 29% of 100 is
// a little less than 29 to a computer.
func within(n, whole int64, share float64) bool {
	const rounding = 1e-6
	return n == 0 || float64(n) <= share*float64(whole)+rounding
}

func percent(share float64) string { return fmt.Sprintf("%.6g%%", share*100) }

func abs(n int64) int64 {
	if n < 0 {
		return -n
	}
	return n
}
