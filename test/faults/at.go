package main

import (
	"net/http"
	"sync/atomic"

	"audiencesync/test/site"
)

// at does something once, while the nth request of a kind comes to its vendor.
func (c *cell) at(kind site.Call, nth int, do func() error) {
	c.whenIt(kind, nth, func() { c.asides.Go(do) })
}

// before does something once, before the nth request of a kind comes to its vendor, which
// waits for it.
func (c *cell) before(kind site.Call, nth int, do func() error) {
	c.whenIt(kind, nth, func() {
		done := make(chan struct{})
		c.asides.Go(func() error {
			defer close(done)
			return do()
		})
		<-done
	})
}

func (c *cell) whenIt(kind site.Call, nth int, comes func()) {
	var seen atomic.Int64
	watched := func(vendor http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if site.CallOf(r) == kind && seen.Add(1) == int64(nth) {
				c.happened.Add(1)
				comes()
			}
			vendor.ServeHTTP(w, r)
		})
	}
	c.zeotap.Stand(watched(c.vendors.ZeotapHandler()))
	c.charles.Stand(watched(c.vendors.CharlesHandler()))
}
