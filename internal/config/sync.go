package config

import "audiencesync/internal/audience"

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
	// Mode: "add" upserts members and never unmarks anyone; "mirror" also takes the
	// marker from those who left the audience. Default: add.
	Mode Mode `yaml:"mode" json:"mode"`
	// Reference is the key of everything.
	Reference Reference `yaml:"reference" json:"reference" jsonschema:"required"`
	// Marker is how the Hello Charles segment recognises members: exactly one
	// of a custom property with a value, or a tag.
	Marker Marker `yaml:"marker" json:"marker" jsonschema:"required"`
	// Filter keeps members out: those it does not hold for are suppressed.
	Filter *Condition `yaml:"filter" json:"filter,omitempty"`
	// Mapping says which catalogue field becomes which field of the contact.
	Mapping Mapping `yaml:"mapping" json:"mapping"`
	// Verification is how the run is proved.
	Verification Verification `yaml:"verification" json:"verification"`
	// Limits bound what a run may do.
	Limits SyncLimits `yaml:"limits" json:"limits"`
	// OnInvalid says what mode mirror does with members whose data has become
	// invalid: "keep" (they stay marked, with what was sent before) or "remove".
	// Default: keep.
	OnInvalid OnInvalid `yaml:"on_invalid" json:"on_invalid,omitempty"`
	// Gate is how much a run may change before it stops and asks, with nothing sent.
	Gate Gate `yaml:"gate" json:"gate"`
	// Accept is what still counts as a good run.
	Accept Accept `yaml:"accept" json:"accept"`
	// Notify says who is told of what happens to the sync. Without it nobody is.
	Notify *Notify `yaml:"notify" json:"notify,omitempty"`
	// Schedule says when the sync runs by itself, and when it is proved besides. It is no
	// part of what a run pins: only schedule create, update and apply read it. Without it
	// a schedule goes by their flags.
	Schedule *Schedule `yaml:"schedule" json:"-"`
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

// The modes of a sync.
const (
	// ModeAdd upserts members; nobody is ever unmarked.
	ModeAdd Mode = "add"
	// ModeMirror upserts members and takes the marker from those who left.
	ModeMirror Mode = "mirror"
)

// OnInvalid is what becomes of members who were sent earlier and are invalid now.
type OnInvalid string

// What may become of members who are invalid now.
const (
	InvalidKeep   OnInvalid = "keep"
	InvalidRemove OnInvalid = "remove"
)

// Choices are what may become of them.
func (OnInvalid) Choices() []string { return []string{string(InvalidKeep), string(InvalidRemove)} }

// Reference is the mapping of the external reference id, which no constant can be.
type Reference struct {
	Origin
	// Normalise: "e164" (+4915112345678), "digits" (4915112345678) or "raw".
	Normalise Normalise `yaml:"normalise" json:"normalise" jsonschema:"required"`
	// DefaultRegion (ISO 3166, "DE") reads phone numbers that have no country
	// code, here and in mapping.phone. Without it they are invalid.
	DefaultRegion string `yaml:"default_region" json:"default_region,omitempty"`
	// DigitsAreInternational reads digits without a plus as a number with its
	// country code first ("436641234567"), here and in mapping.phone, and only if
	// that gives no number as one of the default region. Default: false, digits
	// with a foreign country code are invalid.
	DigitsAreInternational bool `yaml:"digits_are_international" json:"digits_are_international,omitempty"`
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
	// Left is the property's value for those who left; required in mode mirror. The
	// segment must not match it.
	Left string `yaml:"left" json:"left,omitempty"`
	// Shared lets several syncs of the workspace mark by one property: it holds the
	// ids of all audiences that the contact is in, as in "|984|1021|", so that the
	// segment asks for a property that contains "|984|". Syncs that share it take
	// turns at sending. Neither member nor left are given. Default: false.
	Shared bool `yaml:"shared" json:"shared,omitempty"`
	// Tag marks members with a tag. A tag cannot be taken away.
	Tag string `yaml:"tag" json:"tag,omitempty"`
}

// Verification is how a run is proved: the segment's contact count is polled
// until it stands still at what is expected.
type Verification struct {
	// Segment is the id of the Hello Charles segment. Without one the run
	// cannot be proved: it ends as unverifiable, unless None is set.
	Segment string `yaml:"segment" json:"segment,omitempty"`
	// None asks for no verification: the run then ends well without proof.
	None bool `yaml:"none" json:"none,omitempty"`
	// Compare says when the contacts of the segment are listed and compared with the
	// ledger, reference by reference, beside being counted: "always",
	// "when_different" (the count is not the expected one) or "never". A listing takes
	// a request for each read.segment_page_size contacts, and a key that may list.
	// Default: always.
	Compare Comparing `yaml:"compare" json:"compare"`
	// Repair is how often a run is followed by another one at once, which sends
	// members again that were accepted and are not in the segment, nor ever were, and
	// unmarks those again who left and are in it still; 0 to 5. Default: 1.
	Repair int `yaml:"repair" json:"repair,omitempty" jsonschema:"minimum=0,maximum=5"`
	// Sample is how many members, chosen at random in each run, are read back at its end
	// and compared field by field with what was sent, where the connection has
	// read.contact_path; 0 to 100. Default: 20.
	Sample int `yaml:"sample" json:"sample,omitempty" jsonschema:"minimum=0,maximum=100"`
	// Poll is the time between two counts, at least 100ms. Default: 5s.
	Poll Duration `yaml:"poll" json:"poll"`
	// MaxLag is how long a count that does not move is waited for, and with it members
	// who have not come and leavers who have not gone; not less than Poll. Default: 2m.
	MaxLag Duration `yaml:"max_lag" json:"max_lag"`
	// Deadline is when waiting ends at the latest; not less than MaxLag. Default: 15m.
	Deadline Duration `yaml:"deadline" json:"deadline"`
}

// Comparing is when a segment is compared with the ledger.
type Comparing string

// When a segment may be compared.
const (
	CompareAlways        Comparing = "always"
	CompareWhenDifferent Comparing = "when_different"
	CompareNever         Comparing = "never"
)

// SyncLimits bound a run.
type SyncLimits struct {
	// StagingMegabytes bounds the ledger space that one run may stage, in
	// megabytes. Default: 4096.
	StagingMegabytes int `yaml:"staging_megabytes" json:"staging_megabytes" jsonschema:"minimum=1"`
	// Refused is the share of the contacts sent so far that Hello Charles may
	// refuse before the run stops sending and asks; it is looked at from the
	// first batch on, which goes alone. Default: 25%.
	Refused Share `yaml:"refused" json:"refused"`
	// RetryFailuresAfter is when a member that Hello Charles refused is sent
	// again although nothing changed; until then it is a known failure. Zero is
	// every run. Default: 168h (7 days).
	RetryFailuresAfter Duration `yaml:"retry_failures_after" json:"retry_failures_after"`
	// KeepFailuresFor is how long the ledger keeps who failed in a run, with the labels
	// that were left out and the differences that a comparison found; older ones are
	// deleted when the next run of the sync opens, and the counts stay. Zero keeps them for
	// ever. Default: 2160h (90 days).
	KeepFailuresFor Duration `yaml:"keep_failures_for" json:"keep_failures_for"`
	// WaitForDecision is how long a run waits for a person, for an approval or
	// for access to be given back, before it ends as failed. Default: 24h.
	WaitForDecision Duration `yaml:"wait_for_decision" json:"wait_for_decision"`
	// StalledAfter is when a run says by itself that it stands still: nothing was read,
	// settled or counted for so long, and it waits for no person; at least 1m, or zero
	// for never. Default: 15m.
	StalledAfter Duration `yaml:"stalled_after" json:"stalled_after"`
	// BatchesPerHistory bounds one Temporal history; the run continues in a new
	// one. Default: 1000.
	BatchesPerHistory int `yaml:"batches_per_history" json:"batches_per_history" jsonschema:"minimum=1,maximum=5000"`
}

// Accept holds the shares that still count as a good run. Invalid and refused
// are shares of the members read, source gap of the size that Zeotap reported, gone
// and segment gap of the contacts that are expected in the segment, differing of those
// that were read back.
type Accept struct {
	// Invalid is the share of members that may fail our own checks. Default: 0.
	Invalid Share `yaml:"invalid" json:"invalid"`
	// Refused is the share of members that Hello Charles may refuse. Default: 0.
	Refused Share `yaml:"refused" json:"refused"`
	// SourceGap is how far the number of members read may differ from the size
	// that Zeotap reported. Default: 0.
	SourceGap Share `yaml:"source_gap" json:"source_gap"`
	// Gone is the share of the contacts expected in the segment that may have been in
	// it and be gone: erased, or unmarked by somebody else. Default: 0.
	Gone Share `yaml:"gone" json:"gone"`
	// SegmentGap is the share of the contacts expected in the segment that may be missing
	// from it, or be in it and not be ours: such a run is explained, and says that it is
	// so by this tolerance. Default: 0.
	SegmentGap Share `yaml:"segment_gap" json:"segment_gap"`
	// Differing is the share of the contacts that were read back which may not hold what
	// the run has sent, or not be there. Default: 0.
	Differing Share `yaml:"differing" json:"differing"`
}

// Tolerance is what a verdict is held against.
func (a Accept) Tolerance() audience.Tolerance {
	return audience.Tolerance{
		Invalid: float64(a.Invalid), Refused: float64(a.Refused), SourceGap: float64(a.SourceGap),
		Gone: float64(a.Gone), SegmentGap: float64(a.SegmentGap), Differing: float64(a.Differing),
	}
}
