package main

import (
	"context"
	"net/http"

	"audiencesync/internal/simulator/faults"
	"audiencesync/test/site"
)

// startAgain is what an operator is told whose source has become another one.
const startAgain = "start a new run"

// ofTheSource are the faults for which a read has no good end: the run must fail before
// anything is sent.
func ofTheSource() []*fault {
	fails := func(says ...string) ending {
		return ending{code: codeFailed, untouched: true, says: append([]string{"connection zeotap", "page "}, says...)}
	}
	pages := func(make func(*cell) faults.Pages) func(context.Context, *cell) error {
		return plan(func(c *cell) faults.Plan { return faults.Plan{Pages: make(c)} })
	}
	// untold lets the endpoint announce no total, so that nothing but the pages is wrong.
	untold := func(c *cell) error {
		c.options.Zeotap.NoTotal = true
		return nil
	}
	fromPage := func(rule faults.Rule) func(context.Context, *cell) error {
		return plan(func(c *cell) faults.Plan {
			rule.Match = faults.Match{Path: membersPath, From: int64(1 + c.random.IntN(site.Pages))}
			return faults.Plan{Rules: []faults.Rule{rule}}
		})
	}
	const mendPages = "the endpoint must give every"
	return []*fault{
		{
			at: atZeotap, name: "HTML for good", strike: fromPage(faults.Rule{Do: faults.HTML, Status: http.StatusOK}),
			ends: fails("is not valid JSON", "the endpoint must answer as docs/zeotap-members-api.md says"),
		},
		{
			at: atZeotap, name: "wrong types for good", strike: fromPage(faults.Rule{Do: faults.WrongTypes}),
			ends: fails("is not text", "the endpoint must answer as docs/zeotap-members-api.md says"),
		},
		{
			at: atZeotap, name: "the snapshot expires (410)", strike: fromPage(faults.Rule{Do: faults.Status, Status: http.StatusGone}),
			ends: fails("the snapshot has expired (status 410)", startAgain),
		},
		{
			at: atZeotap, name: "the cursor is not known any more (400)", strike: fromPage(faults.Rule{Do: faults.Status, Status: http.StatusBadRequest}),
			ends: fails("the request was refused (status 400)"),
		},
		{
			at: atZeotap, name: "the audience changes while it is paged", met: happened, prepare: unpinned, strike: changed,
			ends: fails("another version of the audience", startAgain),
		},
		{at: atZeotap, name: "the audience changes, and the snapshot stays", met: happened, strike: changed},
		{at: atZeotap, name: "the pages end early", met: always, strike: plan(func(c *cell) faults.Plan {
			return faults.Plan{EndsAfter: int64(1 + c.random.IntN(site.PageSize*(site.Pages-1)))}
		}), ends: ending{code: codeFailed, untouched: true, says: []string{
			"the read of the audience is not complete, so nothing is sent", "the endpoint must page exactly what it announces",
		}}},
		{at: atZeotap, name: "a page comes again", met: always, prepare: untold, strike: pages(func(c *cell) faults.Pages {
			return faults.Pages{Repeat: int64(1 + c.random.IntN(site.Pages-1))}
		}), ends: fails("the same members as an earlier one", mendPages)},
		{at: atZeotap, name: "cursors go round in a circle", met: always, strike: pages(func(c *cell) faults.Pages {
			return faults.Pages{Circle: int64(2 + c.random.IntN(site.Pages-2))}
		}), ends: fails("earlier", mendPages)},
		{at: atZeotap, name: "cursors without end, over the same members", met: always, prepare: untold, strike: pages(func(*cell) faults.Pages {
			return faults.Pages{Endless: faults.EndlessAgain}
		}), ends: fails("the same members as an earlier one", mendPages)},
		{at: atZeotap, name: "cursors without end, over nobody", met: always, strike: pages(func(*cell) faults.Pages {
			return faults.Pages{Endless: faults.EndlessEmpty}
		}), ends: fails("pages in a row hold no member", `the endpoint must say null in "next_cursor"`)},
	}
}

// unpinned lets the pages be of the audience as it is.
func unpinned(c *cell) error {
	c.options.Zeotap.Unpinned = true
	return nil
}

// happened reports whether something has happened of which the vendors' journal does not
// know.
func happened(c *cell) bool { return c.happened.Load() > 0 }

// changed lets the audience become another one before one of its pages is served. A run
// that reads the old one to its end has brought what was then.
func changed(_ context.Context, c *cell) error {
	c.later = c.crowd.Refreshed()
	c.before(site.PageCall, 2+c.random.IntN(site.Pages-2), func() error { return c.vendors.SetMembers(c.later.Members()) })
	return nil
}
