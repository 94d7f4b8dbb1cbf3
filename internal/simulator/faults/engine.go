package faults

import (
	"hash/fnv"
	"math"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// Engine carries out a plan: it numbers requests and decides. It is safe for
// concurrent use.
type Engine struct {
	plan  Plan
	clock func() time.Time

	mu      sync.Mutex
	rules   []ruleState
	batches int64
	// placed are the contacts that Places has selected.
	placed   map[choice]bool
	attempts map[choice]int
}

type ruleState struct {
	seen    int64
	hits    int64
	limiter *rate.Limiter
}

// Decision is what happens to one request.
type Decision struct {
	Latency time.Duration
	// Fault is the rule that was hit; its Do is OnlyLatency when there is none.
	Fault Rule
	// RetryAfter is the header, empty for none.
	RetryAfter string
}

// NewEngine returns an engine at the beginning of a plan that was validated.
func NewEngine(plan Plan, clock func() time.Time) *Engine {
	e := &Engine{
		plan: plan, clock: clock,
		rules:  make([]ruleState, len(plan.Rules)),
		placed: map[choice]bool{}, attempts: map[choice]int{},
	}
	for i, rule := range plan.Rules {
		if rule.Do == RateLimit {
			e.rules[i].limiter = rate.NewLimiter(rate.Limit(rule.PerSecond), max(rule.Burst, 1))
		}
	}
	return e
}

// Plan returns the plan that is carried out.
func (e *Engine) Plan() Plan { return e.plan }

// Decide numbers the request and says what happens to it.
func (e *Engine) Decide(side Side, method, path string) Decision {
	now := e.clock()
	e.mu.Lock()
	defer e.mu.Unlock()
	var d Decision
	for i, rule := range e.plan.Rules {
		if !rule.Match.selects(side, method, path) {
			continue
		}
		state := &e.rules[i]
		state.seen++
		taken := d.Fault.Do != OnlyLatency && rule.Do != OnlyLatency
		if taken || !e.hits(i, rule.Match) {
			continue
		}
		wait := time.Duration(rule.RetryAfter)
		if rule.Do == RateLimit {
			over := Over(state.limiter, now)
			if over == 0 {
				continue
			}
			if wait == 0 {
				wait = over
			}
		}
		state.hits++
		d.Latency += time.Duration(rule.Latency) + time.Duration(e.draw("jitter", i, state.seen)*float64(rule.Jitter))
		if rule.Do != OnlyLatency {
			d.Fault, d.RetryAfter = rule, RetryAfter(rule.RetryAfterForm, wait, now)
		}
	}
	return d
}

// Part is the part of a list that is served in place of the one asked for.
func (p Preview) Part(limit, offset int64) (_, from int64) {
	if p.PageMax > 0 {
		limit = min(limit, p.PageMax)
	}
	if p.IgnoreOffset {
		offset = 0
	}
	if p.CutAfter > 0 {
		limit = max(min(limit, p.CutAfter-offset), 0)
	}
	return limit, offset
}

func (m Match) selects(side Side, method, path string) bool {
	return (m.Side == "" || m.Side == side) &&
		(m.Method == "" || strings.EqualFold(m.Method, method)) &&
		strings.HasPrefix(path, m.Path)
}

func (e *Engine) hits(i int, m Match) bool {
	state := e.rules[i]
	switch {
	case state.seen < m.From, m.To > 0 && state.seen > m.To, m.Times > 0 && state.hits >= m.Times:
		return false
	case m.Every > 0 && state.seen%m.Every != 0:
		return false
	case m.Probability > 0 && e.draw("probability", i, state.seen) >= m.Probability:
		return false
	}
	return true
}

// Over takes a token and returns zero, or the time until there is one.
func Over(limiter *rate.Limiter, now time.Time) time.Duration {
	if limiter.AllowN(now, 1) {
		return 0
	}
	missing := 1 - limiter.TokensAt(now)
	return max(time.Duration(missing/float64(limiter.Limit())*float64(time.Second)), time.Millisecond)
}

// RetryAfter writes a wait in the form, or nothing.
func RetryAfter(form RetryAfterForm, wait time.Duration, now time.Time) string {
	if wait <= 0 {
		return ""
	}
	seconds := int64(math.Ceil(wait.Seconds()))
	switch form {
	case RetryAfterNone:
		return ""
	case RetryAfterDate:
		// An HTTP date has whole seconds: one more, so that it is not too early.
		return now.Add(time.Duration(seconds+1) * time.Second).UTC().Format(http.TimeFormat)
	case RetryAfterAbsurd:
		return strconv.Itoa(365 * 24 * 60 * 60)
	case RetryAfterGarbage:
		return "soon"
	case RetryAfterSeconds:
	}
	return strconv.FormatInt(seconds, 10)
}

// draw is a number in [0,1) for one request of a rule.
func (e *Engine) draw(what string, rule int, request int64) float64 {
	return unit(e.plan.digest(what, rule, strconv.FormatInt(request, 10)))
}

func (p Plan) digest(what string, rule int, about string) uint64 {
	h := fnv.New64a()
	_, _ = h.Write([]byte(what + " " + strconv.FormatUint(p.Seed, 10) + " " + strconv.Itoa(rule) + " " + about))
	// FNV leaves the upper bits of short texts alike: mix them.
	x := h.Sum64()
	x = (x ^ x>>33) * 0xff51afd7ed558ccd
	x = (x ^ x>>33) * 0xc4ceb9fe1a85ec53
	return x ^ x>>33
}

func unit(digest uint64) float64 { return float64(digest>>11) / (1 << 53) }
