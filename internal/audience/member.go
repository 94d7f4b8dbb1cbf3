package audience

// Member is one record of an audience as the source gives it: catalogue
// fields and their values. A value is a string, a bool, a json.Number, a
// []any, a map[string]any or nil. CSV sources give strings only.
type Member map[string]any

// Contact is what is sent to Hello Charles for one member: the fields of
// Zeotap's "Hello Charles" integration guide, normalised and checked. Empty
// fields are not sent.
type Contact struct {
	// Reference is the external reference id, mapped and normalised.
	Reference  string
	FirstName  string
	MiddleName string
	LastName   string
	// Phone is the main phone number, E.164 ("+4915112345678").
	Phone string
	// Email is the main email address.
	Email string
	// Tags are labels that exist in Hello Charles; sending one adds it.
	Tags []string
	// Properties are custom properties by technical name; sending one sets or
	// overwrites it.
	Properties []Property
}

// Property is one custom property of a contact. The value is a string, a bool,
// a json.Number, a []string or []json.Number for the options of a multiselect
// property, or nil to clear it. Dates are strings in the form YYYY-MM-DD, dates
// with a time in that of ISO 8601 with an offset.
type Property struct {
	Name  string
	Value any
}
