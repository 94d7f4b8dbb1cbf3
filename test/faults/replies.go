package main

import (
	"context"
	"net/http"
	"slices"

	"audiencesync/internal/audience"
	"audiencesync/internal/simulator/faults"
)

// ofReplies are the faults of what Hello Charles says of contacts, and does with them.
func ofReplies() []*fault {
	// whole refuses one request, or two, as a whole.
	whole := func(status int) func(context.Context, *cell) error {
		return plan(func(c *cell) faults.Plan {
			return c.hits(faults.Rule{Do: faults.Status, Status: status}, contactsPath)
		})
	}
	few := func(attempts int) []faults.Selection { return []faults.Selection{{Share: 0.04, Attempts: attempts}} }
	return []*fault{
		{at: atCharles, name: "400, one request as a whole", strike: whole(http.StatusBadRequest)},
		{at: atCharles, name: "409, one request as a whole", strike: whole(http.StatusConflict)},
		{at: atCharles, name: "413, one request", strike: whole(http.StatusRequestEntityTooLarge)},
		{at: atCharles, name: "422, one request as a whole", strike: whole(http.StatusUnprocessableEntity)},
		{at: atCharles, name: "207, some refused for a while", met: odds, strike: plan(func(c *cell) faults.Plan {
			return faults.Plan{Seed: c.random.Uint64(), Refuse: []faults.Refusal{
				{Share: 0.05, Attempts: 1, Status: http.StatusTooManyRequests}, {Share: 0.05, Attempts: 2, Status: http.StatusServiceUnavailable},
			}}
		})},
		{at: atCharles, name: "207, some refused for good", met: odds, strike: plan(func(c *cell) faults.Plan {
			return faults.Plan{Seed: c.random.Uint64(), Refuse: []faults.Refusal{{Share: 0.04, Code: "contact_blocked", Message: "the contact is blocked"}}}
		}), ends: ending{
			code: codeOutside, says: []string{"contact_blocked", "accept.refused"}, report: func(c *cell, report audience.Report) {
				refused := report.Outcomes.Refused + report.Leavers.Refused
				c.found.Expect(report.Verdict == audience.Explained, "the verdict is %s", report.Verdict)
				c.found.Expect(refused == int64(len(c.vendors.Exceptions())), "%d are refused, and %d were", refused, len(c.vendors.Exceptions()))
			},
		}, commands: []string{"retry-failures"}},
		{at: atCharles, name: "some left out of a reply", met: odds, strike: plan(func(c *cell) faults.Plan {
			return faults.Plan{Seed: c.random.Uint64(), Hide: few(1)}
		})},
		{at: atCharles, name: "some left out of every reply", met: odds, strike: plan(func(c *cell) faults.Plan {
			return faults.Plan{Seed: c.random.Uint64(), Hide: few(0)}
		}), ends: ending{code: codeUnexplained, clean: true, report: func(c *cell, report audience.Report) {
			unresolved := report.Outcomes.Unresolved + report.Leavers.Unresolved
			c.found.Expect(unresolved == int64(len(c.vendors.Exceptions())), "%d are unresolved, and %d were left out", unresolved, len(c.vendors.Exceptions()))
		}}},
		{at: atCharles, name: "2xx that loses some who come or go, once", met: odds, prepare: soon, strike: plan(func(c *cell) faults.Plan {
			return faults.Plan{Lose: []faults.Selection{{References: c.comeOrGo(), Attempts: 1}}}
		})},
		{at: atCharles, name: "2xx that loses some who come or go, each time", met: odds, prepare: soon, strike: plan(func(c *cell) faults.Plan {
			return faults.Plan{Lose: []faults.Selection{{References: c.comeOrGo()}}}
		}), ends: ending{code: codeUnexplained, says: []string{"the next run"}, report: func(c *cell, report audience.Report) {
			found := report.Segment.Comparison
			c.found.Expect(found != nil && found.Late() == int64(len(c.vendors.Exceptions())), "the comparison is %+v, and %d were lost", found, len(c.vendors.Exceptions()))
		}}},
		{at: atCharles, name: "wrong types for good", strike: plan(func(c *cell) faults.Plan {
			return faults.Plan{Rules: []faults.Rule{{Match: faults.Match{Path: contactsPath, From: int64(1 + c.random.IntN(4))}, Do: faults.WrongTypes}}}
		}), ends: ending{code: codeUnexplained, clean: true, report: func(c *cell, report audience.Report) {
			c.found.Expect(report.Outcomes.Unresolved+report.Leavers.Unresolved > 0, "nobody is unresolved: %+v", report.Outcomes)
		}}},
	}
}

// comeOrGo are some of those whose marker has to change. That a contact has lost any other
// change nobody can tell who does not read it back.
func (c *cell) comeOrGo() (some []string) {
	for reference, want := range c.crowd.Wanted() {
		if want.Marker != c.crowd.Held[reference].Marker {
			some = append(some, reference)
		}
	}
	slices.Sort(some)
	c.random.Shuffle(len(some), func(i, j int) { some[i], some[j] = some[j], some[i] })
	return some[:lost]
}

// lost is how many contacts are lost.
const lost = 8

// odds reports whether something was odd with contacts, as the workspace knows.
func odds(c *cell) bool { return len(c.vendors.Exceptions()) > 0 }

// soon lets a segment that does not move be waited for a second only.
func soon(c *cell) error {
	c.edits = append(c.edits, "max_lag: 5s", "max_lag: 1s")
	return nil
}
