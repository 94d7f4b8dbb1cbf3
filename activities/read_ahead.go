package activities

import (
	"audiencesync/internal/audience"
	"audiencesync/internal/ledger"
)

// readAhead reads one page while the one before it is being committed. Only one is
// read at a time. Its owner calls wait before the reader is closed or put back.
type readAhead struct {
	read   func(at audience.Cursor) (ledger.PageInput, error)
	coming chan pageRead // nil when no page is being read
}

type pageRead struct {
	input ledger.PageInput
	err   error
}

// start begins to read the page at a cursor.
func (a *readAhead) start(at audience.Cursor) {
	coming := make(chan pageRead, 1)
	a.coming = coming
	go func() {
		input, err := a.read(at)
		coming <- pageRead{input, err}
	}()
}

// started reports whether there is a page to take.
func (a *readAhead) started() bool { return a.coming != nil }

// take returns the page that was started.
func (a *readAhead) take() (ledger.PageInput, error) {
	page := <-a.coming
	a.coming = nil
	return page.input, page.err
}

// wait returns when no page is being read any more.
func (a *readAhead) wait() {
	if a.started() {
		_, _ = a.take() // Whoever waits has no use for it; it will be read again.
	}
}
