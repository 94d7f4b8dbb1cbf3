package main

import "audiencesync/internal/simulator/people"

// expected is what refreshes come to, counted member by member.
type expected struct {
	// changed can be sent, and are, whether Hello Charles refused them before or not.
	changed int64
	// left were contacts.
	left int64
}

// count counts whom a refresh is about.
func count(crowd *people.Crowd, by people.Refresh, refuses func(reference string) bool) (e expected) {
	for i := range crowd.Size() {
		isChanged, hasLeft := crowd.Changed(i, by), crowd.Left(i, by)
		if !isChanged && !hasLeft {
			continue
		}
		m := crowd.Member(i)
		if m.Number == "" || m.Kind == people.BadEmail || m.Kind == people.Duplicate {
			continue
		}
		if isChanged {
			e.changed++
		}
		if hasLeft && !refuses(m.Number) {
			e.left++
		}
	}
	return e
}

// batches is how many requests it takes to send so many.
func batches(contacts int64) int64 { return (contacts + batchSize - 1) / batchSize }
