package workflows_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/testsuite"
	"pgregory.net/rapid"

	"audiencesync/activities"
	"audiencesync/internal/audience"
	"audiencesync/internal/config"
	"audiencesync/workflows"
)

// late is a segment that follows what was accepted after a lag, by the clock of the
// test.
type late struct {
	lag time.Duration
	// step is the time between two moments at which the segment moves; zero moves it
	// with every batch.
	step time.Duration
	// takes is how many leavers go with the 1,000 members who come with each batch: with
	// as many the count never moves.
	takes []int64
	// apart are the times between the acceptances of batches.
	apart []time.Duration

	env      *testsuite.TestWorkflowEnvironment
	mutex    sync.Mutex
	tries    map[int64]int
	accepted []time.Time
	closed   time.Time
}

func (l *late) batches() int64 { return int64(len(l.apart)) }

// send accepts a batch when its time has come.
func (l *late) send(_ context.Context, batch int64) (activities.SendBatchResult, error) {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	if l.tries[batch]++; l.tries[batch] == 1 && l.apart[batch-1] > 0 {
		return activities.SendBatchResult{}, temporal.NewApplicationErrorWithOptions("not yet", activities.TypeRateLimited,
			temporal.ApplicationErrorOptions{NextRetryDelay: l.apart[batch-1]})
	}
	l.accepted = append(l.accepted, l.env.Now())
	return created(1000), nil
}

// missing are those of the accepted and unmarked whom the segment does not show yet,
// and those whom it shows still.
func (l *late) missing() (notVisible, stillVisible int64) {
	now := l.env.Now()
	if l.step > 0 {
		now = now.Truncate(l.step)
	}
	l.mutex.Lock()
	defer l.mutex.Unlock()
	for i, at := range l.accepted {
		if at.Add(l.lag).After(now) {
			notVisible += 1000
			stillVisible += l.takes[i%len(l.takes)]
		}
	}
	return notVisible, stillVisible
}

func (l *late) count(int) (activities.CountSegmentResult, error) {
	notVisible, stillVisible := l.missing()
	return counts(1000*l.batches() - notVisible + stillVisible), nil
}

func (l *late) compare(int) (activities.CompareSegmentResult, error) {
	notVisible, stillVisible := l.missing()
	found := 1000*l.batches() - notVisible
	return activities.CompareSegmentResult{Comparison: &audience.Comparison{
		Listed: found + stillVisible, Found: found, NotVisible: notVisible, StillVisible: stillVisible,
	}}, nil
}

func (l *late) close(in activities.CloseRunInput) (audience.Report, error) {
	l.closed = l.env.Now()
	verdict := audience.Unexplained
	if in.Comparison.Same() && *in.Counted == 1000*l.batches() {
		verdict = audience.Equal
	}
	return audience.Report{Verdict: verdict, Acceptable: true, Segment: audience.SegmentCount{Comparison: in.Comparison}}, nil
}

// verdict runs a sync into the segment and returns how long after the last accepted
// batch its verdict came.
func (l *late) verdict(t *testing.T, verification config.Verification) (audience.Verdict, time.Duration) {
	t.Helper()
	s := &script{batches: l.batches(), window: 2, sendBatch: l.send, countSegment: l.count, compare: l.compare, closeRun: l.close}
	l.env, l.tries = environment(t, s), map[int64]int{}
	spec := demo()
	spec.Verification.Poll, spec.Verification.MaxLag, spec.Verification.Deadline = verification.Poll, verification.MaxLag, verification.Deadline
	report, err := play(t, l.env, workflows.AudienceSyncInput{Spec: spec})
	require.NoError(t, err)
	require.Len(t, l.accepted, len(l.apart))
	require.Equal(t, l.closed, l.env.Now(), "to close a run takes no waiting")
	return report.Verdict, l.closed.Sub(l.accepted[len(l.accepted)-1])
}

func TestTheVerdictComesAtMostTheLagAndTwoPollsAfterTheLastAcceptedBatch(t *testing.T) {
	t.Parallel()
	const poll = 5 * time.Second // the default, with 2m of max_lag
	for name, test := range map[string]struct {
		lag    time.Duration
		takes  int64 // with each batch
		poll   time.Duration
		maxLag time.Duration
		comes  time.Duration
	}{
		"no lag":                               {poll: poll, comes: poll},
		"no lag, and the count cannot move":    {takes: 1000, poll: poll, comes: poll},
		"less than a poll":                     {lag: time.Second, poll: poll, comes: 2 * poll},
		"a little more than polls":             {lag: 2*poll + 1, poll: poll, comes: 4 * poll},
		"as many come as go":                   {lag: 17 * time.Second, takes: 1000, poll: poll, comes: 4 * poll},
		"as long as max_lag":                   {lag: 2 * time.Minute, poll: poll, comes: 2*time.Minute + poll},
		"almost as long as max_lag":            {lag: 2*time.Minute - 1, poll: poll, comes: 2*time.Minute + poll},
		"as long as max_lag, as many go":       {lag: 2 * time.Minute, takes: 1000, poll: poll, comes: 2 * time.Minute},
		"an hour":                              {lag: time.Hour + 1, poll: poll, maxLag: 2 * time.Hour, comes: time.Hour + 2*poll},
		"an hour, polled every thirty seconds": {lag: time.Hour + 1, poll: 30 * time.Second, maxLag: time.Hour + time.Minute, comes: time.Hour + time.Minute},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := &late{lag: test.lag, takes: []int64{test.takes}, apart: []time.Duration{0, 7 * time.Second, 3 * time.Second}}
			maxLag := max(test.maxLag, 2*time.Minute)
			verdict, after := l.verdict(t, config.Verification{
				Poll: config.Duration(test.poll), MaxLag: config.Duration(maxLag), Deadline: config.Duration(2 * maxLag),
			})
			require.Equal(t, audience.Equal, verdict)
			require.Equal(t, test.comes, after)
			require.LessOrEqual(t, after, test.lag+2*test.poll)
		})
	}
}

func TestTheVerdictComesInTimeWhateverTheLagAndThePollAre(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		milliseconds := func(from, to int, label string) time.Duration {
			return time.Duration(rapid.IntRange(from, to).Draw(rt, label)) * time.Millisecond
		}
		poll := milliseconds(100, 10_000, "poll")
		l := &late{takes: rapid.SliceOfN(rapid.SampledFrom([]int64{0, 500, 1000, 1500}), 1, 3).Draw(rt, "who leaves")}
		l.lag = time.Duration(rapid.Float64Range(0, 40).Draw(rt, "lag in polls") * float64(poll))
		if rapid.Bool().Draw(rt, "in steps") {
			l.step = milliseconds(1, 20_000, "step")
		}
		for range rapid.IntRange(1, 6).Draw(rt, "batches") {
			l.apart = append(l.apart, milliseconds(0, 30_000, "apart"))
		}
		// What was accepted shows after the lag, and then with the next step.
		lag := l.lag + l.step
		maxLag := max(poll, lag+time.Duration(rapid.IntRange(0, 3).Draw(rt, "more"))*time.Second)
		verdict, after := l.verdict(t, config.Verification{
			Poll: config.Duration(poll), MaxLag: config.Duration(maxLag), Deadline: config.Duration(maxLag + milliseconds(0, 60_000, "deadline")),
		})
		if verdict != audience.Equal || after > lag+2*poll {
			rt.Fatalf("%s %s after the last batch was accepted, with a lag of %s, polled every %s", verdict, after, lag, poll)
		}
	})
}

func TestAProofGoesOnInANewHistoryWithItsClocks(t *testing.T) {
	t.Parallel()
	s := &script{countSegment: sequence(900, 900, 900, 950)}
	env := environment(t, s)
	suggestAt(env, "CountSegment", 3)
	_, err := play(t, env, workflows.AudienceSyncInput{Spec: demo()})
	in := carriedBy(t, err)
	last := int64(900)
	require.Equal(t, &workflows.Proving{Settling: audience.Settling{
		Expected: 1000, MaxLag: 2 * time.Minute, Deadline: 15 * time.Minute, Last: &last, Started: noon, Moved: noon,
	}}, in.Carried.Proving)
	require.Equal(t, workflows.PhaseProve, in.Carried.Progress.Phase)

	env = environment(t, s)
	env.SetStartTime(noon.Add(15 * time.Second))
	_, err = play(t, env, in)
	require.NoError(t, err)
	require.Equal(t, 1, s.happened("expect"))
	require.Equal(t, noon.Add(15*time.Second+2*time.Minute), env.Now().UTC(), "2m after the count moved")
	require.Equal(t, 3+25, s.happened("count"))

	// A count that stands still is waited for no longer than in one history.
	s = &script{countSegment: sequence(900)}
	env = environment(t, s)
	env.SetStartTime(noon.Add(15 * time.Second))
	_, err = play(t, env, in)
	require.NoError(t, err)
	require.Equal(t, noon.Add(2*time.Minute), env.Now().UTC())
}
