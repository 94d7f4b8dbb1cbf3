package ledger_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"audiencesync/internal/audience"
	"audiencesync/internal/ledger"
	"audiencesync/internal/notify"
)

var noon = time.Date(2026, time.March, 2, 12, 0, 0, 0, time.UTC)

// tell records what two connections are told of the end of a run.
func tell(tb testing.TB, l *ledger.Ledger, cause string, at time.Time, end notify.End) []ledger.Notice {
	tb.Helper()
	notices, err := l.Notify(tb.Context(), "spring", cause, at, func(s notify.State, _ ledger.Told) (notify.State, []ledger.Notice, error) {
		s, event := s.RunEnded(end, at)
		if event == "" {
			return s, nil, nil
		}
		s.ToldAt = at
		var notices []ledger.Notice
		for _, connection := range []string{"slack", "mail"} {
			notices = append(notices, ledger.Notice{
				Event: string(event), Connection: connection, Body: []byte(`{"text":"` + cause + `"}`), ExpiresAt: at.Add(time.Hour),
			})
		}
		return s, notices, nil
	})
	require.NoError(tb, err)
	return notices
}

func next(tb testing.TB, l *ledger.Ledger, connection string, at time.Time) *ledger.Notice {
	tb.Helper()
	n, err := l.NextNotice(tb.Context(), "spring", connection, at)
	require.NoError(tb, err)
	return n
}

func TestWhatIsToldIsRecordedBeforeItIsSent(t *testing.T) {
	t.Parallel()
	l := open(t)
	recorded := tell(t, l, "run 1", noon, notify.Failed)
	require.Len(t, recorded, 2)
	require.Equal(t, recorded[0].Message, recorded[1].Message, "it is one message")
	require.Regexp(t, `^msg_[0-9a-f-]{36}$`, recorded[0].Message)

	waiting := next(t, l, "slack", noon)
	require.Equal(t, recorded[0], *waiting)
	require.JSONEq(t, `{"text":"run 1"}`, string(waiting.Body))
	require.NoError(t, l.EndNotice(t.Context(), "spring", *waiting, true))
	require.Nil(t, next(t, l, "slack", noon))
	require.NotNil(t, next(t, l, "mail", noon), "another connection has not got it yet")
	require.Nil(t, next(t, l, "mail", noon.Add(time.Hour)), "it is too old")
}

func TestACauseIsRecordedOnce(t *testing.T) {
	t.Parallel()
	l := open(t)
	first := tell(t, l, "run 1", noon, notify.Failed)
	require.Equal(t, first, tell(t, l, "run 1", noon, notify.Failed), "the answer was lost, and the call is repeated")
	require.Empty(t, tell(t, l, "run 2", noon.Add(time.Hour), notify.Failed), "nothing new")
	require.Empty(t, tell(t, l, "run 2", noon.Add(time.Hour), notify.Failed))
	recovered := tell(t, l, "run 3", noon.Add(2*time.Hour), notify.Good)
	require.Len(t, recovered, 2)
	require.NotEqual(t, first[0].Message, recovered[0].Message)
	require.Equal(t, "recovered", recovered[0].Event)
}

func TestNotificationsArriveInTheirOrder(t *testing.T) {
	t.Parallel()
	l := open(t)
	tell(t, l, "run 1", noon, notify.Failed)
	tell(t, l, "run 2", noon.Add(time.Minute), notify.Good)
	for _, event := range []string{"bad", "recovered"} {
		n := next(t, l, "slack", noon.Add(time.Minute))
		require.Equal(t, event, n.Event)
		require.NoError(t, l.EndNotice(t.Context(), "spring", *n, false))
	}
	require.Nil(t, next(t, l, "slack", noon))
}

func TestTheStateOfNotificationsIsKept(t *testing.T) {
	t.Parallel()
	l := open(t)
	state, lastGood, err := l.Watch(t.Context(), "spring", noon, noon.Add(-week))
	require.NoError(t, err)
	require.Zero(t, lastGood)
	require.Equal(t, notify.State{WatchedAt: noon}, state)
	want := notify.State{
		WatchedAt: noon, EndedAt: noon.Add(1), Bad: notify.Unexplained, Since: noon.Add(2), Overdue: true, Stalled: 12, ToldAt: noon.Add(3), DigestAt: noon.Add(4),
	}
	for _, at := range []*time.Time{&want.EndedAt, &want.Since, &want.ToldAt, &want.DigestAt} {
		*at = at.Truncate(time.Microsecond)
	}
	_, err = l.Notify(t.Context(), "spring", "x", noon.Add(time.Hour), func(s notify.State, _ ledger.Told) (notify.State, []ledger.Notice, error) {
		require.Equal(t, notify.State{WatchedAt: noon}, s)
		return want, nil, nil
	})
	require.NoError(t, err)
	state, _, err = l.Watch(t.Context(), "spring", noon.Add(week), noon)
	require.NoError(t, err)
	require.Equal(t, want, state)
}

func TestOldNotificationsAreForgotten(t *testing.T) {
	t.Parallel()
	l := open(t)
	tell(t, l, "run 1", noon, notify.Failed)
	tell(t, l, "run 2", noon.Add(31*24*time.Hour), notify.Good)
	require.Equal(t, "recovered", next(t, l, "slack", noon).Event)
}

func TestReportsOfRunsAreFound(t *testing.T) {
	t.Parallel()
	l := open(t)
	before := time.Now().Add(-time.Minute)
	finished := time.Now().UTC().Truncate(time.Second)
	for i, r := range []audience.Report{
		{Verdict: audience.Equal, Acceptable: true, FinishedAt: finished}, {Verdict: audience.Unexplained, FinishedAt: finished.Add(time.Second)},
	} {
		ref := openRun(t, l, string(rune('a'+i)))
		r.Run = ref.Run
		text, err := json.Marshal(r)
		require.NoError(t, err)
		require.NoError(t, l.CloseRun(t.Context(), ref, ledger.Closing{Report: text}))
	}
	plan := opening("plan")
	plan.PlanOnly = true
	ref, err := l.OpenRun(t.Context(), plan)
	require.NoError(t, err)
	require.NoError(t, l.CloseRun(t.Context(), ref, ledger.Closing{Report: []byte("{}")}))
	openRun(t, l, "going")

	report, err := l.Report(t.Context(), "spring", 2)
	require.NoError(t, err)
	require.Equal(t, audience.Unexplained, report.Verdict)
	for _, run := range []int64{4, 9} {
		report, err = l.Report(t.Context(), "spring", run)
		require.NoError(t, err)
		require.Nil(t, report, "it has none")
	}
	_, lastGood, err := l.Watch(t.Context(), "spring", noon, before)
	require.NoError(t, err)
	require.Equal(t, finished, lastGood)
	_, err = l.Notify(t.Context(), "spring", "digest", noon, func(s notify.State, told ledger.Told) (notify.State, []ledger.Notice, error) {
		reports, err := told.Reports(before)
		require.Len(t, reports, 2, "plans are no runs")
		require.Equal(t, int64(1), reports[0].Run)
		return s, nil, err
	})
	require.NoError(t, err)
	_, lastGood, err = l.Watch(t.Context(), "spring", noon, time.Now().Add(time.Hour))
	require.NoError(t, err)
	require.Zero(t, lastGood)
}
