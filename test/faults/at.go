package main

import (
	"net/http"
	"sync/atomic"

	"audiencesync/test/site"
)

// at does something once, before the nth request of a kind comes to its vendor.
func (c *cell) at(kind site.Call, nth int, do func() error) {
	var seen atomic.Int64
	watched := func(vendor http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if site.CallOf(r) == kind && seen.Add(1) == int64(nth) {
				c.happened.Add(1)
				c.asides.Go(do)
			}
			vendor.ServeHTTP(w, r)
		})
	}
	c.zeotap.Stand(watched(c.vendors.ZeotapHandler()))
	c.charles.Stand(watched(c.vendors.CharlesHandler()))
}
