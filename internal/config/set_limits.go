package config

import "fmt"

// Bounds of the limits that a person may set while work goes on. Above, they are those
// of the connections file.
const (
	leastRequestsPerSecond = 0.001
	mostRequestsPerSecond  = 10_000
	mostRequestsInFlight   = 1000
)

// CheckRequestsPerSecond refuses a rate that cannot be set.
func CheckRequestsPerSecond(rate float64) error {
	// Written so that NaN is refused, too.
	if !(rate >= leastRequestsPerSecond && rate <= mostRequestsPerSecond) {
		return fmt.Errorf("%g requests per second: write a number from %g to %d; to send nothing at all, pause the syncs", rate, leastRequestsPerSecond, mostRequestsPerSecond)
	}
	return nil
}

// CheckRequestsInFlight refuses a number of requests in flight that cannot be set.
func CheckRequestsInFlight(number int) error {
	if number < 1 || number > mostRequestsInFlight {
		return fmt.Errorf("%d requests in flight: write a number from 1 to %d; to send nothing at all, pause the syncs", number, mostRequestsInFlight)
	}
	return nil
}
