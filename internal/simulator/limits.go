package simulator

import (
	"net/http"
	"strconv"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"audiencesync/internal/simulator/faults"
)

// longestTold is the longest Retry-After that a client is expected to heed.
const longestTold = 24 * time.Hour

// limits are the limits of a workspace, and the delays that it told, by key.
type limits struct {
	options Limits
	clock   func() time.Time
	grace   time.Duration

	mu   sync.Mutex
	keys map[string]*keyLimits
}

type keyLimits struct {
	bucket   *rate.Limiter
	inFlight int
	// heedFrom and heedUntil bound the time in which no request is to come.
	heedFrom, heedUntil time.Time
}

func newLimits(o Limits, clock func() time.Time, grace time.Duration) *limits {
	return &limits{options: o, clock: clock, grace: grace, keys: map[string]*keyLimits{}}
}

// reset forgets all but the requests under way.
func (l *limits) reset() {
	l.mu.Lock()
	defer l.mu.Unlock()
	for id, key := range l.keys {
		fresh := l.fresh()
		fresh.inFlight = key.inFlight
		l.keys[id] = fresh
	}
}

func (l *limits) fresh() *keyLimits {
	k := &keyLimits{}
	if l.options.PerSecond > 0 {
		k.bucket = rate.NewLimiter(rate.Limit(l.options.PerSecond), l.options.Burst)
	}
	return k
}

// key returns the state of a key; the caller holds the lock.
func (l *limits) key(id string) *keyLimits {
	k, known := l.keys[id]
	if !known {
		k = l.fresh()
		l.keys[id] = k
	}
	return k
}

// enter admits a request, or says how long to wait. leave must be called of
// requests that were admitted. early says that the key was told to wait longer.
func (l *limits) enter(id string) (wait time.Duration, admitted, early bool) {
	now := l.clock()
	l.mu.Lock()
	defer l.mu.Unlock()
	k := l.key(id)
	early = now.After(k.heedFrom) && now.Before(k.heedUntil)
	if l.options.InFlight > 0 && k.inFlight >= l.options.InFlight {
		return time.Second, false, early
	}
	if k.bucket != nil {
		if wait = faults.Over(k.bucket, now); wait > 0 {
			return wait, false, early
		}
	}
	k.inFlight++
	return 0, true, early
}

func (l *limits) leave(id string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.key(id).inFlight--
}

// retryAfter writes a wait as the options want it told.
func (l *limits) retryAfter(wait time.Duration) string {
	if l.options.Wait > 0 {
		wait = l.options.Wait
	}
	return faults.RetryAfter(l.options.RetryAfter, wait, l.clock())
}

// told notes a Retry-After that was sent at a time. The client's wait may begin
// then; what the simulator does afterwards does not make it longer.
func (l *limits) told(id, header string, sent time.Time) {
	now := l.clock()
	until := sent
	if seconds, err := strconv.ParseInt(header, 10, 64); err == nil && seconds < int64(longestTold/time.Second) {
		until = sent.Add(time.Duration(seconds) * time.Second)
	} else if date, err := http.ParseTime(header); err == nil {
		until = date
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if k := l.key(id); until.After(k.heedUntil) && until.Sub(now) < longestTold {
		if !now.Before(k.heedUntil) {
			k.heedFrom = now.Add(l.grace)
		}
		k.heedUntil = until
	}
}
