package main

import (
	"math"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"audiencesync/internal/simulator"
)

// What became of a request at the gate.
const (
	passed = "passed"
	// tooMany: more than the limit allows.
	tooMany = "too many"
	// held: the first of a told delay.
	held = "held"
	// onTheWay: in a told delay, before anyone can have read of it.
	onTheWay = "on the way"
	// inside: in a told delay that was known.
	inside = "inside"
)

// arrival is one request as Hello Charles saw it.
type arrival struct {
	at           time.Time
	worker, sync string
	fate         string
}

// gate stands in front of the simulated Hello Charles and limits requests: a
// bucket of tokens, as rate limiters of APIs usually are, and told delays.
type gate struct {
	behind http.Handler
	burst  float64 // the size of the bucket
	// reading is the time that a client has to read a 429 and tell the others.
	reading time.Duration

	mutex    sync.Mutex
	tokens   float64
	filled   time.Time
	next     time.Duration // the told delay of the next request, if any
	told     time.Time     // when the 429 of the last told delay had left
	until    time.Time
	arrivals []arrival
}

func newGate(behind http.Handler, burst float64, reading time.Duration) *gate {
	return &gate{behind: behind, burst: burst, reading: reading, tokens: burst}
}

// ServeHTTP implements http.Handler. Each worker has a key of its own, and each
// sync a path, so that it is known who sends.
func (g *gate) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	came := arrival{at: time.Now(), worker: r.Header.Get("X-Api-Key")}
	if rest, ok := strings.CutPrefix(r.URL.Path, "/sync-"); ok {
		came.sync, rest, _ = strings.Cut(rest, "/")
		r.URL.Path = "/" + rest
	}
	r.Header.Set("X-Api-Key", simulator.DefaultKey)
	fate, wait := g.admit(came)
	if fate == passed {
		g.behind.ServeHTTP(w, r)
		return
	}
	w.Header().Set("Retry-After", strconv.Itoa(int(math.Ceil(wait.Seconds()))))
	w.WriteHeader(http.StatusTooManyRequests)
	if fate == held {
		_ = http.NewResponseController(w).Flush()
		g.mutex.Lock()
		defer g.mutex.Unlock()
		g.told = time.Now()
	}
}

// admit notes a request and says what becomes of it, and for how long.
func (g *gate) admit(came arrival) (fate string, wait time.Duration) {
	g.mutex.Lock()
	defer g.mutex.Unlock()
	came.fate, wait = g.judge(came.at)
	g.arrivals = append(g.arrivals, came)
	return came.fate, wait
}

func (g *gate) judge(at time.Time) (fate string, wait time.Duration) {
	if g.next > 0 {
		wait, g.next = g.next, 0
		g.told, g.until = at, at.Add(wait)
		return held, wait
	}
	if left := g.until.Sub(at); left > 0 {
		if at.Sub(g.told) < g.reading {
			return onTheWay, left
		}
		return inside, left
	}
	g.tokens = min(g.burst, g.tokens+at.Sub(g.filled).Seconds()*perSecond)
	g.filled = at
	if g.tokens < 1 {
		return tooMany, time.Duration((1 - g.tokens) / perSecond * float64(time.Second))
	}
	g.tokens--
	return passed, 0
}

// hold answers the next request with 429 and this Retry-After, in whole seconds.
func (g *gate) hold(delay time.Duration) {
	g.mutex.Lock()
	defer g.mutex.Unlock()
	g.next = delay
}

// between are the requests that came from begin on and before end.
func (g *gate) between(begin, end time.Time) []arrival {
	g.mutex.Lock()
	defer g.mutex.Unlock()
	var some []arrival
	for _, came := range g.arrivals {
		if !came.at.Before(begin) && came.at.Before(end) {
			some = append(some, came)
		}
	}
	return some
}

// warm reports whether all syncs send.
func (g *gate) warm() bool {
	g.mutex.Lock()
	defer g.mutex.Unlock()
	sent := map[string]int{}
	for _, came := range g.arrivals {
		if came.sync != "" && came.fate == passed {
			sent[came.sync]++
		}
	}
	for _, n := range sent {
		if n < warmUp {
			return false
		}
	}
	return len(sent) == syncs
}
