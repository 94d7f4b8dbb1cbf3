package faults_test

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"audiencesync/internal/simulator/faults"
)

const planYAML = `
seed: 7
rules:
  - name: a slow day
    latency: 20ms
    jitter: 10ms
  - match: {side: charles, method: post, path: /api/v1beta/contacts, from: 2, to: 9, every: 3, times: 5, probability: 0.5}
    do: status
    status: 503
    retry_after: 2s
    retry_after_form: date
refuse:
  - {share: 0.01, code: blocked, message: the number is blocked}
  - {references: ["+491"], attempts: 2}
counts: {delay: 5s, step: 1s, dip: 0.1}
`

const planJSON = `{"seed":7,
	"rules":[{"name":"a slow day","latency":"20ms","jitter":"10ms"},
		{"match":{"side":"charles","method":"post","path":"/api/v1beta/contacts","from":2,"to":9,"every":3,"times":5,"probability":0.5},
		"do":"status","status":503,"retry_after":"2s","retry_after_form":"date"}],
	"refuse":[{"share":0.01,"code":"blocked","message":"the number is blocked"},{"references":["+491"],"attempts":2}],
	"counts":{"delay":"5s","step":"1s","dip":0.1}}`

func TestAPlanReadsTheSameFromYAMLAndJSON(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "faults.yaml")
	require.NoError(t, os.WriteFile(path, []byte(planYAML), 0o600))
	fromYAML, err := faults.Load(path)
	require.NoError(t, err)
	fromJSON, err := faults.Parse([]byte(planJSON))
	require.NoError(t, err)
	require.Equal(t, fromJSON, fromYAML)
	require.Equal(t, faults.Duration(20*time.Millisecond), fromYAML.Rules[0].Latency)
	require.Equal(t, faults.RetryAfterDate, fromYAML.Rules[1].RetryAfterForm)
	require.InDelta(t, 0.1, fromYAML.Counts.Dip, 0)
}

func TestAnEmptyPlanHasNoFaults(t *testing.T) {
	t.Parallel()
	plan, err := faults.Parse(nil)
	require.NoError(t, err)
	require.Equal(t, faults.Plan{}, plan)
}

func TestAPlanWithAMistakeIsRefused(t *testing.T) {
	t.Parallel()
	for text, says := range map[string]string{
		"rules: [{}]":                                   "rules[0]: does nothing",
		"rules: [{do: explode}]":                        `"explode" is not`,
		"rules: [{do: status}]":                         "needs a status",
		"rules: [{do: html, status: 99}]":               "needs a status",
		"rules: [{do: rate_limit}]":                     "per_second",
		"rules: [{do: reset, match: {side: both}}]":     `side "both"`,
		"rules: [{do: reset, match: {from: 3, to: 2}}]": "to is not less than from",
		"rules: [{do: reset, match: {every: -1}}]":      "not negative",
		"rules: [{do: reset, match: {probability: 2}}]": "between 0 and 1",
		"rules: [{do: reset, retry_after_form: soon}]":  "not seconds, date, none",
		"rules: [{do: reset, latency: quick}]":          "not a duration",
		"rules: [{do: reset, wait: 2s}]":                "wait",
		"rules: [{do: slow_body}]":                      "needs over",
		"pages: {repeat: -1}":                           "not negative",
		"pages: {circle: 1}":                            "from 2 on",
		"pages: {endless: round}":                       "not empty or again",
		"refuse: [{code: x}]":                           "selects nobody",
		"refuse: [{share: 2}]":                          "between 0 and 1",
		"refuse: [{share: 0.5, attempts: -1}]":          "attempts",
		"counts: {dip: 3}":                              "dip",
		`{"rule": []}`:                                  "rule",
		`{"rules": [{"do": "reset", "latency": 5}]}`:    "as JSON",
	} {
		_, err := faults.Parse([]byte(text))
		require.ErrorContains(t, err, says, text)
	}
	_, err := faults.Load(filepath.Join(t.TempDir(), "none.yaml"))
	require.ErrorIs(t, err, os.ErrNotExist)
}

var noon = time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC)

func engine(plan faults.Plan) *faults.Engine {
	return faults.NewEngine(plan, func() time.Time { return noon })
}

func hits(e *faults.Engine, requests int) (numbers []int) {
	for n := 1; n <= requests; n++ {
		if e.Decide(faults.Charles, "PUT", "/api/v1beta/contacts").Fault.Do != faults.OnlyLatency {
			numbers = append(numbers, n)
		}
	}
	return numbers
}

func TestAMatchSelectsRequests(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		match faults.Match
		want  []int
	}{
		"all":          {faults.Match{}, []int{1, 2, 3, 4, 5, 6, 7, 8}},
		"other side":   {faults.Match{Side: faults.Zeotap}, nil},
		"other method": {faults.Match{Method: "GET"}, nil},
		"method":       {faults.Match{Method: "put", To: 1}, []int{1}},
		"other path":   {faults.Match{Path: "/api/v0"}, nil},
		"path":         {faults.Match{Path: "/api/v1beta", To: 2}, []int{1, 2}},
		"from to":      {faults.Match{From: 3, To: 5}, []int{3, 4, 5}},
		"every":        {faults.Match{Every: 3}, []int{3, 6}},
		"times":        {faults.Match{From: 2, Times: 2}, []int{2, 3}},
	} {
		got := hits(engine(faults.Plan{Rules: []faults.Rule{{Match: c.match, Do: faults.Reset}}}), 8)
		require.Equal(t, c.want, got, name)
	}
}

func TestProbabilityFollowsFromTheSeed(t *testing.T) {
	t.Parallel()
	plan := faults.Plan{Seed: 1, Rules: []faults.Rule{{Match: faults.Match{Probability: 0.2}, Do: faults.Reset}}}
	first := hits(engine(plan), 5000)
	require.Equal(t, first, hits(engine(plan), 5000))
	require.InDelta(t, 1000, len(first), 100)
	plan.Seed = 2
	require.NotEqual(t, first, hits(engine(plan), 5000))
}

func TestLatenciesAddUpAndTheFirstActionIsTaken(t *testing.T) {
	t.Parallel()
	d := engine(faults.Plan{Rules: []faults.Rule{
		{Latency: faults.Duration(time.Second)},
		{Do: faults.LostReply, Latency: faults.Duration(time.Second), Jitter: faults.Duration(time.Second)},
		{Do: faults.Reset, Latency: faults.Duration(time.Hour)},
	}}).Decide(faults.Charles, "PUT", "/")
	require.Equal(t, faults.LostReply, d.Fault.Do)
	require.GreaterOrEqual(t, d.Latency, 2*time.Second)
	require.Less(t, d.Latency, 3*time.Second)
}

func TestRetryAfterHasThreeForms(t *testing.T) {
	t.Parallel()
	for form, want := range map[faults.RetryAfterForm]string{
		"": "2", faults.RetryAfterSeconds: "2", faults.RetryAfterNone: "",
		faults.RetryAfterDate: "Sun, 01 Nov 2026 12:00:03 GMT",
	} {
		d := engine(faults.Plan{Rules: []faults.Rule{{
			Do: faults.Status, Status: 429, RetryAfter: faults.Duration(1500 * time.Millisecond), RetryAfterForm: form,
		}}}).Decide(faults.Charles, "PUT", "/")
		require.Equal(t, want, d.RetryAfter, form)
	}
}

func TestARateLimitTellsTheRealWaitingTime(t *testing.T) {
	t.Parallel()
	now := noon
	e := faults.NewEngine(
		faults.Plan{Rules: []faults.Rule{{Do: faults.RateLimit, PerSecond: 0.25, Burst: 2}}},
		func() time.Time { return now },
	)
	require.Equal(t, []int{3, 4}, hits(e, 4))
	require.Equal(t, "4", e.Decide(faults.Charles, "PUT", "/").RetryAfter)
	now = now.Add(4 * time.Second)
	require.Empty(t, hits(e, 1))
}

func TestTheSameShareOfContactsIsRefusedEachTime(t *testing.T) {
	t.Parallel()
	plan := faults.Plan{Seed: 3, Refuse: []faults.Refusal{{Share: 0.02, Code: "blocked"}}}
	one, two := engine(plan), engine(plan)
	refused := 0
	for i := range 20_000 {
		refusal, no := one.Refuses(faults.Spot{Reference: fmt.Sprint("+49151", i)})
		_, again := two.Refuses(faults.Spot{Reference: fmt.Sprint("+49151", i)})
		require.Equal(t, no, again)
		if no {
			require.Equal(t, "blocked", refusal.Code)
			refused++
		}
	}
	require.InDelta(t, 400, refused, 80)
}

func TestAListedContactIsRefusedForItsFirstAttempts(t *testing.T) {
	t.Parallel()
	e := engine(faults.Plan{Refuse: []faults.Refusal{{References: []string{"a"}, Attempts: 2}}})
	no := make([]bool, 4)
	for i := range no {
		_, no[i] = e.Refuses(faults.Spot{Reference: "a"})
	}
	require.Equal(t, []bool{true, true, false, false}, no)
	_, refused := e.Refuses(faults.Spot{Reference: "b"})
	require.False(t, refused)
}

func TestASuffixSelectsContactsWhereverTheyStand(t *testing.T) {
	t.Parallel()
	plan := faults.Plan{
		Refuse: []faults.Refusal{{Suffix: "7", Status: 503}}, Lose: []faults.Selection{{Suffix: "8"}},
		Crash: []faults.Selection{{Suffix: "9"}},
	}
	e := engine(plan)
	for place, reference := range []string{"+497", "+498", "+479"} {
		refusal, refused := e.Refuses(faults.Spot{Reference: reference, Batch: 3, Place: place, Of: 3})
		require.Equal(t, reference == "+497", refused)
		require.Equal(t, refused, refusal.Status == 503)
		require.Equal(t, refused, plan.Refuses(reference))
		require.Equal(t, reference == "+498", e.Loses(faults.Spot{Reference: reference}))
		require.Equal(t, reference == "+498", plan.Loses(reference))
		require.False(t, e.Hides(faults.Spot{Reference: reference}))
		require.Equal(t, reference == "+479", e.Crashes(faults.Spot{Reference: reference}))
	}
}

func TestAContactSelectedByItsPlaceStaysSelected(t *testing.T) {
	t.Parallel()
	e := engine(faults.Plan{Hide: []faults.Selection{{Places: []int{0, -1}, Batch: 2}}})
	require.EqualValues(t, 1, e.NextBatch())
	require.EqualValues(t, 2, e.NextBatch())
	hidden := func(batch int64, references ...string) (which []string) {
		for place, reference := range references {
			if e.Hides(faults.Spot{Reference: reference, Batch: batch, Place: place, Of: len(references)}) {
				which = append(which, reference)
			}
		}
		return which
	}
	require.Empty(t, hidden(1, "a", "b", "c"))
	require.Equal(t, []string{"a", "c"}, hidden(2, "a", "b", "c"))
	require.Equal(t, []string{"c"}, hidden(3, "b", "c", "d"))
	require.Equal(t, []string{"a"}, hidden(0, "a"))
}

func TestAnAbsurdAndAGarbledRetryAfterCanBeTold(t *testing.T) {
	t.Parallel()
	require.Equal(t, "31536000", faults.RetryAfter(faults.RetryAfterAbsurd, time.Second, noon))
	require.Equal(t, "soon", faults.RetryAfter(faults.RetryAfterGarbage, time.Second, noon))
	require.Empty(t, faults.RetryAfter(faults.RetryAfterAbsurd, 0, noon))
}
