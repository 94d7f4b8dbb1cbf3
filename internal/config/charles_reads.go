package config

// Reads is how a workspace is read. Paths follow charles' public SDK
// (observed, no promise): {segment} stands for the segment id.
type Reads struct {
	// Allowed false says that the key may not read: then KnownTags and
	// KnownProperties are the operator's list, and nothing can be verified.
	// Default: true.
	Allowed *bool `yaml:"allowed" json:"allowed"`
	// Credential for reads; the connection's own when empty.
	Credential CredentialRef `yaml:"credential" json:"credential,omitempty"`
	// Auth: "api_key" (x-api-key) or "bearer" (Authorization). Default: api_key.
	Auth ReadAuth `yaml:"auth" json:"auth"`
	// TagsPath lists tags. Default: /api/v0/tags.
	TagsPath string `yaml:"tags_path" json:"tags_path"`
	// PropertiesPath lists custom properties. Default: /api/v0/custom_properties.
	PropertiesPath string `yaml:"properties_path" json:"properties_path"`
	// SegmentsPath lists segments, for "audiencesync init". Default: /api/v0/contact_lists.
	SegmentsPath string `yaml:"segments_path" json:"segments_path"`
	// SegmentCountPath counts a segment; {segment} stands for its id. Default:
	// /api/v1/contact_lists/{segment}/preview.
	SegmentCountPath string `yaml:"segment_count_path" json:"segment_count_path"`
	// CountHeader carries the count; a reply without it is an error, not 0.
	// Default: X-Resource-Count.
	CountHeader string `yaml:"count_header" json:"count_header"`
	// PageSize is asked for when listing tags and properties. Default: 100.
	PageSize int `yaml:"page_size" json:"page_size" jsonschema:"minimum=1,maximum=10000"`
	// SegmentMembersPath lists the contacts of a segment (A21); {segment} stands
	// for its id. Default: /api/v1/contact_lists/{segment}/preview.
	SegmentMembersPath string `yaml:"segment_members_path" json:"segment_members_path"`
	// SegmentPageSize is asked for when listing the contacts of a segment. A
	// server may give less. Default: 500.
	SegmentPageSize int `yaml:"segment_page_size" json:"segment_page_size" jsonschema:"minimum=1,maximum=10000"`
	// SegmentMember are the names inside a row of SegmentMembersPath.
	SegmentMember SegmentMemberNames `yaml:"segment_member" json:"segment_member"`
	// ContactPath reads one contact back, for "audiencesync try" and "trace", and for
	// the sample that a run reads back (verification.sample):
	// {reference} and {source_type} are replaced, escaped; a query may follow
	// after "?". Default: empty, no public document names such a call.
	ContactPath string `yaml:"contact_path" json:"contact_path,omitempty"`
	// Contact are the names inside the reply of ContactPath.
	Contact ContactNames `yaml:"contact" json:"contact"`
	// KnownTags are the tags that exist, where the key may not read.
	KnownTags []string `yaml:"known_tags" json:"known_tags,omitempty"`
	// KnownProperties are the custom properties that exist, where the key may not
	// read: technical names, or names with their type, input and options.
	KnownProperties []KnownProperty `yaml:"known_properties" json:"known_properties,omitempty"`
}

// SegmentMemberNames are the JSON names of the contacts of a segment; a dot
// descends. The defaults are those of a preview in charles' public SDK (observed,
// no promise).
type SegmentMemberNames struct {
	// Data is the key of the rows; empty means that the reply is a bare array.
	// Default: data.
	Data string `yaml:"data" json:"data" jsonschema:"minLength=0"`
	// ID is the key of the contact's own id in a row: it tells rows apart.
	// Default: person.id.
	ID string `yaml:"id" json:"id"`
	// References is the key of the list of references in a row.
	// Default: person.channel_users.
	References string `yaml:"references" json:"references"`
	// Reference is the key of the reference in an entry of that list.
	// Default: external_person_reference_id.
	Reference string `yaml:"reference" json:"reference"`
	// SourceType is the key of the source type in an entry of that list; a
	// reference of another source type, or of none, is not ours. Default: source_type.
	SourceType string `yaml:"source_type" json:"source_type"`
	// AnySource takes references of every source type for ours: for a workspace that
	// knows contacts by the reference alone (see docs/hello-charles.md A13). Default:
	// false.
	AnySource bool `yaml:"any_source" json:"any_source,omitempty"`
}

// ReadAuth is how reads are authenticated.
type ReadAuth string

// The ways to authenticate reads.
const (
	AuthAPIKey ReadAuth = "api_key"
	AuthBearer ReadAuth = "bearer"
)

// ReadsAllowed reports whether the workspace may be read.
func (r Reads) ReadsAllowed() bool { return r.Allowed == nil || *r.Allowed }

// ContactNames are the JSON names of one contact that is read back; a dot
// descends, and a list on the way is gone through entry by entry. The defaults
// are those of a person in charles' app API (observed, no promise).
type ContactNames struct {
	// Data is the key of the contact, or of a list that is searched for the
	// reference; empty means the reply itself. Default: data.
	Data string `yaml:"data" json:"data" jsonschema:"minLength=0"`
	// Reference is the key of the reference: a reply that does not hold the one
	// asked for is not this contact. Default: channel_users.external_person_reference_id.
	Reference string `yaml:"reference" json:"reference"`
	// FirstName is the key of the first name. Default: first_name.
	FirstName string `yaml:"first_name" json:"first_name"`
	// MiddleName is the key of the middle name. Default: middle_name.
	MiddleName string `yaml:"middle_name" json:"middle_name"`
	// LastName is the key of the last name. Default: last_name.
	LastName string `yaml:"last_name" json:"last_name"`
	// Phones is the key of phone numbers. Default: phonenumbers.value.
	Phones string `yaml:"phones" json:"phones"`
	// Emails is the key of email addresses. Default: emails.value.
	Emails string `yaml:"emails" json:"emails"`
	// Tags is the key of tags: labels or ids. Default: tags.
	Tags string `yaml:"tags" json:"tags"`
	// Properties is the key of the object of custom properties. Default: custom_properties.
	Properties string `yaml:"properties" json:"properties"`
}
