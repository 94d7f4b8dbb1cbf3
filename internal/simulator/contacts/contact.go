// Package contacts is what a simulated Hello Charles workspace knows: millions
// of contacts in modest memory, and the segments over them, whose counts
// follow writes with a lag that can be set.
package contacts

import (
	"encoding/json"
	"maps"
	"slices"
)

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
	// Keys are all its references with their source types; a contact that was
	// made in the app has none until one is stitched to it.
	Keys []Key `json:"keys,omitempty"`
	// Segments are the ids of the segments that the contact is in.
	Segments []string `json:"segments,omitempty"`
	// Upserts is how many upserts were applied to the contact,
	// UpsertsWithoutChannels how many of them named no phone number and no email
	// address.
	Upserts                int `json:"upserts"`
	UpsertsWithoutChannels int `json:"upserts_without_channels,omitempty"`
}

// Upsert returns what brings the contact about.
func (c Contact) Upsert() Upsert {
	u := Upsert{
		SourceType: c.SourceType, Reference: c.Reference,
		FirstName: field(c.FirstName), MiddleName: field(c.MiddleName), LastName: field(c.LastName),
		Phones: Field[[]string]{len(c.Phones) > 0, false, c.Phones}, Emails: Field[[]string]{len(c.Emails) > 0, false, c.Emails},
		Tags: Field[[]string]{len(c.Tags) > 0, false, c.Tags},
	}
	for _, name := range slices.Sorted(maps.Keys(c.Properties)) {
		u.Properties.Set = true
		u.Properties.Value = append(u.Properties.Value, Property{name, c.Properties[name]})
	}
	return u
}

func field(text string) Field[string] { return Field[string]{Set: text != "", Value: text} }

// Key is what a sending system calls a contact.
type Key struct {
	SourceType string `json:"source_type"`
	Reference  string `json:"external_reference_id"`
}

// Truth is what is true of one reference.
type Truth struct {
	Reference string `json:"external_reference_id"`
	// Contacts hold it: none, one, or one for each source type.
	Contacts []Contact `json:"contacts"`
	// Erased says that a contact with the reference was erased. With Contacts it
	// came back.
	Erased bool `json:"erased"`
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
