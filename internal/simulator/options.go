package simulator

import (
	"time"

	"go.uber.org/zap"

	"audiencesync/internal/audience"
	"audiencesync/internal/simulator/contacts"
	"audiencesync/internal/simulator/faults"
)

// Faults is a fault plan: what goes wrong, and for whom.
type Faults = faults.Plan

// LoadFaults reads a fault plan from a YAML or JSON file.
func LoadFaults(path string) (Faults, error) { return faults.Load(path) }

// Options describe both vendors. The zero value of every field is the
// documented behaviour, or the friendliest where nothing is documented.
type Options struct {
	Zeotap  ZeotapOptions
	Charles CharlesOptions
	// Faults is the plan at the start and after a reset.
	Faults Faults
	// JournalEntries is how many requests the journal remembers (default 10,000).
	JournalEntries int
	// AllowRemote lets Serve listen on addresses that other machines reach.
	AllowRemote bool
	// Clock is the time of snapshots, counts and rate limits; default time.Now.
	Clock  func() time.Time
	Logger *zap.Logger
}

// DefaultKey is the API key of both vendors unless another is given.
const DefaultKey = "demo-key"

// ZeotapOptions describe the audience and how its pages are served.
type ZeotapOptions struct {
	// Members is the size of the audience, at most people.Capacity.
	Members int64
	// Seed decides who they are.
	Seed uint64
	// Audience is 984 "Spring campaign" unless another is given.
	Audience audience.Audience
	// Key is the value of the header apikey.
	Key string
	// PageMax caps the limit of a page (default 10,000).
	PageMax int

	// NoSize reports no audience size; SizeDelta reports one that is off.
	NoSize    bool
	SizeDelta int64
	// NoTotal announces no total; TotalDelta announces one that is off, so that
	// the read ends early or late.
	NoTotal    bool
	TotalDelta int64
	// Unpinned says of snapshots that the source may change while it is paged.
	Unpinned bool
	// SnapshotTTL is when a snapshot expires; zero is never.
	SnapshotTTL time.Duration
	// EmptyPageEvery puts an empty page with a cursor after every n-th page.
	EmptyPageEvery int64
	// VersionChangesAt gives pages from that member on another version.
	VersionChangesAt int64
}

// CharlesOptions describe the Hello Charles workspace. Where its API is not
// public, each switch is one possible behaviour; the assumptions A1 to A18 are
// those of docs/hello-charles.md section 12.
type CharlesOptions struct {
	// Key is the value of the header x-api-key.
	Key string
	// Bearer is the token that reads need instead of the key (A2).
	Bearer string
	Batch  BatchOptions

	// Tags, Properties and Segments of the workspace; nil means DefaultTags,
	// DefaultProperties and DefaultSegments.
	Tags       []Tag
	Properties []Property
	Segments   []contacts.Segment
	// Lag is how segment counts follow writes (A11); a fault plan with counts
	// overrides it.
	Lag contacts.Lag

	// Unknown is what happens to tags and custom properties that do not exist,
	// cannot be written or have a value of the wrong type (A8).
	Unknown UnknownValues
	// TagsByID takes the ids of tags instead of their labels (A4).
	TagsByID bool
	// ClearOmitted empties fields that an upsert does not name (A5).
	ClearOmitted bool
	// ChannelsToCreate refuses to create a contact without phone and email.
	ChannelsToCreate bool
	// AnyChannels takes phone numbers that are not international and email
	// addresses that are none; otherwise such contacts are refused.
	AnyChannels bool

	// BetaStatus is the answer to contact calls when the closed beta is not
	// enabled, 403 or 404; zero means that it is enabled (A18).
	BetaStatus int
	// ReadsForbidden answers 403 to reads: the key lacks the permission.
	ReadsForbidden bool
	// IgnorePaging serves tags and properties whole, whatever limit and offset say (A12).
	IgnorePaging bool
	// NoCountHeader leaves X-Resource-Count out.
	NoCountHeader bool
}

// BatchOptions are the Batched Contacts API, which is not public (A1, A6).
type BatchOptions struct {
	// Method and Path: POST /api/v1beta/contacts/batch unless given.
	Method string
	Path   string
	// Envelope is the key around the contacts, "contacts" unless given;
	// "array" means a bare array.
	Envelope string
	// Reply is what the API says about the contacts: items unless given.
	Reply Reply
	// MaxItems is the most contacts of one call (default 1,000); more are 413.
	MaxItems int
	// AllOrNothing answers 422 and applies nothing when one contact is refused.
	AllOrNothing bool
}

// Reply is the form of the answer to a batch.
type Reply string

// The forms of answers. With ReplyNone refused contacts go unseen.
const (
	ReplyItems  Reply = "items"
	ReplyCounts Reply = "counts"
	ReplyNone   Reply = "none"
)

// UnknownValues is what happens to values that have no place.
type UnknownValues string

// What happens to unknown values.
const (
	DropUnknown     UnknownValues = "drop"
	RefuseContact   UnknownValues = "refuse_item"
	RefuseWholeCall UnknownValues = "refuse_call"
)

// withDefaults fills in what was not given.
func (o Options) withDefaults() Options {
	if o.Clock == nil {
		o.Clock = time.Now
	}
	if o.Logger == nil {
		o.Logger = zap.NewNop()
	}
	defaultTo(&o.JournalEntries, 10_000)
	if o.Zeotap.Audience.ID == "" {
		o.Zeotap.Audience = audience.Audience{ID: "984", Name: "Spring campaign"}
	}
	defaultTo(&o.Zeotap.Key, DefaultKey)
	defaultTo(&o.Zeotap.PageMax, 10_000)
	defaultTo(&o.Charles.Key, DefaultKey)
	defaultTo(&o.Charles.Batch.Method, "POST")
	defaultTo(&o.Charles.Batch.Path, "/api/v1beta/contacts/batch")
	defaultTo(&o.Charles.Batch.Envelope, "contacts")
	defaultTo(&o.Charles.Batch.Reply, ReplyItems)
	defaultTo(&o.Charles.Batch.MaxItems, 1000)
	defaultTo(&o.Charles.Unknown, DropUnknown)
	if o.Charles.Tags == nil {
		o.Charles.Tags = DefaultTags()
	}
	if o.Charles.Properties == nil {
		o.Charles.Properties = DefaultProperties(o.Zeotap.Audience)
	}
	if o.Charles.Segments == nil {
		o.Charles.Segments = DefaultSegments(o.Zeotap.Audience)
	}
	return o
}

func defaultTo[T comparable](field *T, value T) {
	var zero T
	if *field == zero {
		*field = value
	}
}
