package main

import (
	"net/http"
	"strings"
	"time"

	"audiencesync/internal/simulator/faults"
)

// Paths at which faults strike.
const (
	audiencePath = "/v1/audiences/984"
	membersPath  = audiencePath + "/members"
	contactsPath = "/api/v1beta/contacts"
	listsPath    = "/api/v0/"
	segmentPath  = "/api/v1/contact_lists/"
)

// onTheWay are the faults of single requests and answers, which pass: the run must end as
// if nothing had been.
func onTheWay() (list []*fault) {
	second := faults.Duration(time.Second)
	status := func(code int) faults.Rule { return faults.Rule{Do: faults.Status, Status: code} }
	told := func(code int, form faults.RetryAfterForm) faults.Rule {
		return faults.Rule{Do: faults.Status, Status: code, RetryAfter: second, RetryAfterForm: form}
	}
	for _, way := range []struct {
		name string
		rule faults.Rule
		// impatient lets the client wait for two seconds only.
		impatient bool
		// effect says that the request has had its effect: it is of writes only.
		effect bool
		// met, where the vendors' journal does not name the fault.
		met func(*cell) bool
	}{
		{name: "latency of all requests", rule: faults.Rule{Latency: faults.Duration(50 * time.Millisecond), Jitter: faults.Duration(100 * time.Millisecond)}, met: always},
		{name: "latency beyond the timeout", rule: faults.Rule{Latency: faults.Duration(time.Minute)}, impatient: true, met: left},
		{name: "slow body", rule: faults.Rule{Do: faults.SlowBody, Over: second}},
		{name: "slow body beyond the timeout", rule: faults.Rule{Do: faults.SlowBody, Over: faults.Duration(time.Minute)}, impatient: true},
		{name: "cut body", rule: faults.Rule{Do: faults.CutBody}},
		{name: "wrong length", rule: faults.Rule{Do: faults.WrongLength}},
		{name: "truncated JSON", rule: faults.Rule{Do: faults.TruncatedJSON}},
		{name: "wrong types", rule: faults.Rule{Do: faults.WrongTypes}},
		{name: "HTML with 200", rule: faults.Rule{Do: faults.HTML, Status: http.StatusOK}},
		{name: "HTML with 200, after the effect", rule: faults.Rule{Do: faults.HTML, Status: http.StatusOK, AfterEffect: true}, effect: true},
		{name: "HTML with 502", rule: faults.Rule{Do: faults.HTML}},
		{name: "connection reset before the effect", rule: faults.Rule{Do: faults.Reset}},
		{name: "connection lost after the effect", rule: faults.Rule{Do: faults.LostReply}, effect: true},
		{name: "408", rule: status(http.StatusRequestTimeout)},
		{name: "429, Retry-After in seconds", rule: told(http.StatusTooManyRequests, faults.RetryAfterSeconds)},
		{name: "429, Retry-After as a date", rule: told(http.StatusTooManyRequests, faults.RetryAfterDate)},
		{name: "429 without Retry-After", rule: status(http.StatusTooManyRequests)},
		{name: "429, Retry-After makes no sense", rule: told(http.StatusTooManyRequests, faults.RetryAfterGarbage)},
		{name: "500", rule: status(http.StatusInternalServerError)},
		{name: "500, after the effect", rule: faults.Rule{Do: faults.Status, Status: http.StatusInternalServerError, AfterEffect: true}, effect: true},
		{name: "502", rule: status(http.StatusBadGateway)},
		{name: "503", rule: status(http.StatusServiceUnavailable)},
		{name: "503 with Retry-After", rule: told(http.StatusServiceUnavailable, faults.RetryAfterSeconds)},
		{name: "504", rule: status(http.StatusGatewayTimeout)},
	} {
		var prepare func(*cell) error
		if way.impatient {
			prepare = impatient
		}
		if !way.effect {
			list = append(list, &fault{at: atZeotap, name: way.name, prepare: prepare, met: way.met, strike: plan(func(c *cell) faults.Plan {
				return c.hits(way.rule, audiencePath)
			})})
		}
		list = append(list, &fault{at: atCharles, name: way.name, prepare: prepare, met: way.met, strike: plan(func(c *cell) faults.Plan {
			return c.hits(way.rule, contactsPath, listsPath, segmentPath)
		})})
	}
	return append(list,
		&fault{at: atBoth, name: "rate limits far below the settings", strike: plan(func(*cell) faults.Plan {
			return faults.Plan{Rules: []faults.Rule{
				{Match: faults.Match{Side: faults.Zeotap}, Do: faults.RateLimit, PerSecond: 3},
				{Match: faults.Match{Side: faults.Charles}, Do: faults.RateLimit, PerSecond: 10},
			}}
		})},
	)
}

// impatient lets both connections wait for two seconds only.
func impatient(c *cell) error {
	c.edits = append(c.edits,
		"kind: zeotap-api", "kind: zeotap-api\n    timeout: 2s",
		"kind: hello-charles", "kind: hello-charles\n    timeout: 2s")
	return nil
}

// left reports whether the client has left before it was answered.
func left(c *cell) bool {
	for _, entry := range c.vendors.Journal() {
		if entry.Status == "gone" {
			return true
		}
	}
	return false
}

// hits lets the rule hit one or two requests in a row of those to each of the paths, early
// in the run. Latency within the timeout hits all.
func (c *cell) hits(rule faults.Rule, paths ...string) (p faults.Plan) {
	p.Seed = c.random.Uint64()
	for _, path := range paths {
		rule.Match = faults.Match{Path: path}
		if rule.Do != faults.OnlyLatency || time.Duration(rule.Latency) > time.Second {
			most := 3
			if strings.HasPrefix(path, audiencePath) || path == contactsPath {
				most = 6
			}
			rule.Match.From = int64(1 + c.random.IntN(most))
			rule.Match.To = rule.Match.From + int64(c.random.IntN(2))
		}
		if rule.Name == "" {
			rule.Name = "struck"
		}
		p.Rules = append(p.Rules, rule)
	}
	return p
}
