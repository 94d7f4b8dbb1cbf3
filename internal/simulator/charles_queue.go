package simulator

import (
	"net/http"
	"sync"
	"time"

	"audiencesync/internal/simulator/contacts"
)

// queue holds the upserts of batches that are applied later. Nothing runs in
// the background: what is due is applied before anybody looks.
type queue struct {
	mu      sync.Mutex
	waiting []queued
}

type queued struct {
	due     time.Time
	upserts []contacts.Upsert
}

func (q *queue) reset() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.waiting = nil
}

// enqueue takes a batch to be applied after the delay.
func (c *charles) enqueue(in intake) {
	c.queue.mu.Lock()
	c.queue.waiting = append(c.queue.waiting, queued{c.sim.clock().Add(c.options.Batch.QueueDelay), in.accepted})
	c.queue.mu.Unlock()
	c.applyDue()
}

// applyDue applies what is due, in the order in which it came. Contacts that
// cannot be created then are dropped, and nobody is told.
func (c *charles) applyDue() {
	now := c.sim.clock()
	c.queue.mu.Lock()
	defer c.queue.mu.Unlock()
	for len(c.queue.waiting) > 0 && !c.queue.waiting[0].due.After(now) {
		upserts := c.queue.waiting[0].upserts
		c.queue.waiting = c.queue.waiting[1:]
		policy := c.policy(1)
		policy.AllOrNothing = false
		effects, _ := c.store.Apply(upserts, policy)
		for i, effect := range effects {
			if effect.Missing != "" {
				c.odd.note(upserts[i].Reference, func(e *Exception) { e.Refused, e.Code = e.Refused+1, c.options.NoContact.code(effect) })
				c.counters.upserts(0, 0, 1, 0, 0)
			}
		}
	}
}

// after applies what is due before a request is answered.
func (s *Simulator) after(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.main.applyDue()
		for _, tenant := range s.tenants {
			tenant.charles.applyDue()
		}
		next.ServeHTTP(w, r)
	})
}
