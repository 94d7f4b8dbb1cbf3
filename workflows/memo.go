package workflows

import (
	"go.temporal.io/sdk/workflow"

	"audiencesync/internal/audience"
)

// MemoCounts is the key of the memo of a run that has a report: its Counts.
const MemoCounts = "audiencesync_counts"

// Counts are the final numbers of a run, for whoever lists runs.
type Counts struct {
	Run      int64 `json:"run"`
	Read     int64 `json:"read"`
	Accepted int64 `json:"accepted"`
	Failures int64 `json:"failures"`
	// Expected contacts are marked in the ledger; Counted is nil without a count.
	Expected int64  `json:"expected"`
	Counted  *int64 `json:"counted"`
	Verdict  string `json:"verdict"`
}

func countsOf(report *audience.Report, verdict string) Counts {
	return Counts{
		Run: report.Run, Read: report.Source.Read, Accepted: report.Outcomes.Taken(), Failures: report.Outcomes.Failures(),
		Expected: report.Segment.Expected, Counted: report.Segment.Counted, Verdict: verdict,
	}
}

// remember keeps the final counts in the workflow's memo.
func (r *audienceSync) remember(ctx workflow.Context) {
	if r.report == nil || r.opened.Allowed == nil { // Which older workers do not tell: their histories hold no such memo.
		return
	}
	if err := workflow.UpsertMemo(ctx, map[string]any{MemoCounts: countsOf(r.report, r.verdict)}); err != nil {
		workflow.GetLogger(ctx).Warn("the final counts are not in the memo", "error", err)
	}
}
