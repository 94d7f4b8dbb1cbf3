package audience

import "fmt"

// judgeVerified judges a run that only proves what earlier ones have brought.
func (r *Report) judgeVerified(accept Tolerance) Verdict {
	if r.Segment.Counted == nil {
		r.explain("Hello Charles: no count to be had")
		return Unverifiable
	}
	adds := r.comparisonAddsUp()
	switch c := r.Segment.Comparison; {
	case !r.segmentFits(accept), !adds:
		return Unexplained
	case !r.Segment.Tolerated && r.Segment.Before == 0 && (c == nil || c.Same()):
		return Equal
	default:
		return Explained
	}
}

func (r *Report) verifiedSentence() string {
	expected, c := r.Segment.Expected, r.Segment.Comparison
	switch {
	case r.Segment.Counted == nil:
		return "There is no count, so nothing is proved. Nothing was sent."
	case c == nil && r.Segment.Fits():
		return fmt.Sprintf("The segment counts %s contacts, as many as are expected. Nothing was sent.", Thousands(*r.Segment.Counted))
	case c == nil:
		return fmt.Sprintf("The segment counts %s contacts, and %s are expected. Nothing was sent.", Thousands(*r.Segment.Counted), r.Segment.expectedWords())
	case c.NotVisible+c.Gone == 0 && c.Strangers() == 0:
		return fmt.Sprintf("The segment holds exactly the %s contacts that the ledger holds as marked. Nothing was sent.", Thousands(expected))
	default:
		return fmt.Sprintf("The segment lists %s: of %s expected references %s not in it, and %s of its contacts %s not ours. Nothing was sent.",
			Count(c.Listed, "contact", "contacts"), Thousands(expected), numberIs(c.NotVisible+c.Gone), Thousands(c.Strangers()), isOrAre(c.Strangers()))
	}
}
