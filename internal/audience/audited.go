package audience

import "fmt"

// judgeAudited judges a run that compares the segment with the audience as it was read.
// The ledger, which may be empty, has no part in it.
func (r *Report) judgeAudited(accept Tolerance) Verdict {
	sure := r.auditAddsUp()
	sure = r.sourceNear(accept) && sure
	switch {
	case r.Segment.Counted == nil && sure:
		r.explain("Hello Charles: no count to be had")
		return Unverifiable
	case r.Segment.Counted == nil:
		return Unexplained
	}
	sure = r.segmentFits(accept) && sure
	c := r.Segment.Comparison
	switch {
	case !sure:
		return Unexplained
	case r.Segment.Tolerated, c != nil && !c.Same(), r.Segment.Before > 0, r.Source.Gap != 0, r.Source.Read != r.Segment.Expected:
		return Explained
	default:
		return Equal
	}
}

// auditAddsUp checks that every member that was read has its reason for not being
// expected, or is expected.
func (r *Report) auditAddsUp() bool {
	adds := r.comparisonAddsUp()
	if kept := r.Outcomes.Total(); kept+r.Segment.Expected != r.Source.Read {
		r.explain("accounting: %s members were read, %s are expected in the segment, and %s are not for a reason",
			Thousands(r.Source.Read), Thousands(r.Segment.Expected), Thousands(kept))
		adds = false
	}
	return adds
}

// auditCompared explains what only audits can find.
func (r *Report) auditCompared(c *Comparison) {
	if c.Missing > 0 {
		r.explain("Hello Charles: %s not in the segment (missing)%s",
			Count(c.Missing, "member of the audience is", "members of the audience are"), c.missingHint())
	}
	if c.Excluded > 0 {
		r.explain("Hello Charles: %s not want to be contacted", Count(c.Excluded,
			"member is in the segment although the filter keeps it out (excluded): it may",
			"members are in the segment although the filter keeps them out (excluded): they may"))
	}
	if c.Left > 0 {
		r.explain("Hello Charles: %s in the segment, and not in the audience any more (left)",
			Count(c.Left, "contact that this sync has marked is", "contacts that this sync has marked are"))
	}
	if c.Invalid > 0 {
		r.explain("Hello Charles: %s our checks now (invalid): Hello Charles has what was sent earlier",
			Count(c.Invalid, "member is in the segment that fails", "members are in the segment that fail"))
	}
}

// missingHint says what a setting may have to do with it that nobody is found.
func (c *Comparison) missingHint() string {
	if c.Found == 0 && c.Foreign > 0 {
		return "; no reference at all was found: is it what Hello Charles holds (reference, and its normalise)?"
	}
	return c.othersHint()
}

func (r *Report) auditedSentence() string {
	const nothing = " Nothing was sent."
	expected, c := r.Segment.Expected, r.Segment.Comparison
	switch {
	case r.Segment.Counted == nil:
		return "There is no count, so nothing is proved." + nothing
	case c == nil && r.Segment.Fits():
		return fmt.Sprintf("The segment counts %s, as many as should be in it.", Count(*r.Segment.Counted, "contact", "contacts")) + r.gapSentence() + nothing
	case c == nil:
		return fmt.Sprintf("The segment counts %s, and %s should be in it.", Count(*r.Segment.Counted, "contact", "contacts"), r.Segment.expectedWords()) +
			r.toleratedSentence() + r.gapSentence() + nothing
	case c.absent() == 0 && c.Found-c.Merged == c.Listed:
		return fmt.Sprintf("The segment holds exactly the %s members that should be in it.", Thousands(expected)) + r.gapSentence() + nothing
	default:
		return fmt.Sprintf("The segment lists %s: of %s members that should be in it %s not, and %s of its contacts should not be in it.",
			Count(c.Listed, "contact", "contacts"), Thousands(expected), numberIs(c.absent()), Thousands(c.Strangers()+c.Excluded+c.Left)) +
			r.toleratedSentence() + r.gapSentence() + nothing
	}
}
