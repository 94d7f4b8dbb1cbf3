package main

import (
	"fmt"
	"math/rand/v2"
	"time"

	"audiencesync/test/site"
)

// victim is what is disturbed, and how.
type victim string

// The victims. A vendor that is cut off loses all connections in the middle of
// whatever it answers, and keeps what it knows, as a database behind it would.
const (
	workerKilled    victim = "worker, kill -9"
	workerStopped   victim = "worker, SIGTERM"
	temporalKilled  victim = "Temporal, kill -9"
	temporalStopped victim = "Temporal, SIGTERM"
	ledgerKilled    victim = "database, kill -9"
	vendorsCut      victim = "vendors, cut off"
	runTerminated   victim = "run, terminated"
)

var victims = []victim{workerKilled, temporalKilled, ledgerKilled, runTerminated, vendorsCut, workerStopped, temporalStopped}

// point is when.
type point string

// The points.
const (
	atRandom     point = "at random"
	betweenPages point = "between pages"
	beforeSend   point = "sent mark, no request"
	beforeSettle point = "reply, not settled"
	splitting    point = "splitting"
	continuing   point = "continue-as-new"
	counting     point = "settling counts"
	closing      point = "in CloseRun"
)

var points = []point{beforeSettle, beforeSend, betweenPages, splitting, continuing, counting, closing, atRandom}

// plan is what one round does; it follows from the seed.
type plan struct {
	seed   uint64
	victim victim
	point  point
	// first says that the disturbed run is the first one of its sync; else it is a
	// refresh, in which people have changed, left, joined and returned.
	first bool
	// nth request of the point's kind is the one.
	nth int
	// delay after that, and until a random moment.
	delay time.Duration
	// away is how long vendors are cut off, or another program holds the ledger.
	away time.Duration
}

// planOf makes the plan of a seed. Seeds that follow each other go through all
// victims at all points.
func planOf(seed uint64) (plan, *rand.Rand) {
	random := rand.New(rand.NewPCG(seed, 984)) //nolint:gosec // A round is to be repeated by its seed.
	pairs := uint64(len(victims) * len(points))
	at := seed % pairs
	p := plan{
		seed:   seed,
		victim: victims[at%uint64(len(victims))],
		point:  points[at%uint64(len(points))], // The numbers of both have no common divisor.
		first:  random.IntN(2) == 0,
		delay:  time.Duration(random.IntN(150)) * time.Millisecond,
		away:   200*time.Millisecond + time.Duration(random.IntN(1500))*time.Millisecond,
	}
	switch p.point {
	case betweenPages:
		p.nth = 1 + random.IntN(site.Pages-1)
	case counting:
		p.nth = 1 + random.IntN(2)
	case splitting:
		p.nth = 4 + random.IntN(2) // The first batch is not split, but asked about.
	case atRandom:
		p.delay = time.Duration(random.IntN(2500)) * time.Millisecond
	default:
		p.nth = 1 + random.IntN(6)
	}
	return p, random
}

// trap is where the fronts of the vendors stop requests for the plan; nil if the
// point is found elsewhere.
func (p plan) trap() *trap {
	switch p.point {
	case betweenPages:
		return newTrap(site.PageCall, p.nth, before)
	case beforeSend:
		return newTrap(site.ContactCall, p.nth, before)
	case beforeSettle:
		return newTrap(site.ContactCall, p.nth, after)
	case splitting:
		return newTrap(site.ContactCall, p.nth, refuse)
	case counting:
		return newTrap(site.CountCall, p.nth, after)
	case atRandom, continuing, closing:
	}
	return nil
}

// String says when, for the table.
func (p plan) String() string {
	run := "refresh"
	if p.first {
		run = "first run"
	}
	if p.nth > 0 && p.trap() != nil {
		return fmt.Sprintf("%s: %s %d", run, p.point, p.nth)
	}
	return fmt.Sprintf("%s: %s", run, p.point)
}
