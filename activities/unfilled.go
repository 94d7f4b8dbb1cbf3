package activities

import (
	"audiencesync/internal/audience"
	"audiencesync/internal/config"
	"audiencesync/internal/firstsync"
)

// unfilled are the fields of a mapping in which no member has had a value yet. Nothing
// else tells of a name that was mistyped: a field that a member lacks is no mistake.
type unfilled []string

func newUnfilled(fields []string) *unfilled {
	u := unfilled(fields)
	return &u
}

// see drops the fields in which a member has a value. An empty text is none.
func (u *unfilled) see(mapped audience.Member) {
	left := (*u)[:0]
	for _, field := range *u {
		if value := mapped[field]; value == nil || value == "" {
			left = append(left, field)
		}
	}
	*u = left
}

// namesFrom is how many members of a page are looked at for the names of their fields.
const namesFrom = 100

// meant returns the fields, each with the one that was probably meant; empty where none
// of the members' is near.
func (u *unfilled) meant(members []audience.Member) map[string]string {
	if len(*u) == 0 {
		return nil
	}
	names := firstsync.Look(members[:min(len(members), namesFrom)]).Names()
	meant := make(map[string]string, len(*u))
	for _, field := range *u {
		near, _ := config.Nearest(field, names)
		meant[field] = near
	}
	return meant
}
