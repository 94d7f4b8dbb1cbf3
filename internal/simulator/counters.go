package simulator

import (
	"maps"
	"sync"
	"time"

	"audiencesync/internal/simulator/faults"
	"audiencesync/internal/simulator/people"
)

// Stats are what really happened.
type Stats struct {
	// Contacts is the number of contacts in the workspace.
	Contacts int64 `json:"contacts"`
	// Requests counts by kind ("members", "batch", "contact", ...) and status;
	// those without a whole reply have "reset", "lost", "cut" or "gone" (the
	// client left) for a status.
	Requests map[string]map[string]int64 `json:"requests"`
	// Batches are the batch calls that reached the workspace well-formed.
	Batches int64 `json:"batches"`
	// UpsertsReceived are the contacts in all well-formed calls that reached
	// the workspace; each was applied, refused, lost, or still waits in the queue.
	UpsertsReceived int64 `json:"upserts_received"`
	UpsertsApplied  int64 `json:"upserts_applied"`
	// UpsertsRefused are those of calls that were refused as a whole, too.
	UpsertsRefused int64 `json:"upserts_refused"`
	// UpsertsLost were reported as taken and silently dropped.
	UpsertsLost int64 `json:"upserts_lost"`
	// Stitched are the references that became one more of a contact.
	Stitched int64 `json:"stitched"`
	// DuplicateEffects are applied upserts of contacts that already held all of it.
	DuplicateEffects int64 `json:"duplicate_effects"`
	// ContactsUpsertedAgain are the contacts to which more than one upsert was applied.
	ContactsUpsertedAgain int64 `json:"contacts_upserted_again"`
	// Erased contacts were erased, as at a request of the data subject. Returned is
	// how often an upsert brought one of their references back: none should.
	Erased   int64 `json:"erased"`
	Returned int64 `json:"returned"`
	// ValuesDropped are tags and custom properties that were silently ignored.
	ValuesDropped int64 `json:"values_dropped"`
	// Traffic is how many requests came and how fast, by side.
	Traffic map[faults.Side]Traffic `json:"traffic"`
	// RequestsInsideRetryAfter came to the workspace with a key that had been
	// told to wait longer.
	RequestsInsideRetryAfter int64 `json:"requests_inside_retry_after"`
	// MaxInFlight is the most requests at one time, by side.
	MaxInFlight map[faults.Side]int64 `json:"max_in_flight"`
	// Segments are the counts by segment id.
	Segments map[string]SegmentCount `json:"segments"`
	// Audience is what is special about the members; of a list or refresh that was
	// set, how many there are.
	Audience people.Oddities `json:"audience"`
}

// SegmentCount is the count of a segment as it shows, and as it is.
type SegmentCount struct {
	Counted int64 `json:"counted"`
	Actual  int64 `json:"actual"`
}

// Stats returns what happened so far.
func (s *Simulator) Stats() Stats {
	s.main.applyDue()
	stats := s.counters.snapshot()
	store := s.store.Stats()
	stats.Contacts, stats.UpsertsApplied = store.Contacts, store.Upserts
	stats.Stitched, stats.Erased, stats.Returned = store.Stitched, store.Erased, store.Returned
	stats.DuplicateEffects, stats.ContactsUpsertedAgain = store.Repeated, store.Again
	stats.Segments = map[string]SegmentCount{}
	for i, segment := range s.options.Charles.Segments {
		visible, actual := s.store.Counts(i)
		stats.Segments[segment.ID] = SegmentCount{Counted: visible, Actual: actual}
	}
	members := s.editions.current().members
	stats.Audience = people.Oddities{Members: members.Size()}
	if at, crowd := members.(crowdMembers); crowd && at.crowd == s.crowd {
		stats.Audience = s.oddities()
	}
	return stats
}

// counters are the part of Stats that the store does not know.
type counters struct {
	mu       sync.Mutex
	stats    Stats
	inFlight map[faults.Side]int64
	paces    map[faults.Side]*pace
}

func newCounters() *counters {
	c := &counters{inFlight: map[faults.Side]int64{}}
	c.reset()
	return c
}

// reset starts counting again; requests under way stay under way.
func (c *counters) reset() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.stats = Stats{Requests: map[string]map[string]int64{}, MaxInFlight: map[faults.Side]int64{}}
	c.paces = map[faults.Side]*pace{faults.Zeotap: {}, faults.Charles: {}}
}

func (c *counters) enter(side faults.Side, now time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.paces[side].arrive(now)
	c.inFlight[side]++
	c.stats.MaxInFlight[side] = max(c.stats.MaxInFlight[side], c.inFlight[side])
}

func (c *counters) leave(side faults.Side) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.inFlight[side]--
}

func (c *counters) request(side faults.Side, kind, status string, early bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.stats.Requests[kind] == nil {
		c.stats.Requests[kind] = map[string]int64{}
	}
	c.stats.Requests[kind][status]++
	if status == "429" {
		c.paces[side].tooMany++
	}
	if early {
		c.stats.RequestsInsideRetryAfter++
	}
}

func (c *counters) upserts(batches, received, refused, lost, dropped int64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.stats.Batches += batches
	c.stats.UpsertsReceived += received
	c.stats.UpsertsRefused += refused
	c.stats.UpsertsLost += lost
	c.stats.ValuesDropped += dropped
}

func (c *counters) snapshot() Stats {
	c.mu.Lock()
	defer c.mu.Unlock()
	stats := c.stats
	stats.Requests = make(map[string]map[string]int64, len(c.stats.Requests))
	for kind, statuses := range c.stats.Requests {
		stats.Requests[kind] = maps.Clone(statuses)
	}
	stats.MaxInFlight = maps.Clone(c.stats.MaxInFlight)
	stats.Traffic = map[faults.Side]Traffic{}
	for side, pace := range c.paces {
		if pace.requests > 0 {
			stats.Traffic[side] = pace.traffic()
		}
	}
	return stats
}
