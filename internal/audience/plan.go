package audience

// Plan is what a run is going to do, known before anything is sent.
type Plan struct {
	Read      int64 `json:"read"`
	Unchanged int64 `json:"unchanged"`
	// ToSend members are sent: Joiners, who were never accepted from this sync, and
	// Changes.
	ToSend  int64 `json:"to_send"`
	Joiners int64 `json:"joiners"`
	Changes int64 `json:"changes"`
	// Invalid, Duplicate and Suppressed members are not sent, nor are the Refused
	// that an earlier run knows.
	Invalid    int64 `json:"invalid"`
	Duplicate  int64 `json:"duplicate"`
	Suppressed int64 `json:"suppressed"`
	Refused    int64 `json:"refused"`
	// FirstRun says that no run of the sync has come to its end yet.
	FirstRun bool `json:"first_run,omitempty"`
	// Marked contacts are ours before the run. Leavers of them are not in the
	// audience any more, or may not be; for KnownLeavers of those an earlier run was
	// refused, and they are not sent again.
	Marked       int64 `json:"marked"`
	Leavers      int64 `json:"leavers"`
	KnownLeavers int64 `json:"known_leavers,omitempty"`
	// KeepsLeavers says that leavers stay marked: the mode is add, or, as KeepsWhy
	// says, the source cannot tell who left.
	KeepsLeavers bool   `json:"keeps_leavers,omitempty"`
	KeepsWhy     string `json:"keeps_why,omitempty"`
	// Moves of the leavers share a phone number or an email address with a member.
	// MarkedAgain are members who are sent for that reason alone.
	Moves       int64 `json:"moves,omitempty"`
	MarkedAgain int64 `json:"marked_again,omitempty"`
	// Batches, Requests and Seconds are what it takes at the limits of the
	// destination if nothing is refused. FurtherRequests come on top where Hello
	// Charles confirms contacts whose phone number or email address changed.
	Batches         int64   `json:"batches"`
	Requests        int64   `json:"requests"`
	FurtherRequests int64   `json:"further_requests,omitempty"`
	Seconds         float64 `json:"seconds"`
	// Beyond says, a sentence part each, which limits of the gate the plan passes.
	Beyond []string `json:"beyond,omitempty"`
}

// ToUnmark is the number of contacts that the run takes the marker from.
func (p *Plan) ToUnmark() int64 {
	if p.KeepsLeavers {
		return 0
	}
	return p.Leavers - p.KnownLeavers
}

// Exceeds reports whether a plan changes more than another one that was approved.
func (p *Plan) Exceeds(approved Plan) bool {
	return p.Leavers-p.KnownLeavers > approved.Leavers-approved.KnownLeavers || p.Joiners > approved.Joiners || p.Changes > approved.Changes || p.Read == 0 && approved.Read > 0
}
