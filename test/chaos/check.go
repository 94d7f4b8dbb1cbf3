package main

import (
	"context"
	"fmt"

	"audiencesync/internal/audience"
	"audiencesync/internal/simulator"
)

// check compares the report, the store and the bound of a disturbed run with what
// must be true.
func (r *round) check(ctx context.Context, report audience.Report, done *result) {
	wrong := r.crowd.Differences(r.vendors.Contacts())
	done.membersWrong = len(wrong)
	done.verdict = string(report.Verdict)
	done.wrong = append(done.wrong, wrong[:min(3, len(wrong))]...)
	done.wrong.Expect(done.again <= done.bound, "%d contacts were sent again, and %d were in flight", done.again, done.bound)
	done.wrong.Expect(done.again >= 0, "%d contacts were never sent", -done.again)
	done.wrong.Expect(done.twice == 0, "%d effects too many", done.twice)
	r.checkReport(report, done)
	r.CheckLedger(ctx, r.crowd, &done.wrong)
}

// checkReport compares a report with the audience.
func (r *round) checkReport(report audience.Report, done *result) {
	r.crowd.CheckReport(report, &done.wrong)
	if r.plan.victim != runTerminated {
		taken, removed := report.Outcomes.Taken(), report.Leavers.Removed
		done.wrong.Expect(taken+removed == r.crowd.ToSend(),
			"%d members were taken and %d leavers unmarked, and %d were to be sent", taken, removed, r.crowd.ToSend())
	}
}

// checkAfterwards makes one more run, which has nothing to do.
func (r *round) checkAfterwards(ctx context.Context, before simulator.Stats, done *result) error {
	report, err := r.Run(ctx)
	if err != nil {
		return fmt.Errorf("the run after: %w", err)
	}
	posts := r.vendors.Stats().Batches - before.Batches
	done.wrong.Expect(posts == 0 && report.Requests == 0, "the run after sent %d requests", posts)
	done.wrong.Expect(report.Outcomes.Taken() == 0, "the run after sent %d members", report.Outcomes.Taken())
	r.checkReport(report, done)
	return nil
}
