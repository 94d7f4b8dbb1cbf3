// Package activities does the work of a run: one file per activity, with its
// input and result. What they hand to Temporal holds identity and counts,
// never contact data; that stays in the ledger.
package activities

import (
	"context"
	"time"

	"go.opentelemetry.io/otel/metric"
	"go.temporal.io/sdk/client"

	"audiencesync/internal/audience"
	"audiencesync/internal/config"
	"audiencesync/internal/endpoints"
	"audiencesync/internal/ledger"
)

// RunRef names a run in the inputs of activities.
type RunRef = ledger.RunRef

// Numbers are batches in the results of activities.
type Numbers = ledger.Numbers

// Dependencies are what the activities work with.
type Dependencies struct {
	Ledger      *ledger.Ledger
	Connections config.Connections
	// Credential looks a reference up at the time of use.
	Credential func(ctx context.Context, reference string) (string, error)
	Meter      metric.Meter
	// HandIn is the time between two moments at which the results of batches are
	// handed in together; zero is 300 ms.
	HandIn time.Duration
	// Temporal is used to wait for runs that are going.
	Temporal client.Client
}

// Activities are registered with the worker; every exported method is one.
type Activities struct {
	ledger    *ledger.Ledger
	endpoints *endpoints.Pool
	runs      *runCache
	readers   *readerCache
	temporal  client.Client
	streaks   *streaks
	handIn    time.Duration
}

// New returns the activities. close gives back what they hold open.
func New(d Dependencies) (activities *Activities, closeAll func()) {
	pool := endpoints.New(endpoints.Options{Connections: d.Connections, Credential: d.Credential, Ledger: d.Ledger, Meter: d.Meter})
	a := &Activities{
		ledger:    d.Ledger,
		endpoints: pool,
		runs:      newRunCache(d.Ledger, pool),
		readers:   newReaderCache(),
		temporal:  d.Temporal,
		streaks:   newStreaks(),
		handIn:    d.HandIn,
	}
	if a.handIn == 0 {
		a.handIn = handInEvery
	}
	return a, a.readers.closeAll
}

// counts drops the zeros, so that a result takes little room in the history.
func counts(o audience.Outcomes) map[audience.Outcome]int64 {
	all := []audience.Outcome{
		audience.Unchanged, audience.Created, audience.Updated, audience.Accepted, audience.Invalid,
		audience.Duplicate, audience.Suppressed, audience.Refused, audience.Unresolved,
	}
	compact := map[audience.Outcome]int64{}
	for _, outcome := range all {
		if n := o.Of(outcome); n != 0 {
			compact[outcome] = n
		}
	}
	return compact
}

// leaverCounts is counts for leavers.
func leaverCounts(l audience.Leavers) map[audience.Outcome]int64 {
	compact := map[audience.Outcome]int64{}
	for _, outcome := range []audience.Outcome{audience.Removed, audience.Gone, audience.Kept, audience.Refused, audience.Unresolved} {
		if n := l.Of(outcome); n != 0 {
			compact[outcome] = n
		}
	}
	return compact
}
