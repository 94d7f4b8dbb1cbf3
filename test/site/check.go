package site

import (
	"context"
	"encoding/csv"
	"fmt"
	"strings"

	"audiencesync/internal/audience"
)

// Findings are what is not as it must be.
type Findings []string

// Expect notes what is not true.
func (f *Findings) Expect(is bool, format string, args ...any) {
	if !is {
		*f = append(*f, fmt.Sprintf(format, args...))
	}
}

// CheckReport compares the report of a run with the audience: every member has one
// outcome, and the verdict is true.
func (c *Crowd) CheckReport(report audience.Report, found *Findings) {
	members, marked := int64(len(c.Members())), c.marked()
	o := report.Outcomes
	found.Expect(report.Verdict == audience.Explained && report.Acceptable, "the verdict is %s: %s", report.Verdict, strings.Join(report.Explanation, "; "))
	found.Expect(report.Source.Read == members, "%d members were read, of %d", report.Source.Read, members)
	found.Expect(o.Total() == members, "%d members have an outcome, of %d", o.Total(), members)
	found.Expect(o.Invalid == Unusable && o.Unchanged+o.Taken()+o.Invalid == members, "the outcomes are %+v", o)
	found.Expect(report.Segment.Expected == marked, "%d contacts are expected in the segment, and %d are marked", report.Segment.Expected, marked)
	found.Expect(report.Segment.Counted != nil && *report.Segment.Counted == marked, "the segment's count is not %d", marked)
}

// CheckLedger looks for damage, and for who is marked.
func (d *Deployment) CheckLedger(ctx context.Context, c *Crowd, found *Findings) {
	d.CheckDamage(ctx, found)
	exported, err := d.Say(ctx, "ledger", "export", d.Name, "--ledger", d.Ledger)
	if err != nil {
		found.Expect(false, "ledger export: %v", err)
		return
	}
	rows, err := csv.NewReader(strings.NewReader(exported)).ReadAll()
	if err != nil || len(rows) == 0 {
		found.Expect(false, "ledger export: %v", err)
		return
	}
	want, right := c.Wanted(), int64(0)
	for _, row := range rows[1:] {
		if want[row[0]].Marker == "member" && row[1] == "yes" {
			right++
			continue
		}
		found.Expect(false, "the ledger has %s as %s", row[0], row[1])
	}
	found.Expect(right == c.marked(), "the ledger has %d of %d members as marked", right, c.marked())
}

// CheckDamage looks for damage of the ledger.
func (d *Deployment) CheckDamage(ctx context.Context, found *Findings) {
	said, err := d.Say(ctx, "ledger", "check", "--ledger", d.Ledger, "--output", "json")
	found.Expect(err == nil && strings.TrimSpace(said) == "[]", "ledger check: %s %v", said, err)
}

// marked is how many contacts must have the marker.
func (c *Crowd) marked() (count int64) {
	for _, want := range c.Wanted() {
		if want.Marker == "member" {
			count++
		}
	}
	return count
}
