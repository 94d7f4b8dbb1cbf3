package audience

import "time"

// Audience is the identity of a Zeotap audience.
type Audience struct {
	ID   string `json:"id"`
	Name string `json:"name,omitempty"`
}

// Size is the audience size as the source reports it. Zeotap publishes
// several sizes that need not agree, so a size always names its basis and time.
type Size struct {
	Value int64 `json:"value"`
	// Basis says what was counted, for example "unique_customers".
	Basis string `json:"basis,omitempty"`
	// AsOf is when the source counted; zero when it does not say.
	AsOf time.Time `json:"as_of,omitzero"`
}

// Snapshot describes what a read of an audience opened: one version of the
// audience, and whether the source holds still while it is paged.
type Snapshot struct {
	// Token finds the same snapshot again after a restart of the worker.
	Token string `json:"token"`
	// Name is what the source calls it, a set of files for example; empty without one.
	Name string `json:"name,omitempty"`
	// Version identifies the content; pages of another version are refused.
	Version string    `json:"version"`
	AsOf    time.Time `json:"as_of,omitzero"`
	// Total is the announced number of members, nil when the source does not say.
	Total *int64 `json:"total,omitempty"`
	// Pinned says that the source promises not to change while it is paged.
	Pinned bool `json:"pinned"`
	// Reported is the audience size that the source states, if any.
	Reported *Size    `json:"reported,omitempty"`
	Audience Audience `json:"audience"`
	// LeaversUnknown says that the snapshot may still hold people who have left the
	// audience: it is no ground to say who has left, and nobody may be removed for
	// it. LeaversUnknownWhy says why, and what to do about it.
	LeaversUnknown    bool   `json:"leavers_unknown,omitempty"`
	LeaversUnknownWhy string `json:"leavers_unknown_why,omitempty"`
	// Notes are what somebody should know about how the snapshot came about. They
	// hold no contact data.
	Notes []string `json:"notes,omitempty"`
}

// Page is one read of the source.
type Page struct {
	Members []Member
	// Next is where the following page starts; meaningless when Last is set.
	Next Cursor
	// Last says that no further page exists.
	Last bool
}

// Cursor is a position in a snapshot, opaque to everyone but its source. It
// is kept in the ledger only. The first page has the empty cursor.
type Cursor string

// Completeness is what a source says at the end of a read.
type Completeness struct {
	Complete bool
	// Why says what is missing when the read is not complete, and what to do
	// about it. It holds no contact data.
	Why string
}
