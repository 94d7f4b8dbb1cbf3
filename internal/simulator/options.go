package simulator

import (
	"time"

	"go.uber.org/zap"

	"audiencesync/internal/audience"
	"audiencesync/internal/simulator/faults"
)

// Faults is a fault plan: what goes wrong, and for whom.
type Faults = faults.Plan

// LoadFaults reads a fault plan from a YAML or JSON file.
func LoadFaults(path string) (Faults, error) { return faults.Load(path) }

// Options describe both vendors. The zero value of every field is the
// documented behaviour, or the friendliest where nothing is documented.
type Options struct {
	Zeotap  ZeotapOptions  `yaml:"zeotap"`
	Charles CharlesOptions `yaml:"charles"`
	// Tenants are further workspaces on the same server.
	Tenants []Tenant `yaml:"tenants"`
	// Faults is the plan at the start and after a reset.
	Faults Faults `yaml:"faults"`
	// JournalEntries is how many requests the journal remembers (default 10,000).
	JournalEntries int `yaml:"journal_entries"`
	// RetryAfterGrace is the time that a client has to read a Retry-After and to
	// tell its other workers; requests that come within it do not count as
	// inside the told time. Default: none.
	RetryAfterGrace time.Duration `yaml:"retry_after_grace"`
	// AllowRemote lets Serve listen on addresses that other machines reach.
	AllowRemote bool `yaml:"-"`
	// Listening is called by Serve once it listens at both addresses; nil is not.
	Listening func() `yaml:"-"`
	// Clock is the time of snapshots, counts, queues and rate limits; default time.Now.
	Clock  func() time.Time `yaml:"-"`
	Logger *zap.Logger      `yaml:"-"`
}

// DefaultKey is the API key of both vendors unless another is given.
const DefaultKey = "demo-key"

// Tenant is one more workspace, with its own keys, contacts, tags, custom
// properties and segments. Faults and the journal are those of the server.
type Tenant struct {
	Name string `yaml:"name"`
	// Host is the host of its requests, without port; Prefix begins their
	// paths ("/acme"). One of them is given.
	Host    string         `yaml:"host"`
	Prefix  string         `yaml:"prefix"`
	Charles CharlesOptions `yaml:"charles"`
}

// ZeotapOptions describe the audience and how its pages are served.
type ZeotapOptions struct {
	// Members is the size of the audience, at most people.Capacity.
	Members int64 `yaml:"members"`
	// Seed decides who they are.
	Seed uint64 `yaml:"seed"`
	// Audience is 984 "Spring campaign" unless another is given.
	Audience audience.Audience `yaml:"audience"`
	// Key is the value of the header apikey.
	Key string `yaml:"key"`
	// PageMax caps the limit of a page (default 10,000).
	PageMax int `yaml:"page_max"`

	// NoSize reports no audience size; SizeDelta reports one that is off.
	NoSize    bool  `yaml:"no_size"`
	SizeDelta int64 `yaml:"size_delta"`
	// NoTotal announces no total; TotalDelta announces one that is off, so that
	// the read ends early or late.
	NoTotal    bool  `yaml:"no_total"`
	TotalDelta int64 `yaml:"total_delta"`
	// Unpinned says of snapshots that the source may change while it is paged.
	Unpinned bool `yaml:"unpinned"`
	// SnapshotTTL is when a snapshot expires; zero is never.
	SnapshotTTL time.Duration `yaml:"snapshot_ttl"`
	// EmptyPageEvery puts an empty page with a cursor after every n-th page.
	EmptyPageEvery int64 `yaml:"empty_page_every"`
	// VersionChangesAt gives pages from that member on another version.
	VersionChangesAt int64 `yaml:"version_changes_at"`
}

// Complete returns the options that New goes by: what was not given has its default.
func (o Options) Complete() Options { return o.withDefaults() }

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
	o.Charles = o.Charles.withDefaults(o.Zeotap.Audience)
	tenants := make([]Tenant, len(o.Tenants))
	for i, tenant := range o.Tenants {
		tenant.Charles = tenant.Charles.withDefaults(o.Zeotap.Audience)
		tenants[i] = tenant
	}
	o.Tenants = tenants
	return o
}

func defaultTo[T comparable](field *T, value T) {
	var zero T
	if *field == zero {
		*field = value
	}
}
