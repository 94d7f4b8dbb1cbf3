package audience

// Withheld is a value that was left out of a contact that is sent all the same.
type Withheld struct {
	// Target is "phone", "email", "tags" or the technical name of the property.
	Target string
	// Label is the tag or option that was left out; empty for phone and email.
	Label string
}
