package simulator

import (
	"time"

	"audiencesync/internal/audience"
	"audiencesync/internal/simulator/contacts"
	"audiencesync/internal/simulator/faults"
)

// CharlesOptions describe the Hello Charles workspace. Where its API is not
// public, each switch is one possible behaviour; the assumptions A1 to A21 are
// those of docs/hello-charles.md section 12.
type CharlesOptions struct {
	// Key is the value of the header x-api-key.
	Key string `yaml:"key"`
	// Keys are further keys.
	Keys []APIKey `yaml:"keys"`
	// Bearer is the token that reads need instead of the key (A2); with KeyReads
	// they take either.
	Bearer   string `yaml:"bearer"`
	KeyReads bool   `yaml:"key_reads"`
	// RequireHTTPS answers 403 to plain HTTP.
	RequireHTTPS bool `yaml:"require_https"`
	// Limits are the rate limits (A14); zero is none.
	Limits Limits `yaml:"limits"`

	Batch BatchOptions `yaml:"batch"`
	// Single is the answer to a single contact that was taken (A6): its record
	// unless given, or nothing when Batch.Reply is none.
	Single SingleReply `yaml:"single"`
	// Errors is the body of errors (A7).
	Errors ErrorForm `yaml:"errors"`
	// MaxBodyBytes bounds the body of a contact call; larger ones are 413 (A15).
	// Default: 64 MiB.
	MaxBodyBytes int64 `yaml:"max_body_bytes"`

	// Tags, Properties and Segments of the workspace; nil means DefaultTags,
	// DefaultProperties and DefaultSegments.
	Tags       []Tag              `yaml:"tags"`
	Properties []Property         `yaml:"properties"`
	Segments   []contacts.Segment `yaml:"segments"`
	// Lag is how segments follow writes (A11); a fault plan with counts
	// overrides it.
	Lag contacts.Lag `yaml:"lag"`

	// Unknown is what happens to tags and custom properties that have no place
	// (A8): drop unless given. The four after it take its value unless given.
	Unknown UnknownValues `yaml:"unknown"`
	// UnknownTags: tags that do not exist.
	UnknownTags UnknownValues `yaml:"unknown_tags"`
	// UnknownProperties: custom properties that do not exist.
	UnknownProperties UnknownValues `yaml:"unknown_properties"`
	// ReadOnly: custom properties that exist and cannot be written.
	ReadOnly UnknownValues `yaml:"read_only"`
	// WrongTypes: values that are not of the type of their custom property.
	WrongTypes UnknownValues `yaml:"wrong_types"`
	// UnknownOptions: values of select, radio and multiselect that are no option
	// of theirs. Default: take.
	UnknownOptions UnknownValues `yaml:"unknown_options"`
	// BadChannels: phone numbers that are not international and email addresses
	// that are none. Default: refuse_item. A number that is taken without a
	// country code stitches nothing.
	BadChannels UnknownValues `yaml:"bad_channels"`
	// Malformed: contacts with keys missing, unknown, or of a wrong JSON type,
	// refuse_call or refuse_item. Default: refuse_call.
	Malformed UnknownValues `yaml:"malformed"`
	// MalformedStatus is the answer to such a call, 400 or 422. Default: 400.
	MalformedStatus int `yaml:"malformed_status"`

	// TagsByID takes the ids of tags instead of their labels (A4).
	TagsByID bool `yaml:"tags_by_id"`
	// ClearOmitted empties fields that an upsert does not name, IgnoreNull keeps
	// those that it sets to null, ReplaceTags lets its tags take the place of
	// those that the contact has, AddChannels keeps the contact's other phone
	// numbers and email addresses behind the ones that are sent (A5).
	ClearOmitted bool `yaml:"clear_omitted"`
	IgnoreNull   bool `yaml:"ignore_null"`
	ReplaceTags  bool `yaml:"replace_tags"`
	AddChannels  bool `yaml:"add_channels"`
	// ByReference takes the reference alone for the key of a contact; StitchPhone
	// and StitchEmail give a new reference to the contact that has its phone
	// number or email address, so that counts come out lower (A13).
	ByReference bool `yaml:"by_reference"`
	StitchPhone bool `yaml:"stitch_phone"`
	StitchEmail bool `yaml:"stitch_email"`
	// Households are so many contacts of a shop that are there from the
	// beginning (source type shop, references shop-0 on), each with the phone
	// numbers of two members. With StitchPhone and AddChannels two become one.
	Households int64 `yaml:"households"`
	// Known are members who are contacts from the beginning.
	Known KnownContacts `yaml:"known"`
	// ChannelsToCreate refuses to create a contact without phone and email.
	ChannelsToCreate bool `yaml:"channels_to_create"`
	// NoContact is how an upsert is refused that names a contact which is not
	// there, without what it needs to create one (A20).
	NoContact NoContact `yaml:"no_contact"`

	// BetaStatus is the answer to contact calls when the closed beta is not
	// enabled, 403 or 404; zero means that it is enabled (A18).
	BetaStatus int `yaml:"beta_status"`
	// ReadsForbidden answers 403 to reads: the key lacks the permission.
	ReadsForbidden bool `yaml:"reads_forbidden"`
	// ContactPath reads one contact: {reference} stands for the reference, also
	// in a query, {source_type} for the source type; "none" means that there is
	// no such call. Default: /api/v1beta/contacts/{reference}.
	ContactPath string `yaml:"contact_path"`
	// IgnorePaging serves tags and properties whole, whatever limit and offset say (A12).
	IgnorePaging bool `yaml:"ignore_paging"`
	// NoCountHeader leaves X-Resource-Count out.
	NoCountHeader bool `yaml:"no_count_header"`
}

// APIKey is one more key of a workspace.
type APIKey struct {
	Key string `yaml:"key"`
	// Revoked keys are answered 401.
	Revoked bool `yaml:"revoked"`
	// NoContacts and NoReads answer 403: the key lacks the permission.
	NoContacts bool `yaml:"no_contacts"`
	NoReads    bool `yaml:"no_reads"`
}

// KnownContacts are members of the audience who are contacts before anything is
// sent: with names, a phone number, an email address and a birthday that are not
// those of the audience, the tag newsletter and the property preferred_channel.
type KnownContacts struct {
	// Members is how many, the first of the audience that have a usable number.
	Members int64 `yaml:"members"`
	// SourceType is theirs, "zeotap" unless given.
	SourceType string `yaml:"source_type"`
}

// NoContact is the refusal of an upsert that cannot create its contact.
type NoContact struct {
	// Status is 404, 409, 410 or 422. Default: 422.
	Status int `yaml:"status"`
	// Code is "phone_numbers_required" or "email_address_required" unless given.
	Code string `yaml:"code"`
}

// Limits are the limits of one key. What passes them is answered 429.
type Limits struct {
	// PerSecond and Burst (default 1) are a bucket of tokens; zero is no limit.
	PerSecond float64 `yaml:"per_second"`
	Burst     int     `yaml:"burst"`
	// InFlight is the most requests at one time; zero is no limit.
	InFlight int `yaml:"in_flight"`
	// RetryAfter is how a 429 tells the wait: seconds unless given.
	RetryAfter faults.RetryAfterForm `yaml:"retry_after"`
	// Wait is told instead of the real waiting time.
	Wait time.Duration `yaml:"wait"`
}

// SingleReply is the answer to a single contact that was taken.
type SingleReply string

// The answers to a single contact.
const (
	// SingleRecord: 201 with the contact when it was created, else 200.
	SingleRecord SingleReply = "record"
	// SingleOK: 200 with the contact.
	SingleOK SingleReply = "ok"
	// SingleAccepted: 202 without a body.
	SingleAccepted SingleReply = "accepted"
	// SingleNone: 204.
	SingleNone SingleReply = "none"
)

// ErrorForm is the body of an error.
type ErrorForm string

// The bodies of errors.
const (
	// ErrorList: {"errors":[{code, class, message_key, message, ...}]} (section 10).
	ErrorList ErrorForm = "list"
	// ErrorObject: {"error":{"code":"...","message":"..."}}.
	ErrorObject ErrorForm = "object"
	ErrorEmpty  ErrorForm = "empty"
	ErrorHTML   ErrorForm = "html"
)

// UnknownValues is what happens to values, or to contacts, that have no place.
type UnknownValues string

// What happens to unknown values.
const (
	DropUnknown     UnknownValues = "drop"
	RefuseContact   UnknownValues = "refuse_item"
	RefuseWholeCall UnknownValues = "refuse_call"
	// TakeUnknown keeps the value as if it had a place: a tag is created.
	TakeUnknown UnknownValues = "take"
)

// withDefaults fills in what was not given.
func (o CharlesOptions) withDefaults(a audience.Audience) CharlesOptions {
	defaultTo(&o.Key, DefaultKey)
	defaultTo(&o.Limits.Burst, 1)
	defaultTo(&o.Errors, ErrorList)
	defaultTo(&o.MaxBodyBytes, maxBody)
	defaultTo(&o.Unknown, DropUnknown)
	for _, kind := range []*UnknownValues{&o.UnknownTags, &o.UnknownProperties, &o.ReadOnly, &o.WrongTypes} {
		defaultTo(kind, o.Unknown)
	}
	defaultTo(&o.UnknownOptions, TakeUnknown)
	defaultTo(&o.BadChannels, RefuseContact)
	defaultTo(&o.Malformed, RefuseWholeCall)
	defaultTo(&o.MalformedStatus, 400)
	defaultTo(&o.Known.SourceType, "zeotap")
	defaultTo(&o.NoContact.Status, 422)
	defaultTo(&o.ContactPath, "/api/v1beta/contacts/{reference}")
	o.Batch = o.Batch.withDefaults()
	if o.Batch.Reply == ReplyNone {
		defaultTo(&o.Single, SingleNone)
	}
	defaultTo(&o.Single, SingleRecord)
	if o.Tags == nil {
		o.Tags = DefaultTags()
	}
	if o.Properties == nil {
		o.Properties = DefaultProperties(a)
	}
	if o.Segments == nil {
		o.Segments = DefaultSegments(a)
	}
	return o
}
