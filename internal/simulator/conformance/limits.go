package conformance

import (
	"fmt"
	"net/http"
	"time"

	"audiencesync/internal/simulator"
	"audiencesync/internal/simulator/faults"
)

// toldWait is what a workspace asks to wait that has had one request too many.
const toldWait = 3 * time.Second

// Grace is how long after it was asked to wait a workspace still takes requests
// for such that were under way: shorter than the wait, and longer than a slow
// machine needs to read the answer and to tell all workers.
const Grace = 2 * time.Second

// limits are how much a workspace takes, and how it says no.
func limits() []Configuration {
	rated := func(name string, form faults.RetryAfterForm, pattern string) Configuration {
		const hasty = `{limits: {requests_per_second: 60, max_retry_after: %s}, batch: {max_items: 60}}`
		longest := 10 * toldWait
		if form == faults.RetryAfterAbsurd {
			longest = 2 * time.Second
		}
		return Configuration{
			Name: name,
			// So slow that even a slow machine is faster, and that who does not wait is
			// still at it when the grace is over.
			Charles: simulator.CharlesOptions{
				Limits: simulator.Limits{PerSecond: 1, Burst: 2, RetryAfter: form, Wait: toldWait},
			},
			Connection: fmt.Sprintf(hasty, longest),
			Shows:      told(pattern),
		}
	}
	return []Configuration{
		rated("rate-limit-seconds", faults.RetryAfterSeconds, "3"),
		rated("rate-limit-date", faults.RetryAfterDate, ".* GMT"),
		rated("rate-limit-without-a-delay", faults.RetryAfterNone, ""),
		rated("rate-limit-absurd", faults.RetryAfterAbsurd, "31536000"),
		rated("rate-limit-garbage", faults.RetryAfterGarbage, "soon"),
		{
			Name: "one-request-at-a-time", Connection: `{limits: {requests_in_flight: 4}, batch: {max_items: 80}}`,
			Charles: simulator.CharlesOptions{Limits: simulator.Limits{InFlight: 1, Wait: toldWait}},
			// Each takes so long that the next ones come meanwhile.
			Faults: simulator.Faults{Rules: []faults.Rule{{
				Match:   faults.Match{Side: faults.Charles, Method: http.MethodPost, Path: "/api/"},
				Latency: faults.Duration(2 * time.Second),
			}}},
			Shows: both(told("3"), func(s Seen) bool { return s.Stats().MaxInFlight[faults.Charles] > 1 }),
		},
		{
			Name: "fifty-items-413", Charles: batched(simulator.BatchOptions{MaxItems: 50}),
			Shows: answered(`413 .*"too_many"`),
		},
		{
			Name: "fifty-items-400", Charles: batched(simulator.BatchOptions{MaxItems: 50, TooManyStatus: 400}),
			Shows: answered(`400 .*"too_many"`),
		},
		{
			Name: "small-bodies", Charles: simulator.CharlesOptions{MaxBodyBytes: 20_000}, Faults: someRefused(),
			Shows: both(answered(`413 .*"too_large"`), someOdd(refused)),
		},
	}
}

// singles are the documented call, one contact each.
func singles() []Configuration {
	const single = `send: single`
	return []Configuration{
		{
			Name: "single-record", Connection: single, Faults: someRefused(), Charles: simulator.CharlesOptions{Known: someKnown()},
			Shows: both(answered(`201 \{"data":\[`), answered(`200 \{"data":\[`), answered(`422 .*"contact_blocked"`)),
		},
		{
			Name: "single-accepted", Connection: single, Charles: simulator.CharlesOptions{Single: simulator.SingleAccepted}, Faults: someRefused(),
			Shows: both(answered(`202 $`), answered(`422 .*"contact_blocked"`)),
		},
		{
			Name: "single-none-error-object", Connection: single, Faults: someRefused(),
			Charles: simulator.CharlesOptions{Single: simulator.SingleNone, Errors: simulator.ErrorObject},
			Shows:   both(answered(`204 $`), answered(`422 \{"error":\{"code":"contact_blocked"`)),
		},
	}
}
