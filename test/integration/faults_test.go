package integration

import (
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"audiencesync/internal/audience"
	"audiencesync/internal/simulator"
	"audiencesync/internal/simulator/faults"
)

const (
	contactsPath = "/api/v1beta/contacts"
	membersPath  = "/v1/audiences/984/members"
)

// oneEach strikes one request after the other, each with another fault, from
// the second on.
func oneEach(match faults.Match, rules ...faults.Rule) simulator.Faults {
	for i := range rules {
		match.From, match.To = int64(i+2), int64(i+2)
		rules[i].Match = match
	}
	return simulator.Faults{Rules: rules}
}

func TestNoFaultOnTheWayLosesAMember(t *testing.T) {
	t.Parallel()
	sends := faults.Match{Side: faults.Charles, Path: contactsPath}
	second := faults.Duration(time.Second)
	for _, test := range []struct {
		name string
		plan simulator.Faults
		// repeats says that contacts arrive although no reply does.
		repeats bool
	}{
		{"requests that have their effect", oneEach(
			sends,
			faults.Rule{Do: faults.LostReply},
			faults.Rule{Do: faults.CutBody},
			faults.Rule{Do: faults.TruncatedJSON},
			faults.Rule{Do: faults.Status, Status: http.StatusInternalServerError, AfterEffect: true},
			faults.Rule{Do: faults.HTML, AfterEffect: true},
		), true},
		{"requests that have no effect", oneEach(
			sends,
			faults.Rule{Do: faults.Reset},
			faults.Rule{Do: faults.Status, Status: http.StatusInternalServerError},
			faults.Rule{Do: faults.HTML},
			faults.Rule{Do: faults.Status, Status: http.StatusTooManyRequests, RetryAfter: second},
			faults.Rule{Do: faults.Status, Status: http.StatusTooManyRequests},
			faults.Rule{
				Do: faults.Status, Status: http.StatusServiceUnavailable, RetryAfter: second, RetryAfterForm: faults.RetryAfterDate,
			},
			faults.Rule{Do: faults.Status, Status: http.StatusRequestTimeout},
		), false},
		{"pages", oneEach(
			faults.Match{Side: faults.Zeotap, Path: membersPath},
			faults.Rule{Do: faults.CutBody},
			faults.Rule{Do: faults.Reset},
			faults.Rule{Do: faults.TruncatedJSON},
			faults.Rule{Do: faults.Status, Status: http.StatusServiceUnavailable},
			faults.Rule{Do: faults.Status, Status: http.StatusTooManyRequests, RetryAfter: second},
		), false},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			const perBatch = 40
			w := newWorld(t, 400, batchesOf(perBatch), pagesOf(60), withFaults(test.plan))
			run := w.started(t, demo(t))
			first := run.GetRunID() // Get follows the run into its last history
			report, err := w.end(t, run)
			require.NoError(t, err)
			requireTrueReport(t, w, report)
			require.Equal(t, audience.Explained, report.Verdict)
			require.True(t, report.Acceptable)

			requests, contacts := struck(w.journal(t))
			require.Equal(t, int64(len(test.plan.Rules)), requests)
			require.Equal(t, test.repeats, contacts > 0)
			repeated := w.Stats().DuplicateEffects
			require.GreaterOrEqual(t, repeated, contacts, "what went unanswered was not repeated")
			require.LessOrEqual(t, repeated, contacts+excused(w.histories(t, run.GetID(), first), perBatch),
				"more was repeated than what went unanswered")
		})
	}
}

func TestAToldDelayHoldsAllRequestsOfTheWorkspace(t *testing.T) {
	t.Parallel()
	const delay = 2 * time.Second
	// One request at a time: then none is under way when the delay is told.
	w := newWorld(t, 200, batchesOf(20), inFlight(1), withFaults(simulator.Faults{Rules: []faults.Rule{{
		Match: faults.Match{Side: faults.Charles, Path: contactsPath, From: 5, To: 5}, Do: faults.Status,
		Status: http.StatusTooManyRequests, RetryAfter: faults.Duration(delay),
	}}}))
	requireTrueReport(t, w, w.run(t, demo(t)))

	var told time.Time
	later := 0
	for _, entry := range w.journal(t) {
		switch {
		case entry.Fault != "":
			told = entry.Time
		case !told.IsZero():
			later++
			require.GreaterOrEqual(t, entry.Time.Sub(told), delay-10*time.Millisecond, "a request before its time")
		}
	}
	require.Positive(t, later)
}

func TestRefusedContactsAreOutcomesAndNotLostOnes(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 400, batchesOf(50), withFaults(simulator.Faults{Refuse: []faults.Refusal{
		{Share: 0.02, Code: "blocked", Message: "the contact is blocked"},
		{Share: 0.02, Attempts: 1, Code: "temporarily_unavailable", Message: "try again"},
	}}))
	spec := demo(t)
	spec.Accept.Refused = 0.5
	report := w.run(t, spec)
	stats := w.Stats()
	require.Equal(t, audience.Explained, report.Verdict)
	require.Positive(t, report.Outcomes.Refused)
	require.Equal(t, report.Outcomes.Refused, report.Reasons["refused_by_hello_charles:blocked"]+
		report.Reasons["refused_by_hello_charles:temporarily_unavailable"])
	require.Equal(t, stats.Contacts, report.Outcomes.Taken())
	require.Equal(t, stats.Audience.Distinct()-stats.Audience.BadEmail, report.Outcomes.Taken()+report.Outcomes.Refused)
}

func TestABatchThatIsRefusedAsAWholeIsSplitUntilTheContactIsFound(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 200, batchesOf(50), poisoned)
	spec := demo(t)
	report := w.run(t, spec)
	require.Equal(t, audience.Explained, report.Verdict)
	require.Equal(t, int64(2), report.Outcomes.Refused)
	stats := w.Stats()
	require.Equal(t, stats.Audience.Distinct()-stats.Audience.BadEmail-2, stats.Contacts)
	require.Zero(t, stats.DuplicateEffects)
}

// poisoned refuses every batch as a whole in which one of two contacts is: the
// first of the audience, and one in the middle.
func poisoned(s *settings) {
	crowd := simulator.New(s.simulator).Crowd()
	middle := crowd.Size() / 2
	for crowd.Member(middle).Number == "" {
		middle++
	}
	s.simulator.Charles.Batch.AllOrNothing = true
	s.simulator.Faults.Refuse = []faults.Refusal{{
		References: []string{crowd.Member(0).Number, crowd.Member(middle).Number}, Code: "poison",
	}}
}

func TestASegmentThatCountsLateInStepsAndWithADipIsWaitedFor(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 200, withFaults(simulator.Faults{Counts: &faults.Counts{
		Delay: faults.Duration(time.Second), Step: faults.Duration(500 * time.Millisecond), Dip: 0.05,
	}}))
	report := w.run(t, demo(t))
	requireTrueReport(t, w, report)
	require.Equal(t, audience.Explained, report.Verdict)
	require.Greater(t, w.Stats().Requests["segment_count"]["200"], int64(3))
}
