package config

import (
	"encoding/json"
	"fmt"
	"strings"
)

// Origin is where a value comes from: exactly one of From, FirstOf, Value and
// Template, unless what it belongs to knows further ones. Fields are catalogue
// fields of Zeotap; a dot descends into objects ("address.city").
type Origin struct {
	// From is a catalogue field.
	From string `yaml:"from" json:"from,omitempty"`
	// FirstOf is a list of catalogue fields: the first that is not empty counts.
	FirstOf []string `yaml:"first_of" json:"first_of,omitempty"`
	// Value is a constant, as text: the same for every member.
	Value *string `yaml:"value" json:"value,omitempty"`
	// Template is text with catalogue fields in braces ("{first_name} {last_name}"),
	// and {{ and }} for braces. Blanks around it and runs of blanks in it are
	// removed; it is empty when all its fields are.
	Template string `yaml:"template" json:"template,omitempty"`
}

// Describe names the source for a person: the same text for the same source.
func (o Origin) Describe() string {
	switch {
	case o.Value != nil:
		return "a constant"
	case o.Template != "":
		return fmt.Sprintf("the template %q", o.Template)
	case len(o.FirstOf) > 0:
		return "the first of " + strings.Join(o.FirstOf, ", ")
	default:
		return o.From
	}
}

// Mapping says where the fields of a contact come from. A plain string is the
// name of a catalogue field; among the tags it is a tag. Everything may be left
// out: Hello Charles needs phone and email only to create a contact.
type Mapping struct {
	// FirstName is the first name.
	FirstName *Text `yaml:"first_name" json:"first_name,omitempty"`
	// MiddleName is the middle name.
	MiddleName *Text `yaml:"middle_name" json:"middle_name,omitempty"`
	// LastName is the last name.
	LastName *Text `yaml:"last_name" json:"last_name,omitempty"`
	// Phone becomes the main phone number.
	Phone *Channel `yaml:"phone" json:"phone,omitempty"`
	// Email becomes the main email address.
	Email *Channel `yaml:"email" json:"email,omitempty"`
	// Tags are added to the tags of the contact. They must exist in Hello Charles.
	Tags []TagSource `yaml:"tags" json:"tags,omitempty"`
	// Properties maps technical names of custom properties, which must exist.
	Properties map[string]PropertySource `yaml:"properties" json:"properties,omitempty"`
}

// Text is the mapping of a name.
type Text struct {
	Origin
	// MaxLength is the most characters that are sent. Default: 255.
	MaxLength int `yaml:"max_length" json:"max_length,omitempty" jsonschema:"minimum=1,maximum=4000"`
	// TooLong says what becomes of a longer text: "cut" (before a character that
	// would be broken) or "hold_back" (the member is invalid). Default: cut.
	TooLong TooLong `yaml:"too_long" json:"too_long,omitempty"`
}

// named reads the short form: the name of a catalogue field.
func (t *Text) named(field string) { t.From = field }

// UnmarshalJSON reads the short form too.
func (t *Text) UnmarshalJSON(raw []byte) error {
	type plain Text
	return unmarshalShort(raw, &t.From, (*plain)(t))
}

// The longest texts that are sent, in characters, where a sync sets no
// max_length: Hello Charles publishes no limit (docs/hello-charles.md A15).
const (
	MaxNameLength     = 255
	MaxPropertyLength = 4000
)

// TooLong is what to do with a text that is longer than its limit.
type TooLong string

// The ways to treat a text that is too long.
const (
	TooLongCut      TooLong = "cut"
	TooLongHoldBack TooLong = "hold_back"
)

// Choices are the ways to treat a text that is too long.
func (TooLong) Choices() []string { return []string{string(TooLongCut), string(TooLongHoldBack)} }

// Channel is the mapping of a phone number or an email address.
type Channel struct {
	Origin
	// Unusable says what becomes of a member whose value is present but not
	// usable: "hold_back" (the member is invalid) or "omit" (it is sent
	// without the value). Default: hold_back.
	Unusable Unusable `yaml:"unusable" json:"unusable,omitempty"`
	// Missing says what becomes of a member without the value: "send" or
	// "hold_back" (the member is invalid). Hello Charles needs both values only
	// to create a contact. Default: send.
	Missing Missing `yaml:"missing" json:"missing,omitempty"`
}

// named reads the short form: the name of a catalogue field.
func (c *Channel) named(field string) { c.From = field }

// Unusable is what to do with a value that fails its check.
type Unusable string

// The ways to treat an unusable value.
const (
	HoldBack Unusable = "hold_back"
	Omit     Unusable = "omit"
)

// Missing is what to do with a member that lacks a phone number or email address.
type Missing string

// The ways to treat a missing value.
const (
	MissingSend     Missing = "send"
	MissingHoldBack Missing = "hold_back"
)

// Choices are the ways to treat a missing value.
func (Missing) Choices() []string { return []string{string(MissingSend), string(MissingHoldBack)} }

// AudiencePart is a part of the audience that every member shares.
type AudiencePart string

// The parts of an audience.
const (
	AudienceIDPart   AudiencePart = "id"
	AudienceNamePart AudiencePart = "name"
)

// Choices are the parts of an audience.
func (AudiencePart) Choices() []string {
	return []string{string(AudienceIDPart), string(AudienceNamePart)}
}

// ListField is a catalogue field that holds several values.
type ListField struct {
	// List is a catalogue field with a list, or with text that is split.
	List string `yaml:"list" json:"list,omitempty"`
	// Separator is the character between the values of a list that is text, as in
	// CSV files. Default: a comma.
	Separator string `yaml:"separator" json:"separator,omitempty" jsonschema:"minLength=1,maxLength=1"`
}

// Labels bounds which tags, or options of a select property, members may bring.
type Labels struct {
	// Allow lists the labels that may be sent, as the source writes them; others
	// are not allowed. Without it every label is.
	Allow []string `yaml:"allow" json:"allow,omitempty"`
	// Rename gives labels of the source another name in Hello Charles.
	Rename map[string]string `yaml:"rename" json:"rename,omitempty"`
	// Prefix is put before every label, after Rename.
	Prefix string `yaml:"prefix" json:"prefix,omitempty"`
	// Unknown says what is done about labels that are not allowed or do not exist
	// in Hello Charles: "withhold" (the contact is sent without them, and they are
	// counted) or "stop" (the run sends nothing). Default: withhold.
	Unknown Unknown `yaml:"unknown" json:"unknown,omitempty"`
}

// Unknown is what to do about a label that may not be sent.
type Unknown string

// The ways to treat a label that may not be sent.
const (
	UnknownWithhold Unknown = "withhold"
	UnknownStop     Unknown = "stop"
)

// Choices are the ways to treat a label that may not be sent.
func (Unknown) Choices() []string { return []string{string(UnknownWithhold), string(UnknownStop)} }

// TagSource is one source of tags: a constant, one value, a list, or a part of
// the audience.
type TagSource struct {
	Origin
	ListField
	// Audience sends the "id" or the "name" of the audience as a tag.
	Audience AudiencePart `yaml:"audience" json:"audience,omitempty"`
	Labels
}

// ConstantTags are tags that every member gets.
func ConstantTags(labels ...string) []TagSource {
	tags := make([]TagSource, len(labels))
	for i := range labels {
		tags[i].Value = &labels[i]
	}
	return tags
}

// named reads the short form: a tag that every member gets.
func (t *TagSource) named(label string) { t.Value = &label }

// UnmarshalJSON reads the short form too.
func (t *TagSource) UnmarshalJSON(raw []byte) error {
	type plain TagSource
	var label string
	if err := unmarshalShort(raw, &label, (*plain)(t)); err != nil {
		return err
	}
	if label != "" {
		t.Value = &label
	}
	return nil
}

// PropertySource says where the value of a custom property comes from and in
// which form it is sent.
type PropertySource struct {
	// Type: "string", "number", "boolean", "date" (sent as YYYY-MM-DD), "datetime"
	// (ISO 8601 with offset), "select" (one option) or "multiselect" (several).
	Type PropertyType `yaml:"type" json:"type" jsonschema:"required"`
	Origin
	ListField
	// Audience sends the "id" or the "name" of the audience.
	Audience AudiencePart `yaml:"audience" json:"audience,omitempty"`
	// Format of dates in the source: "iso", "epoch_seconds", "epoch_milliseconds"
	// or a pattern such as "DD.MM.YYYY" or "MM/DD/YYYY hh:mm A". Default: iso.
	Format string `yaml:"format" json:"format,omitempty"`
	// TimeZone (IANA, "Europe/Berlin") is that of dates without an offset.
	// Default: UTC.
	TimeZone string `yaml:"time_zone" json:"time_zone,omitempty"`
	// DecimalComma reads numbers such as "12,5"; a point is then an error, as it
	// could part thousands. Default: false.
	DecimalComma bool `yaml:"decimal_comma" json:"decimal_comma,omitempty"`
	// True lists the texts that mean true, in any letter case. Default: true, 1, yes.
	True []string `yaml:"true" json:"true,omitempty"`
	// False lists the texts that mean false, in any letter case. Default: false, 0, no.
	False []string `yaml:"false" json:"false,omitempty"`
	// Numbers sends the options of a select or multiselect as numbers. Default: false.
	Numbers bool `yaml:"numbers" json:"numbers,omitempty"`
	// Empty says what an empty value does: "omit" (the property is not named) or
	// "clear" (null is sent). Default: omit.
	Empty Empty `yaml:"empty" json:"empty,omitempty"`
	// Unusable says what becomes of a value that cannot be converted: "hold_back"
	// (the member is invalid) or "omit" (it is sent without it). Default: hold_back.
	Unusable Unusable `yaml:"unusable" json:"unusable,omitempty"`
	// MaxLength is the most characters of a string. Default: 4000.
	MaxLength int `yaml:"max_length" json:"max_length,omitempty" jsonschema:"minimum=1,maximum=4000"`
	// TooLong says what becomes of a longer string: "cut" or "hold_back" (the
	// member is invalid). Default: hold_back.
	TooLong TooLong `yaml:"too_long" json:"too_long,omitempty"`
	Labels
}

// PropertyType is the type of a custom property's value.
type PropertyType string

// The types of custom properties (docs/hello-charles.md section 6).
const (
	PropertyString      PropertyType = "string"
	PropertyNumber      PropertyType = "number"
	PropertyBoolean     PropertyType = "boolean"
	PropertyDate        PropertyType = "date"
	PropertyDateTime    PropertyType = "datetime"
	PropertySelect      PropertyType = "select"
	PropertyMultiselect PropertyType = "multiselect"
)

// Empty is what an empty value does to a custom property.
type Empty string

// What an empty value may do.
const (
	EmptyOmit  Empty = "omit"
	EmptyClear Empty = "clear"
)

// Choices are what an empty value may do.
func (Empty) Choices() []string { return []string{string(EmptyOmit), string(EmptyClear)} }

// unmarshalShort reads a text into short, or anything else into long.
func unmarshalShort(raw []byte, short *string, long any) error {
	if len(raw) > 0 && raw[0] == '"' {
		return json.Unmarshal(raw, short)
	}
	return json.Unmarshal(raw, long)
}
