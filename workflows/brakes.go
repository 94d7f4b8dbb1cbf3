package workflows

import (
	"fmt"

	"audiencesync/activities"
	"audiencesync/internal/audience"
)

// refusalsInARow is how many requests in a row Hello Charles may refuse as a
// whole before the run stops and asks. Finding one bad contact among 1,000
// takes 11.
const refusalsInARow = 16

// Brakes watch what Hello Charles says of the batches of a run.
type Brakes struct {
	// Asked counts the members that Hello Charles was asked to take, and Refused
	// those of them that it did not.
	Asked   int64 `json:"asked,omitempty"`
	Refused int64 `json:"refused,omitempty"`
	// InARow counts requests that were refused since the last one of which
	// something was taken.
	InARow int `json:"in_a_row,omitempty"`
	// Share of refused members that a person has allowed; zero: the sync's limit.
	Share float64 `json:"share,omitempty"`
}

func (b *Brakes) observe(mode activities.SendMode, result activities.SendBatchResult) {
	// Who is sent again although an earlier run was refused says nothing new.
	refused := refused(result) - result.RefusedAgain
	taken := taken(result)
	b.Refused += refused
	b.Asked += refused + taken + result.Outcomes[audience.Unresolved] + result.Leavers[audience.Unresolved]
	switch {
	case taken > 0:
		b.InARow = 0
	case refused > 0, result.Split && !splitsUnanswered(mode):
		b.InARow++
	}
}

// splitsUnanswered reports whether a batch may be split in this mode although
// nobody refused it.
func splitsUnanswered(mode activities.SendMode) bool {
	return mode == activities.SendInHalves || mode == activities.SendSuspect
}

// taken is the number of members and leavers of a batch that Hello Charles took, or
// of whom it said that there is nothing to be done.
func taken(result activities.SendBatchResult) int64 {
	return result.Outcomes[audience.Created] + result.Outcomes[audience.Updated] + result.Outcomes[audience.Accepted] +
		result.Leavers[audience.Removed] + result.Leavers[audience.Gone] + result.MarkedAgain
}

// refused is the number of members and leavers that Hello Charles refused.
func refused(result activities.SendBatchResult) int64 {
	return result.Outcomes[audience.Refused] + result.Leavers[audience.Refused]
}

// whyStop says why a run should ask before it sends more, or nothing. Of
// requests that were under way at once, each may be refused down to its bad
// contact before anything is taken.
func (b *Brakes) whyStop(underWay int, limit float64) string {
	if b.tooManyInARow(underWay) {
		return fmt.Sprintf("Hello Charles refused %d requests in a row and took nothing", b.InARow)
	}
	share := max(limit, b.Share)
	if asked := float64(b.Asked); b.Asked > 0 && float64(b.Refused) > share*asked {
		return fmt.Sprintf("Hello Charles refused %s of %s contacts, more than %.3g%%",
			audience.Thousands(b.Refused), audience.Thousands(b.Asked), 100*share)
	}
	return ""
}

func (b *Brakes) tooManyInARow(underWay int) bool { return b.InARow >= refusalsInARow*max(underWay, 1) }

// release lets the run go on after an approval: it asks again when as many
// requests again are refused in a row, or when the share has doubled.
func (b *Brakes) release() {
	b.InARow = 0
	if b.Asked > 0 {
		b.Share = max(b.Share, 2*float64(b.Refused)/float64(b.Asked))
	}
}
