package simulator

import (
	"maps"
	"sync"
)

// Exception is a contact with which something was odd, and how often.
type Exception struct {
	// Refused upserts, and the code of the last; in queued mode nobody was told.
	Refused int    `json:"refused,omitempty"`
	Code    string `json:"code,omitempty"`
	// Lost upserts were reported as taken and dropped.
	Lost int `json:"lost,omitempty"`
	// Hidden results were left out of the reply; the contact was taken or refused.
	Hidden int `json:"hidden,omitempty"`
}

// mostExceptions bounds how many contacts are remembered.
const mostExceptions = 200_000

// exceptions are the odd contacts by reference.
type exceptions struct {
	mu       sync.Mutex
	contacts map[string]Exception
}

func (e *exceptions) note(reference string, change func(*Exception)) {
	e.mu.Lock()
	defer e.mu.Unlock()
	one, known := e.contacts[reference]
	if !known && len(e.contacts) >= mostExceptions {
		return
	}
	if e.contacts == nil {
		e.contacts = map[string]Exception{}
	}
	change(&one)
	e.contacts[reference] = one
}

func (e *exceptions) list() map[string]Exception {
	e.mu.Lock()
	defer e.mu.Unlock()
	return maps.Clone(e.contacts)
}

func (e *exceptions) reset() {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.contacts = nil
}
