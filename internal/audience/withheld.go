package audience

import "strings"

// Withheld is a value that was left out of a contact that is sent all the same.
type Withheld struct {
	// Target is "phone", "email", "tags" or the technical name of the property.
	Target string
	// Label is the tag or option that was left out; empty for phone and email.
	Label string
}

// ExplainWithheld says what a count of values that were left out, by target, is about.
func ExplainWithheld(field string) string {
	switch field {
	case "phone", "email":
		return "sent without " + field + ", whose value is not usable"
	case "changed_phone", "changed_email":
		return "sent without " + strings.TrimPrefix(field, "changed_") + ", which changed: Hello Charles does not confirm that it still holds the contact (docs/refresh.md, Erased contacts)"
	case "tags":
		return "tags that are not allowed or do not exist (failures --withheld lists them)"
	default:
		return "of " + field + ": no usable value, or no such option (failures --withheld lists them)"
	}
}
