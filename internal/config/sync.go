package config

// Sync is one audience into one workspace with one mapping: the content of a
// sync file. It holds names only, no credential, and becomes the input of a run.
type Sync struct {
	// Sync is the permanent name: lower-case letters, digits and dashes, at most 64.
	Sync string `yaml:"sync" json:"sync" jsonschema:"required"`
	// Audience is the Zeotap audience.
	Audience AudienceID `yaml:"audience" json:"audience" jsonschema:"required"`
	// Source is the name of the Zeotap connection, known to the worker.
	Source string `yaml:"source" json:"source" jsonschema:"required"`
	// Destination is the name of the Hello Charles connection, known to the worker.
	Destination string `yaml:"destination" json:"destination" jsonschema:"required"`
	// Mode: "add" upserts members and never unmarks anyone. Default: add.
	Mode Mode `yaml:"mode" json:"mode"`
	// Reference is the key of everything.
	Reference Reference `yaml:"reference" json:"reference" jsonschema:"required"`
	// Marker is how the Hello Charles segment recognises members: exactly one
	// of a custom property with a value, or a tag.
	Marker Marker `yaml:"marker" json:"marker" jsonschema:"required"`
	// Mapping says which catalogue field becomes which field of the contact.
	Mapping Mapping `yaml:"mapping" json:"mapping"`
	// Verification is how the run is proved.
	Verification Verification `yaml:"verification" json:"verification"`
	// Limits bound what a run may do.
	Limits SyncLimits `yaml:"limits" json:"limits"`
	// Accept is what still counts as a good run.
	Accept Accept `yaml:"accept" json:"accept"`
}

// AudienceID names the audience. The id is permanent; the name is for people.
type AudienceID struct {
	// ID is Zeotap's permanent id, as text: write it in quotes if it is a number.
	ID string `yaml:"id" json:"id" jsonschema:"required"`
	// Name is what reports call the audience.
	Name string `yaml:"name" json:"name,omitempty"`
}

// Mode says what a sync does with those who are not members.
type Mode string

// ModeAdd upserts members; nobody is ever unmarked.
const ModeAdd Mode = "add"

// Reference is the mapping of the external reference id.
type Reference struct {
	// From is the catalogue field.
	From string `yaml:"from" json:"from" jsonschema:"required"`
	// Normalise: "e164" (+4915112345678), "digits" (4915112345678) or "raw".
	Normalise Normalise `yaml:"normalise" json:"normalise" jsonschema:"required"`
	// DefaultRegion (ISO 3166, "DE") reads phone numbers that have no country
	// code, here and in mapping.phone. Without it they are invalid.
	DefaultRegion string `yaml:"default_region" json:"default_region,omitempty"`
}

// Normalise is a way to bring references into one spelling.
type Normalise string

// The normalisations of a reference.
const (
	NormaliseE164   Normalise = "e164"
	NormaliseDigits Normalise = "digits"
	NormaliseRaw    Normalise = "raw"
)

// Marker is exactly one of a custom property with a value, or a tag.
type Marker struct {
	// Property is the technical name of a custom property that exists in Hello
	// Charles. It is overwritten, so it can also be taken away.
	Property string `yaml:"property" json:"property,omitempty"`
	// Member is the property's value for members; required with a property.
	Member string `yaml:"member" json:"member,omitempty"`
	// Tag marks members with a tag. A tag cannot be taken away.
	Tag string `yaml:"tag" json:"tag,omitempty"`
}

// Mapping says where the fields of a contact come from. A plain string is the
// name of a catalogue field.
type Mapping struct {
	// FirstName is the catalogue field of the first name.
	FirstName string `yaml:"first_name" json:"first_name,omitempty"`
	// MiddleName is the catalogue field of the middle name.
	MiddleName string `yaml:"middle_name" json:"middle_name,omitempty"`
	// LastName is the catalogue field of the last name.
	LastName string `yaml:"last_name" json:"last_name,omitempty"`
	// Phone becomes the main phone number.
	Phone *Channel `yaml:"phone" json:"phone,omitempty"`
	// Email becomes the main email address.
	Email *Channel `yaml:"email" json:"email,omitempty"`
	// Tags are sent with every member. They must exist in Hello Charles.
	Tags []string `yaml:"tags" json:"tags,omitempty"`
	// Properties maps technical names of custom properties, which must exist.
	Properties map[string]PropertySource `yaml:"properties" json:"properties,omitempty"`
}

// Channel is the mapping of a phone number or an email address.
type Channel struct {
	// From is the catalogue field.
	From string `yaml:"from" json:"from" jsonschema:"required"`
	// Unusable says what becomes of a member whose value is present but not
	// usable: "hold_back" (the member is invalid) or "omit" (it is sent
	// without the value). A missing value is always sent without. Default: hold_back.
	Unusable Unusable `yaml:"unusable" json:"unusable,omitempty"`
}

// Unusable is what to do with a phone number or email address that fails its check.
type Unusable string

// The ways to treat an unusable channel.
const (
	HoldBack Unusable = "hold_back"
	Omit     Unusable = "omit"
)

// PropertySource is a catalogue field or a constant, and the type to send.
// Exactly one of From and Value is set.
type PropertySource struct {
	// From is the catalogue field.
	From string `yaml:"from" json:"from,omitempty"`
	// Value is a constant, as text, that every member gets.
	Value *string `yaml:"value" json:"value,omitempty"`
	// Type: "string", "number" or "date" (sent as YYYY-MM-DD).
	Type PropertyType `yaml:"type" json:"type" jsonschema:"required"`
}

// PropertyType is the type of a custom property's value.
type PropertyType string

// The types of custom properties.
const (
	PropertyString PropertyType = "string"
	PropertyNumber PropertyType = "number"
	PropertyDate   PropertyType = "date"
)

// Verification is how a run is proved: the segment's contact count is polled
// until it stands still at what is expected.
type Verification struct {
	// Segment is the id of the Hello Charles segment. Without one the run
	// cannot be proved: it ends as unverifiable, unless None is set.
	Segment string `yaml:"segment" json:"segment,omitempty"`
	// None asks for no verification: the run then ends well without proof.
	None bool `yaml:"none" json:"none,omitempty"`
	// Poll is the time between two counts, at least 100ms. Default: 5s.
	Poll Duration `yaml:"poll" json:"poll"`
	// MaxLag is how long a count that does not move is waited for; not less
	// than Poll. Default: 2m.
	MaxLag Duration `yaml:"max_lag" json:"max_lag"`
	// Deadline is when waiting ends at the latest; not less than MaxLag. Default: 15m.
	Deadline Duration `yaml:"deadline" json:"deadline"`
}

// SyncLimits bound a run.
type SyncLimits struct {
	// StagingMegabytes bounds the ledger space that one run may stage, in
	// megabytes. Default: 4096.
	StagingMegabytes int `yaml:"staging_megabytes" json:"staging_megabytes" jsonschema:"minimum=1"`
	// RefusedInFirstBatch is the share of the first batch, which goes alone,
	// that may be refused before the run stops. Default: 50%.
	RefusedInFirstBatch Share `yaml:"refused_in_first_batch" json:"refused_in_first_batch"`
	// BatchesPerHistory bounds one Temporal history; the run continues in a new
	// one. Default: 1000.
	BatchesPerHistory int `yaml:"batches_per_history" json:"batches_per_history" jsonschema:"minimum=1,maximum=5000"`
}

// Accept holds the shares that still count as a good run. Invalid and refused
// are shares of the members read, source gap of the size that Zeotap reported.
type Accept struct {
	// Invalid is the share of members that may fail our own checks. Default: 0.
	Invalid Share `yaml:"invalid" json:"invalid"`
	// Refused is the share of members that Hello Charles may refuse. Default: 0.
	Refused Share `yaml:"refused" json:"refused"`
	// SourceGap is how far the number of members read may differ from the size
	// that Zeotap reported. Default: 0.
	SourceGap Share `yaml:"source_gap" json:"source_gap"`
}
