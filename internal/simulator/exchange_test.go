package simulator_test

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"audiencesync/internal/simulator"
	"audiencesync/internal/simulator/faults"
)

// faulty starts a world in which the first batch meets the fault.
func faulty(t *testing.T, rule faults.Rule) *world {
	t.Helper()
	rule.Match = faults.Match{Side: faults.Charles, Path: batch, To: 1}
	return start(t, simulator.Options{Faults: simulator.Faults{Rules: []faults.Rule{rule}}})
}

func (w *world) entry() simulator.Entry {
	w.t.Helper()
	return w.journal()[0]
}

func TestAStatusComesBeforeTheEffect(t *testing.T) {
	t.Parallel()
	w := faulty(t, faults.Rule{Do: faults.Status, Status: 503, RetryAfter: faults.Duration(3 * time.Second)})
	got := w.do("POST", w.charles+batch, contactsOf("a"), 503, nil)
	require.Equal(t, "3", got.header.Get("Retry-After"))
	require.Contains(t, string(got.body), `"errors":[`)
	require.Zero(t, w.Stats().Contacts)
	w.do("POST", w.charles+batch, contactsOf("a"), http.StatusOK, nil)
}

func TestAStatusCanComeAfterTheEffect(t *testing.T) {
	t.Parallel()
	w := faulty(t, faults.Rule{Do: faults.Status, Status: 500, AfterEffect: true})
	w.do("POST", w.charles+batch, contactsOf("a"), 500, nil)
	require.EqualValues(t, 1, w.Stats().Contacts)
	require.Equal(t, "applied", w.entry().Effect)
}

func TestRetryAfterCanBeADate(t *testing.T) {
	t.Parallel()
	w := faulty(t, faults.Rule{
		Do: faults.Status, Status: 429, RetryAfter: faults.Duration(time.Minute), RetryAfterForm: faults.RetryAfterDate,
	})
	got := w.do("POST", w.charles+batch, contactsOf("a"), 429, nil)
	at, err := http.ParseTime(got.header.Get("Retry-After"))
	require.NoError(t, err)
	require.InDelta(t, 60, time.Until(at).Seconds(), 5)
}

func TestAGatewayAnswersInHTML(t *testing.T) {
	t.Parallel()
	w := faulty(t, faults.Rule{Do: faults.HTML})
	got := w.do("POST", w.charles+batch, contactsOf("a"), http.StatusBadGateway, nil)
	require.Equal(t, "text/html", got.header.Get("Content-Type"))
	require.Contains(t, string(got.body), "<html>")
	require.Zero(t, w.Stats().Contacts)
}

func TestARateLimitAnswersWithTheTimeToWait(t *testing.T) {
	t.Parallel()
	clock := newClock()
	w := start(t, simulator.Options{Clock: clock.Now, Faults: simulator.Faults{Rules: []faults.Rule{
		{Match: faults.Match{Side: faults.Charles}, Do: faults.RateLimit, PerSecond: 0.5},
	}}})
	w.do("POST", w.charles+batch, contactsOf("a"), http.StatusOK, nil)
	got := w.do("POST", w.charles+batch, contactsOf("b"), http.StatusTooManyRequests, nil)
	require.Equal(t, "2", got.header.Get("Retry-After"))
	clock.Advance(2 * time.Second)
	w.do("POST", w.charles+batch, contactsOf("b"), http.StatusOK, nil)
}

func TestAResetComesBeforeTheEffect(t *testing.T) {
	t.Parallel()
	w := faulty(t, faults.Rule{Do: faults.Reset})
	err := w.try("POST", w.charles+batch, contactsOf("a")).err
	require.Error(t, err)
	require.True(t, errors.Is(err, syscall.ECONNRESET) || errors.Is(err, io.EOF), err)
	require.Zero(t, w.Stats().Contacts)
	require.Equal(t, "reset", w.entry().Status)
}

func TestALostReplyAppliesOnceAndItsRepeatIsADuplicateEffect(t *testing.T) {
	t.Parallel()
	w := faulty(t, faults.Rule{Name: "lost", Do: faults.LostReply})
	require.Error(t, w.try("POST", w.charles+batch, contactsOf("a", "b")).err)
	stats := w.Stats()
	require.EqualValues(t, 2, stats.Contacts)
	require.EqualValues(t, 2, stats.UpsertsApplied)
	require.Zero(t, stats.DuplicateEffects)
	require.Equal(t, map[string]int64{"lost": 1}, stats.Requests["batch"])
	require.Equal(t, "lost", w.entry().Fault)

	w.do("POST", w.charles+batch, contactsOf("a", "b"), http.StatusOK, nil)
	stats = w.Stats()
	require.EqualValues(t, 2, stats.Contacts)
	require.EqualValues(t, 4, stats.UpsertsApplied)
	require.EqualValues(t, 2, stats.DuplicateEffects)
	require.EqualValues(t, 2, stats.ContactsUpsertedAgain)
	require.Equal(t, "2", w.counted())
}

func TestACutBodyEndsInTheMiddle(t *testing.T) {
	t.Parallel()
	w := faulty(t, faults.Rule{Do: faults.CutBody})
	got := w.try("POST", w.charles+batch, contactsOf("a", "b"))
	require.ErrorIs(t, got.err, io.ErrUnexpectedEOF)
	require.Equal(t, http.StatusOK, got.status)
	require.NotEmpty(t, got.body)
	require.EqualValues(t, 2, w.Stats().Contacts)
}

func TestTruncatedJSONLooksLikeAWholeReply(t *testing.T) {
	t.Parallel()
	w := faulty(t, faults.Rule{Do: faults.TruncatedJSON})
	got := w.try("POST", w.charles+batch, contactsOf("a", "b"))
	require.NoError(t, got.err)
	require.Equal(t, http.StatusOK, got.status)
	require.True(t, strings.HasPrefix(string(got.body), `{"items":[`))
	require.False(t, strings.HasSuffix(string(got.body), "}"))
}

func TestASlowBodyComesInPiecesAndIsWhole(t *testing.T) {
	t.Parallel()
	w := faulty(t, faults.Rule{Do: faults.SlowBody, Over: faults.Duration(100 * time.Millisecond)})
	began := time.Now()
	got := w.do("POST", w.charles+batch, contactsOf("a", "b"), http.StatusOK, nil)
	require.GreaterOrEqual(t, time.Since(began), 100*time.Millisecond)
	require.True(t, strings.HasSuffix(string(got.body), "}"))
	require.Equal(t, strconv.Itoa(len(got.body)), got.header.Get("Content-Length"))
}

func TestAWrongLengthHidesTheRestOfTheReply(t *testing.T) {
	t.Parallel()
	w := faulty(t, faults.Rule{Do: faults.WrongLength})
	got := w.try("POST", w.charles+batch, contactsOf("a", "b"))
	require.NoError(t, got.err)
	require.True(t, strings.HasPrefix(string(got.body), `{"items":[`))
	require.False(t, strings.HasSuffix(string(got.body), "}"))
	require.EqualValues(t, 2, w.Stats().Contacts)
}

func TestWrongTypesAreJSONOfOtherTypes(t *testing.T) {
	t.Parallel()
	w := faulty(t, faults.Rule{Do: faults.WrongTypes})
	got := w.do("POST", w.charles+batch, contactsOf("a"), http.StatusOK, nil)
	require.JSONEq(t, `{"items":[{"external_reference_id":1,"status":7}]}`, string(got.body))
	require.EqualValues(t, 1, w.Stats().Contacts)
}

func TestTheDateIsThatOfTheSimulatedClock(t *testing.T) {
	t.Parallel()
	clock := newClock()
	w := start(t, simulator.Options{Clock: clock.Now})
	got := w.do("GET", w.zeotap+audience984, nil, http.StatusOK, nil)
	require.Equal(t, clock.Now().UTC().Format(http.TimeFormat), got.header.Get("Date"))
}

func TestLatencyDelaysTheAnswer(t *testing.T) {
	t.Parallel()
	w := faulty(t, faults.Rule{Latency: faults.Duration(30 * time.Millisecond)})
	began := time.Now()
	w.do("POST", w.charles+batch, contactsOf("a"), http.StatusOK, nil)
	require.GreaterOrEqual(t, time.Since(began), 30*time.Millisecond)
}

func TestAFaultOnAPageOfMembersLeavesOthersAlone(t *testing.T) {
	t.Parallel()
	w := start(t, simulator.Options{
		Zeotap: simulator.ZeotapOptions{Members: 100},
		Faults: simulator.Faults{Rules: []faults.Rule{
			{Match: faults.Match{Side: faults.Zeotap, Path: audience984 + "/members", From: 2, To: 2}, Do: faults.TruncatedJSON},
		}},
	})
	url := w.zeotap + audience984 + "/members?snapshot=" + w.open().Snapshot
	whole := w.try("GET", url, nil)
	half := w.try("GET", url, nil)
	require.NoError(t, half.err)
	require.Len(t, half.body, len(whole.body)/2)
	require.Equal(t, whole.body, w.try("GET", url, nil).body)
}

func TestPlannedContactsAreRefused(t *testing.T) {
	t.Parallel()
	plan := simulator.Faults{Seed: 4, Refuse: []faults.Refusal{
		{References: []string{"b"}, Attempts: 1},
		{Share: 0.1, Code: "blocked", Message: "the number is blocked"},
	}}
	references := make([]string, 500)
	for i := range references {
		references[i] = "+49151" + strconv.Itoa(i)
	}
	var bodies [2]string
	for i := range bodies {
		w := start(t, simulator.Options{Faults: plan})
		got := w.do("POST", w.charles+batch, contactsOf(references...), http.StatusMultiStatus, nil)
		bodies[i] = string(got.body)
		refused := strings.Count(bodies[i], `"code":"blocked","message":"the number is blocked"`)
		require.InDelta(t, 50, refused, 20)
		require.EqualValues(t, 500-refused, w.Stats().Contacts)

		w.do("POST", w.charles+batch, contactsOf("b"), http.StatusMultiStatus, nil)
		w.do("POST", w.charles+batch, contactsOf("b"), http.StatusOK, nil)
	}
	require.Equal(t, bodies[0], bodies[1])
}

func TestALargeBodyIsReadBeforeAFaultAnswers(t *testing.T) {
	t.Parallel()
	w := faulty(t, faults.Rule{Do: faults.Status, Status: 503})
	references := make([]string, 1000)
	for i := range references {
		references[i] = fmt.Sprintf("%0600d", i)
	}
	w.do("POST", w.charles+batch, contactsOf(references...), 503, nil)
}
