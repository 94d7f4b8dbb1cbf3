package main

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"sync/atomic"

	"audiencesync/internal/simulator"
	"audiencesync/internal/simulator/faults"
	"audiencesync/test/endtoend/programs"
	"audiencesync/test/site"
)

// ofAccess are the faults for which a run waits until a person has given access back.
func ofAccess() []*fault {
	denied := func(path string, status int) func(context.Context, *cell) error {
		return plan(func(c *cell) faults.Plan {
			return faults.Plan{Rules: []faults.Rule{{
				Match: faults.Match{Path: path, From: int64(1 + c.random.IntN(4))}, Do: faults.Status, Status: status,
			}}}
		})
	}
	const renew = "check the key behind the connection's credential"
	return []*fault{
		{
			at: atZeotap, name: "the key expires (401), is renewed, resume", strike: expire(site.PageCall), met: expired,
			meanwhile: resumeAfter("connection zeotap: reading page ", "the credential is not accepted (status 401)", renew),
		},
		{
			at: atCharles, name: "the key expires (401), is renewed, resume", strike: expire(site.ContactCall), met: expired,
			meanwhile: resumeAfter("connection charles: ", "the credential is not accepted (status 401)", renew),
		},
		{
			at: atZeotap, name: "permission lost (403), resume", strike: denied(membersPath, http.StatusForbidden),
			meanwhile: resumeAfter("connection zeotap: reading page ", "the credential lacks the permission for this call (status 403)"),
		},
		{
			at: atCharles, name: "permission lost (403), resume", strike: denied(contactsPath, http.StatusForbidden),
			meanwhile: resumeAfter("connection charles: ", "the credential lacks the permission for this call (status 403)"),
		},
		{
			at: atCharles, name: "the batched call is gone (404), resume", strike: denied(contactsPath, http.StatusNotFound),
			meanwhile: resumeAfter("connection charles: ", "not found (status 404)"),
		},
		{
			at: atCharles, name: "redirect to another host (307), resume", strike: denied(contactsPath, http.StatusTemporaryRedirect),
			meanwhile: resumeAfter("connection charles: ", "answers with a redirect (status 307), which is not followed; set base_url to the final host"),
		},
	}
}

// renewedKey is the key that both vendors take when the old one has expired.
const renewedKey = "renewed-key"

// expired reports whether an expired key has been refused.
func expired(c *cell) bool { return c.expired.Load() }

// expire lets the key of both vendors expire before the nth request of a kind.
func expire(kind site.Call) func(context.Context, *cell) error {
	return func(_ context.Context, c *cell) error {
		nth := int64(1 + c.random.IntN(4))
		var seen atomic.Int64
		renewed := func(vendor http.Handler) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if site.CallOf(r) == kind {
					seen.Add(1)
				}
				if seen.Load() >= nth {
					for _, header := range []string{"x-api-key", "apikey"} {
						switch r.Header.Get(header) {
						case renewedKey:
							r.Header.Set(header, simulator.DefaultKey)
						case simulator.DefaultKey:
							r.Header.Set(header, "expired")
							c.expired.Store(true)
						}
					}
				}
				vendor.ServeHTTP(w, r)
			})
		}
		c.zeotap.Stand(renewed(c.vendors.ZeotapHandler()))
		c.charles.Stand(renewed(c.vendors.CharlesHandler()))
		return nil
	}
}

// resumeAfter waits until the run waits for access and says these texts, gives access
// back, lets the run go on, and watches it.
func resumeAfter(says ...string) func(context.Context, *cell, *programs.Program) (*programs.Program, error) {
	return func(ctx context.Context, c *cell, run *programs.Program) (*programs.Program, error) {
		code, err := c.AwaitEnd(ctx, run)
		if err != nil {
			return nil, err
		}
		said := run.Stderr()
		c.found.Expect(code == codeWaiting, "the run does not wait, but ends with exit code %d: %s", code, site.Ending(said))
		for _, text := range append(says, "put that right (after a change of the connections file start the worker, or audiencesync up, again), then audiencesync resume "+c.Name) {
			c.found.Expect(strings.Contains(said, text), "the run waits, and does not say %q, but: %s", text, site.Ending(said))
		}
		c.checkSilence("the reason to wait", said)
		if c.handshakes != nil {
			c.handshakes.wrong.Store(nil)
		}
		if err := errors.Join(c.vendors.SetFaults(simulator.Faults{}), c.WriteKey(c.keyNow())); err != nil {
			return nil, err
		}
		at := []string{c.Name, "--address", c.Site.Address, "--namespace", c.Namespace}
		if _, err := c.Say(ctx, append([]string{"resume"}, at...)...); err != nil {
			return nil, err
		}
		return c.Command(append([]string{"watch", "--output", "json"}, at...)...)
	}
}

// keyNow is the key that the vendors take by now.
func (c *cell) keyNow() string {
	if c.expired.Load() {
		return renewedKey
	}
	return simulator.DefaultKey
}
