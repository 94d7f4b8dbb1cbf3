package audience_test

import (
	"testing"

	"pgregory.net/rapid"

	"audiencesync/internal/audience"
)

// anyReport draws the report of a run. Most accounts agree, so that good
// verdicts occur; some are off by a little.
func anyReport(t *rapid.T) audience.Report {
	some := rapid.SampledFrom([]int64{0, 0, 0, 0, 1, 2, 17, 1000})
	off := rapid.SampledFrom([]int64{0, 0, 0, 0, 0, 0, 0, 0, -1, 1, 5})
	var r audience.Report
	for _, outcome := range outcomes {
		r.Outcomes.Add(outcome, some.Draw(t, string(outcome)))
	}
	taken := r.Outcomes.Unchanged + r.Outcomes.Taken()
	r.Source.Read = max(0, r.Outcomes.Total()+off.Draw(t, "read is off by"))
	r.Reasons = map[string]int64{"reason": r.Outcomes.Total() - taken + off.Draw(t, "reasons are off by")}
	r.Segment.Left, r.Segment.Stale = some.Draw(t, "left"), some.Draw(t, "stale")
	r.Segment.Expected = max(0, taken+r.Segment.Left+r.Segment.Stale+off.Draw(t, "expected is off by"))
	r.Segment.Before = rapid.SampledFrom([]int64{0, 0, 0, 1, 4}).Draw(t, "before")
	if rapid.IntRange(0, 9).Draw(t, "counted") > 0 {
		r.Segment.Counted = new(max(0, r.Segment.Expected+off.Draw(t, "counted is off by")))
	}
	if r.Segment.Counted != nil && rapid.Bool().Draw(t, "compared") {
		few := rapid.SampledFrom([]int64{0, 0, 0, 0, 0, 0, 1, 2})
		c := &audience.Comparison{
			NotVisible: few.Draw(t, "not visible"), Gone: few.Draw(t, "gone"), Unsure: few.Draw(t, "unsure"), Merged: few.Draw(t, "merged"),
			Foreign: few.Draw(t, "foreign"), OfOthers: few.Draw(t, "of others"), Unreferenced: few.Draw(t, "unreferenced"),
			StillVisible: few.Draw(t, "still visible"), Moved: few.Draw(t, "moved") > 0,
		}
		c.Found = r.Segment.Expected - c.NotVisible - c.Gone + off.Draw(t, "found is off by")
		c.Listed = c.Found + c.Unsure - c.Merged + c.StillVisible + c.Strangers() + off.Draw(t, "listed is off by")
		*r.Segment.Counted, r.Segment.Comparison = c.Listed+off.Draw(t, "counted differs by"), c
	}
	if rapid.Bool().Draw(t, "reported") {
		r.Source.Reported = new(max(0, r.Source.Read+off.Draw(t, "reported is off by")))
	}
	r.Unasked = rapid.Bool().Draw(t, "unasked")
	r.Ended = rapid.SampledFrom([]string{"", "", "", "", "", "", "", "cancelled", "failed"}).Draw(t, "ended")
	return r
}

func TestNoVerdictPromisesMoreThanTheCounts(t *testing.T) {
	t.Parallel()
	share := rapid.SampledFrom([]float64{0, 0.001, 0.05, 0.29, 1})
	rapid.Check(t, func(t *rapid.T) {
		r := anyReport(t)
		accept := audience.Tolerance{Invalid: share.Draw(t, "invalid"), Refused: share.Draw(t, "refused"), SourceGap: share.Draw(t, "source gap")}
		audience.Judge(&r, accept)
		must := func(holds bool, rule string) {
			if !holds {
				t.Fatalf("%s: %+v", rule, r)
			}
		}
		must(r.Summary != "", "every report has a summary")
		switch r.Verdict {
		case audience.Equal:
			must(r.Segment.Counted != nil && *r.Segment.Counted == r.Segment.Expected && r.Segment.Expected == r.Source.Read,
				"equal: counted = expected = read")
			must(r.Segment.Before == 0, "equal: nobody else was there before")
			must(r.Source.Reported == nil || *r.Source.Reported == r.Source.Read, "equal: read = reported")
			must(r.Outcomes.Unchanged+r.Outcomes.Taken() == r.Source.Read, "equal: every member was taken")
			must(r.Acceptable, "equal is acceptable")
			must(r.Segment.Comparison == nil || r.Segment.Comparison.Same() && r.Segment.Comparison.Listed == *r.Segment.Counted, "equal: nobody is missing or foreign")
		case audience.Explained:
			if c := r.Segment.Comparison; c != nil {
				must(*r.Segment.Counted == c.Listed && !c.Moved && c.NotVisible == 0 && c.StillVisible == 0 && c.Strangers() <= r.Segment.Before,
					"explained: everybody who was accepted is there or was, and nobody else but who was there before")
				must(c.Found+c.Gone == r.Segment.Expected, "explained: every expected reference was found, or is gone")
				must(c.Same() || len(r.Explanation) > 0, "explained: differences have their lines")
			} else {
				must(r.Segment.Counted != nil && *r.Segment.Counted >= r.Segment.Expected && *r.Segment.Counted-r.Segment.Expected <= r.Segment.Before,
					"explained: counted = expected, and up to so many more as were there before")
			}
			must(r.Segment.Before == 0 || len(r.Explanation) > 0, "explained: who was there before has a line")
			must(r.Outcomes.Total() == r.Source.Read, "explained: every member has an outcome")
			must(r.Outcomes.Unresolved == 0, "explained: nobody is unresolved")
			must(r.Reasons["reason"] == r.Source.Read-r.Outcomes.Unchanged-r.Outcomes.Taken(), "explained: every other member has a reason")
		case audience.Unexplained:
			must(!r.Acceptable, "unexplained is never acceptable")
			must(len(r.Explanation) > 0, "unexplained says where")
		case audience.Unverifiable:
			must(r.Segment.Counted == nil || r.Ended != "", "unverifiable: there is no count")
		default:
			must(false, "one of the four verdicts")
		}
		must(r.Ended == "" || !r.Acceptable, "a run that did not come to its end is not acceptable")
		must(!r.Acceptable || r.Outcomes.Unresolved == 0, "a run with an unresolved member is not acceptable")
		must(!r.Acceptable || r.Outcomes.Total() == r.Source.Read, "accounts that disagree are not acceptable")
	})
}
