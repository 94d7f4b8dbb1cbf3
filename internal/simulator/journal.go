package simulator

import (
	"sync"
	"time"

	"audiencesync/internal/simulator/faults"
)

// Entry is one request in the journal. It holds no key and no contact data.
type Entry struct {
	Time   time.Time   `json:"time"`
	Side   faults.Side `json:"side"`
	Method string      `json:"method"`
	Path   string      `json:"path"`
	// Key is the start of a digest of the key; empty when none came.
	Key string `json:"key,omitempty"`
	// Tenant is the name of the workspace, unless it is the main one.
	Tenant string `json:"tenant,omitempty"`
	// Items are the contacts that came, or the members and rows that went.
	Items int `json:"items"`
	// Status is the HTTP status, or "reset", "lost", "cut" or "gone".
	Status string `json:"status"`
	// Effect says whether the request changed the workspace: "applied" or "none".
	Effect string `json:"effect"`
	// RetryAfter is the header that was told.
	RetryAfter string `json:"retry_after,omitempty"`
	// InsideRetryAfter says that the key had been told to wait longer.
	InsideRetryAfter bool `json:"inside_retry_after,omitempty"`
	// Fault is the name, or else the action, of the fault that hit the request.
	Fault string `json:"fault,omitempty"`
}

// journal remembers the last requests.
type journal struct {
	mu      sync.Mutex
	entries []Entry
	next    int
	size    int
}

func newJournal(size int) *journal { return &journal{size: size} }

func (j *journal) add(e Entry) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if len(j.entries) < j.size {
		j.entries = append(j.entries, e)
		return
	}
	j.entries[j.next] = e
	j.next = (j.next + 1) % j.size
}

// list returns the entries, oldest first.
func (j *journal) list() []Entry {
	j.mu.Lock()
	defer j.mu.Unlock()
	list := make([]Entry, 0, len(j.entries))
	list = append(list, j.entries[j.next:]...)
	return append(list, j.entries[:j.next]...)
}

func (j *journal) reset() {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.entries, j.next = nil, 0
}
