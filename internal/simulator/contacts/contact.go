// Package contacts is what a simulated Hello Charles workspace knows: millions
// of contacts in modest memory, and the segments over them, whose counts
// follow writes with a lag that can be set.
package contacts

import "encoding/json"

// Contact is one stored contact.
type Contact struct {
	ID         string                     `json:"id"`
	SourceType string                     `json:"source_type"`
	Reference  string                     `json:"external_reference_id"`
	FirstName  string                     `json:"first_name,omitempty"`
	MiddleName string                     `json:"middle_name,omitempty"`
	LastName   string                     `json:"last_name,omitempty"`
	Phones     []string                   `json:"phone_numbers,omitempty"`
	Emails     []string                   `json:"email_address,omitempty"`
	Tags       []string                   `json:"tags,omitempty"`
	Properties map[string]json.RawMessage `json:"custom_properties,omitempty"`
	// AlsoKnownAs are the references that were stitched to the contact.
	AlsoKnownAs []string `json:"also_known_as,omitempty"`
	// Upserts is how many upserts were applied to the contact.
	Upserts int `json:"upserts"`
}

// Field is a field of an upsert: left out, null, or a value.
type Field[T any] struct {
	Set   bool
	Null  bool
	Value T
}

// Upsert is one contact as it was sent, checked, with tags and custom
// properties that exist. The key is source type and reference.
type Upsert struct {
	SourceType string
	Reference  string
	FirstName  Field[string]
	MiddleName Field[string]
	LastName   Field[string]
	Phones     Field[[]string]
	Emails     Field[[]string]
	Tags       Field[[]string]
	Properties Field[[]Property]
}

// Property is a custom property with its value as JSON; null clears it.
type Property struct {
	Name  string
	Value json.RawMessage
}

// Effect is what an upsert did.
type Effect struct {
	// Missing names a field without which the contact cannot be created; the
	// upsert then had no effect.
	Missing string
	Created bool
	// Stitched says that a new reference became one more of a contact that had
	// its phone number or email address.
	Stitched bool
	// Repeated says that the contact already held all of it.
	Repeated bool
	ID       string
}

// Policy is how upserts are applied where the public documents are silent.
type Policy struct {
	// ClearOmitted empties the fields that an upsert does not name; otherwise
	// they keep their values.
	ClearOmitted bool
	// IgnoreNull leaves fields as they are that an upsert sets to null; otherwise
	// null clears.
	IgnoreNull bool
	// ReplaceTags lets the tags of an upsert take the place of those that the
	// contact has; otherwise they are added.
	ReplaceTags bool
	// AddChannels puts the phone numbers and email addresses of an upsert before
	// those that the contact has; otherwise they take their place.
	AddChannels bool
	// ByReference takes the reference alone for the key of a contact, whatever
	// the source type; otherwise both are the key.
	ByReference bool
	// StitchPhone and StitchEmail give a new reference to the contact that has
	// its phone number or email address (see docs/hello-charles.md A13).
	StitchPhone, StitchEmail bool
	// ChannelsToCreate refuses to create a contact without a phone number and
	// an email address.
	ChannelsToCreate bool
	// AllOrNothing applies no upsert of a batch in which one is refused.
	AllOrNothing bool
}
