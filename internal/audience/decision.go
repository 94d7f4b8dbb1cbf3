package audience

import "time"

// Decision is what a person told a run while it was going: who, what and why.
type Decision struct {
	// What is approve, decline, pause, resume or cancel.
	What string `json:"what"`
	// About is the hold that the decision was about, empty for a pause
	// and for a cancellation.
	About string    `json:"about,omitempty"`
	By    string    `json:"by"`
	Why   string    `json:"why,omitempty"`
	At    time.Time `json:"at"`
}

// The decisions.
const (
	Approve = "approve"
	Decline = "decline"
	Pause   = "pause"
	Resume  = "resume"
	Cancel  = "cancel"
)

// How a run ended that did not come to its end.
const (
	EndedCancelled = "cancelled"
	EndedDeclined  = "declined"
	EndedFailed    = "failed"
	// EndedPlanned: it was asked for its plan only.
	EndedPlanned = "planned"
)
