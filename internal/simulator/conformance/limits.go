package conformance

import (
	"audiencesync/internal/simulator"
	"audiencesync/internal/simulator/faults"
)

// limits are how much a workspace takes, and how it says no.
func limits() []Configuration {
	rated := func(form faults.RetryAfterForm) simulator.CharlesOptions {
		return simulator.CharlesOptions{Limits: simulator.Limits{PerSecond: 20, RetryAfter: form}}
	}
	const hasty = `{limits: {requests_per_second: 60, max_retry_after: 2s}, batch: {max_items: 20}}`
	return []Configuration{
		{Name: "rate-limit-seconds", Charles: rated(faults.RetryAfterSeconds), Connection: hasty},
		{Name: "rate-limit-date", Charles: rated(faults.RetryAfterDate), Connection: hasty},
		{Name: "rate-limit-without-a-delay", Charles: rated(faults.RetryAfterNone), Connection: hasty},
		{Name: "rate-limit-absurd", Charles: rated(faults.RetryAfterAbsurd), Connection: hasty},
		{Name: "rate-limit-garbage", Charles: rated(faults.RetryAfterGarbage), Connection: hasty},
		{
			Name: "one-request-at-a-time", Connection: `{limits: {requests_in_flight: 4}, batch: {max_items: 20}}`,
			Charles: simulator.CharlesOptions{Limits: simulator.Limits{InFlight: 1}},
		},
		{Name: "fifty-items-413", Charles: batched(simulator.BatchOptions{MaxItems: 50})},
		{Name: "fifty-items-400", Charles: batched(simulator.BatchOptions{MaxItems: 50, TooManyStatus: 400})},
		{Name: "small-bodies", Charles: simulator.CharlesOptions{MaxBodyBytes: 20_000}, Faults: someRefused()},
	}
}

// singles are the documented call, one contact each.
func singles() []Configuration {
	const single = `send: single`
	return []Configuration{
		{Name: "single-record", Connection: single, Faults: someRefused()},
		{Name: "single-accepted", Connection: single, Charles: simulator.CharlesOptions{Single: simulator.SingleAccepted}, Faults: someRefused()},
		{
			Name: "single-none-malformed-422", Connection: single, Faults: someRefused(),
			Charles: simulator.CharlesOptions{Single: simulator.SingleNone, MalformedStatus: 422, Errors: simulator.ErrorObject},
		},
	}
}
