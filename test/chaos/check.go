package main

import (
	"context"
	"encoding/csv"
	"fmt"
	"strings"

	"audiencesync/internal/audience"
	"audiencesync/internal/simulator"
)

// check compares the report, the store and the bound of a disturbed run with what
// must be true.
func (r *round) check(ctx context.Context, report audience.Report, done *result) {
	wrong := r.crowd.differences(r.vendors.Contacts())
	done.membersWrong = len(wrong)
	done.verdict = string(report.Verdict)
	done.wrong = append(done.wrong, wrong[:min(3, len(wrong))]...)
	done.expect(done.again <= done.bound, "%d contacts were sent again, and %d were in flight", done.again, done.bound)
	done.expect(done.again >= 0, "%d contacts were never sent", -done.again)
	done.expect(done.twice == 0, "%d effects too many", done.twice)
	r.checkReport(report, done)
	r.checkLedger(ctx, done)
}

// checkReport compares a report with the audience: every member has one outcome.
func (r *round) checkReport(report audience.Report, done *result) {
	members, marked := int64(len(r.crowd.members())), int64(0)
	for _, want := range r.crowd.wanted() {
		if want.marker == "member" {
			marked++
		}
	}
	o := report.Outcomes
	done.expect(report.Verdict == audience.Explained && report.Acceptable, "the verdict is %s: %s", report.Verdict, strings.Join(report.Explanation, "; "))
	done.expect(report.Source.Read == members, "%d members were read, of %d", report.Source.Read, members)
	done.expect(o.Total() == members, "%d members have an outcome, of %d", o.Total(), members)
	done.expect(o.Invalid == unusable && o.Unchanged+o.Taken()+o.Invalid == members, "the outcomes are %+v", o)
	done.expect(report.Segment.Expected == marked, "%d contacts are expected in the segment, and %d are marked", report.Segment.Expected, marked)
	done.expect(report.Segment.Counted != nil && *report.Segment.Counted == marked, "the segment's count is not %d", marked)
	if r.plan.victim != runTerminated {
		done.expect(o.Taken()+report.Leavers.Removed == r.crowd.toSend(),
			"%d members were taken and %d leavers unmarked, and %d were to be sent", o.Taken(), report.Leavers.Removed, r.crowd.toSend())
	}
}

// checkLedger looks for damage, and for who is marked.
func (r *round) checkLedger(ctx context.Context, done *result) {
	found, err := r.say(ctx, "ledger", "check", "--ledger", r.ledger, "--output", "json")
	done.expect(err == nil && strings.TrimSpace(found) == "[]", "ledger check: %s %v", found, err)
	exported, err := r.say(ctx, "ledger", "export", r.name, "--ledger", r.ledger)
	if err != nil {
		done.expect(false, "ledger export: %v", err)
		return
	}
	rows, err := csv.NewReader(strings.NewReader(exported)).ReadAll()
	if err != nil || len(rows) == 0 {
		done.expect(false, "ledger export: %v", err)
		return
	}
	want, right := r.crowd.wanted(), 0
	for _, row := range rows[1:] {
		if want[row[0]].marker == "member" && row[1] == "yes" {
			right++
			continue
		}
		done.expect(false, "the ledger has %s as %s", row[0], row[1])
	}
	marked := 0
	for _, contact := range want {
		if contact.marker == "member" {
			marked++
		}
	}
	done.expect(right == marked, "the ledger has %d of %d members as marked", right, marked)
}

// say runs a command and returns what it wrote.
func (r *round) say(ctx context.Context, args ...string) (string, error) {
	r.runs++
	p, err := r.site.program(fmt.Sprintf("%s-command-%d", r.name, r.runs), r.site.programs.AudienceSync, args...)
	if err != nil {
		return "", err
	}
	within, cancel := context.WithTimeout(ctx, runWithin)
	defer cancel()
	code, err := p.Wait(within)
	if err == nil && code != 0 {
		err = fmt.Errorf("exit code %d: %s", code, lastLine(p.Stderr()))
	}
	return p.Stdout(), err
}

// checkAfterwards makes one more run, which has nothing to do.
func (r *round) checkAfterwards(ctx context.Context, before simulator.Stats, done *result) error {
	report, err := r.undisturbed(ctx)
	if err != nil {
		return fmt.Errorf("the run after: %w", err)
	}
	posts := r.vendors.Stats().Batches - before.Batches
	done.expect(posts == 0 && report.Requests == 0, "the run after sent %d requests", posts)
	done.expect(report.Outcomes.Taken() == 0, "the run after sent %d members", report.Outcomes.Taken())
	r.checkReport(report, done)
	return nil
}
