package notify_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"audiencesync/internal/audience"
	"audiencesync/internal/config"
	"audiencesync/internal/notify"
)

// report is a run of 1,000 members, of whom ten are invalid.
func report(change func(*audience.Report)) *audience.Report {
	counted := int64(990)
	r := &audience.Report{
		Sync: "spring", Run: 12, Source: audience.SourceCount{Read: 1000}, Outcomes: audience.Outcomes{Unchanged: 980, Created: 10, Invalid: 10},
		Reasons: map[string]int64{"email_invalid": 10}, NewFailures: 4, KnownFailures: 6,
		Segment:    audience.SegmentCount{ID: "seg-984", Expected: 990, Counted: &counted, Evidence: audience.EvidenceCounted},
		FinishedAt: noon,
	}
	if change != nil {
		change(r)
	}
	audience.Judge(r, audience.Tolerance{Invalid: 0.02})
	return r
}

func TestARunIsGoodWhenItsExitCodeIsZero(t *testing.T) {
	t.Parallel()
	require.Equal(t, notify.Good, notify.EndOf(report(nil)))
	for want, change := range map[notify.End]func(*audience.Report){
		notify.Outside: func(r *audience.Report) {
			r.Outcomes.Unchanged, r.Outcomes.Invalid, r.Reasons["email_invalid"] = 960, 30, 30
			r.Segment.Expected, *r.Segment.Counted = 970, 970
		},
		notify.Unexplained:  func(r *audience.Report) { *r.Segment.Counted = 900 },
		notify.Unverifiable: func(r *audience.Report) { r.Segment.Counted = nil },
		notify.Good:         func(r *audience.Report) { r.Segment.Counted, r.Unasked = nil, true },
		notify.Failed:       func(r *audience.Report) { r.Ended = audience.EndedFailed },
		notify.Stopped:      func(r *audience.Report) { r.Ended = audience.EndedDeclined },
	} {
		require.Equal(t, want, notify.EndOf(report(change)))
	}
	require.Equal(t, notify.Stopped, notify.EndOf(&audience.Report{Ended: audience.EndedCancelled}))
	require.Equal(t, notify.Stopped, notify.EndOf(&audience.Report{Ended: audience.EndedPlanned}))
}

func TestAProofThatIsNotGoodIsNewsAndAGoodOneIsNoGoodRun(t *testing.T) {
	t.Parallel()
	for verdict, want := range map[audience.Verdict]notify.End{
		audience.Equal: notify.Stopped, audience.Explained: notify.Stopped, audience.Unexplained: notify.Unexplained, audience.Unverifiable: notify.Unverifiable,
	} {
		require.Equal(t, want, notify.EndOf(&audience.Report{Verified: true, Verdict: verdict, Acceptable: true}))
	}
	require.Equal(t, notify.Outside, notify.EndOf(&audience.Report{Verified: true, Verdict: audience.Explained}))
	require.Equal(t, notify.Stopped, notify.EndOf(&audience.Report{Audited: true, Verdict: audience.Unexplained}))
}

func TestAMessageSaysWhatHappenedAndWhatToDo(t *testing.T) {
	t.Parallel()
	missing := report(func(r *audience.Report) { *r.Segment.Counted = 900 })
	failed := report(func(r *audience.Report) { r.Ended = audience.EndedFailed })
	for text, m := range map[string]notify.Message{
		"Sync spring is not good: run 12 is unexplained. The segment holds 900 contacts, but 990 are expected: 90 are missing.\n" +
			"What to do: audiencesync status spring has the whole report, audiencesync failures spring who did not arrive": notify.RunEnd{Sync: "spring", Run: 12, End: notify.Unexplained, Report: missing}.Message(config.NotifyBad),
		"Sync spring is not good: run 12 failed. sync spring: the read of the audience is not complete. The run was ended by a failure: 990 of 1,000 members had been accepted by Hello Charles as the audience has them now.\n" +
			"What to do: audiencesync status spring; the next run goes on with what is left": notify.RunEnd{Sync: "spring", Run: 12, End: notify.Failed, Report: failed, Why: "sync spring: the read of the audience is not complete"}.Message(config.NotifyBad),
		"Sync spring is not good: a run was refused, and nothing was sent. tag \"‹!channel›\" does not exist.\n" +
			"What to do: correct it, and look with audiencesync check and the sync's file": notify.RunEnd{Sync: "spring", End: notify.Refused, Why: "tag \"<!channel>\"\ndoes not exist"}.Message(config.NotifyBad),
		"Sync spring is good again: run 12 is explained. 990 of 1,000 are in the segment; 10 are not, for 1 reason.": notify.RunEnd{Sync: "spring", Run: 12, End: notify.Good, Report: report(nil)}.Message(config.NotifyRecovered),
		"Sync spring waits for approval: run 12: 300 of 1,000 would be unmarked.\n" +
			"What to do: audiencesync status spring, then audiencesync approve spring, or decline; without an answer the run ends as failed on 2026-03-03 12:00 UTC": notify.Hold{Sync: "spring", Run: 12, Event: config.NotifyApproval, Why: "300 of 1,000 would be unmarked", Since: noon, Until: noon.Add(24 * time.Hour), At: noon}.Message(),
		"Sync spring has been waiting for approval for 4h: run 12: too much.\n" +
			"What to do: audiencesync status spring, then audiencesync approve spring, or decline": notify.Hold{Sync: "spring", Run: 12, Event: config.NotifyApproval, Why: "too much", Since: noon, At: noon.Add(4 * time.Hour), Reminder: true}.Message(),
		"Sync spring is paused: access is denied to run 12: the key is not accepted (401).\n" +
			"What to do: give back the key or the permission, then audiencesync resume spring": notify.Hold{Sync: "spring", Run: 12, Event: config.NotifyPaused, Why: "the key is not accepted (401)", At: noon}.Message(),
		"Sync spring is paused: a person has paused run 12.\n" +
			"What to do: audiencesync status spring says who and why; audiencesync resume spring goes on": notify.Hold{Sync: "spring", Run: 12, Event: config.NotifyPaused, ByPerson: true, Why: "paused by zoe: +4915112345678 complains", At: noon}.Message(),
		"Sync spring stands still: nothing has moved in run 12 for 16m, in the step send: Hello Charles has asked to wait, for another 40m.\n" +
			"What to do: audiencesync status spring says what it waits for; the run goes on by itself as soon as it can": notify.Stalled{Sync: "spring", Run: 12, Phase: "send", Since: noon, Why: "Hello Charles has asked to wait, for another 40m", At: noon.Add(16*time.Minute + 20*time.Second)}.Message(),
		"Sync spring stands still: nothing has moved in run 12 for 1h, in the step read.\n" +
			"What to do: audiencesync status spring says what it waits for; the run goes on by itself as soon as it can": notify.Stalled{Sync: "spring", Run: 12, Phase: "read", Since: noon, At: noon.Add(time.Hour)}.Message(),
		"Sync spring is overdue: no run has ended well in the last 26h (notify.overdue_after), the last one on 2026-03-02 12:00 UTC.\n" +
			"What to do: audiencesync status spring says what the last run does or why it ended": notify.Overdue{Sync: "spring", LastGood: noon, After: 26 * time.Hour, At: noon.Add(27 * time.Hour)}.Message(),
		"The schedule of sync spring is paused after 3 failures in a row: nothing is started any more. The last one: tag \"‹!channel›\" does not exist.\n" +
			"What to do: correct what the runs say; if that is the sync file: audiencesync schedule update SYNC.yaml; then audiencesync schedule resume spring": notify.SchedulePaused{Sync: "spring", Failures: 3, Why: "tag \"<!channel>\"\ndoes not exist", Resume: "audiencesync schedule resume spring", At: noon}.Message(),
		"Sync spring is not good: run 12, which only proves, is unverifiable. no count to be had.\n" +
			"What to do: audiencesync status spring says why there is no count": notify.RunEnd{Sync: "spring", Run: 12, End: notify.Unverifiable, Report: &audience.Report{Verified: true, Summary: "no count to be had"}}.Message(config.NotifyBad),
	} {
		require.Equal(t, text, m.Text)
	}
}

func TestAMessageIsJSONWithTheNumbersOfTheRun(t *testing.T) {
	t.Parallel()
	text, err := json.Marshal(notify.RunEnd{Sync: "spring", Run: 12, End: notify.Good, Report: report(nil), At: noon}.Message(config.NotifyRecovered))
	require.NoError(t, err)
	require.JSONEq(t, `{
		"text": "Sync spring is good again: run 12 is explained. 990 of 1,000 are in the segment; 10 are not, for 1 reason.",
		"event": "recovered", "sync": "spring", "run": 12, "ended": "good", "verdict": "explained",
		"summary": "990 of 1,000 are in the segment; 10 are not, for 1 reason.",
		"counts": {
			"read": 1000, "unchanged": 980, "created": 10, "updated": 0, "accepted": 0, "invalid": 10, "duplicate": 0, "suppressed": 0,
			"refused": 0, "unresolved": 0, "removed": 0, "expected": 990, "counted": 990, "new_failures": 4, "known_failures": 6
		},
		"at": "2026-03-02T12:00:00Z"
	}`, string(text))
}

func TestALongCauseIsCut(t *testing.T) {
	t.Parallel()
	m := notify.RunEnd{Sync: "spring", End: notify.Failed, Why: strings.Repeat("ä", 5000)}.Message(config.NotifyBad)
	require.Less(t, len([]rune(m.Text)), 1000)
	require.Contains(t, m.Text, "ä...")
}

func TestADigestAddsUpAWeekOfRuns(t *testing.T) {
	t.Parallel()
	var reports []audience.Report
	day := func(n int, change func(*audience.Report)) {
		r := report(change)
		r.FinishedAt = noon.Add(time.Duration(n) * 24 * time.Hour)
		reports = append(reports, *r)
	}
	day(1, nil)
	day(2, func(r *audience.Report) { *r.Segment.Counted = 900 })
	day(3, func(r *audience.Report) { r.Ended = audience.EndedCancelled })
	day(4, nil)
	day(5, func(r *audience.Report) { r.Ended = audience.EndedPlanned })
	day(5, func(r *audience.Report) { r.Verified = true })
	day(6, func(r *audience.Report) { r.Segment.Counted = nil })
	d := notify.NewDigest(noon, noon.Add(notify.DigestEvery), reports)
	require.Equal(t, map[string]int{"explained": 2, "unexplained": 1, "unverifiable": 1, "cancelled": 1}, d.Runs)
	require.Equal(t, int64(1000), *d.Members)
	require.Equal(t, int64(990), *d.Segment, "the last count there was")
	require.Equal(t, int64(5*4), d.NewFailures)
	require.Equal(t, int64(6), d.KnownFailures)
	require.Equal(t, int64(3*24*3600), d.SilenceSeconds)
	require.Equal(t, "Sync spring from 2026-03-02 12:00 UTC to 2026-03-09 12:00 UTC: 5 runs: 2 explained, 1 unverifiable, 1 unexplained, 1 cancelled. "+
		"1,000 members, 990 contacts in the segment; failures: 20 new, 6 known before. Longest time without a good run: 72h.", d.Message("spring").Text)

	require.Equal(t, "Sync spring from 2026-03-02 12:00 UTC to 2026-03-09 12:00 UTC: no run has ended. Longest time without a good run: 168h.",
		notify.NewDigest(noon, noon.Add(notify.DigestEvery), nil).Message("spring").Text)
}
