package audience

// The outcomes of a leaver: someone who was accepted earlier and is not in the
// audience any more, or may not be. Refused and Unresolved are further ones.
const (
	// Removed: Hello Charles took the request that takes the marker away.
	Removed Outcome = "removed"
	// Gone: Hello Charles holds no such contact any more.
	Gone Outcome = "gone"
	// Kept: the mode of the sync unmarks nobody.
	Kept Outcome = "kept"
)

// Leavers counts those who left the audience by what happened to them.
type Leavers struct {
	Removed    int64 `json:"removed"`
	Gone       int64 `json:"gone"`
	Kept       int64 `json:"kept"`
	Refused    int64 `json:"refused"`
	Unresolved int64 `json:"unresolved"`
}

// Add counts n more leavers with outcome o. What is no outcome of a leaver counts
// as unresolved.
func (l *Leavers) Add(o Outcome, n int64) { *l.of(o) += n }

// Of returns the number of leavers with outcome o.
func (l *Leavers) Of(o Outcome) int64 { return *l.of(o) }

func (l *Leavers) of(o Outcome) *int64 {
	switch o {
	case Removed:
		return &l.Removed
	case Gone:
		return &l.Gone
	case Kept:
		return &l.Kept
	case Refused:
		return &l.Refused
	default:
		return &l.Unresolved
	}
}

// Merge adds the counts of other.
func (l *Leavers) Merge(other Leavers) {
	l.Removed += other.Removed
	l.Gone += other.Gone
	l.Kept += other.Kept
	l.Refused += other.Refused
	l.Unresolved += other.Unresolved
}

// Total is the number of leavers counted; for a finished run it equals the number
// of leavers planned.
func (l Leavers) Total() int64 { return l.Removed + l.Gone + l.Kept + l.Refused + l.Unresolved }
