package config

// Gate bounds what a run may change before it stops and asks, with nothing sent.
// Shares are of the contacts that the sync has marked before the run. Until a run of
// the sync has come to its end, Joiners and Changes do not apply.
type Gate struct {
	// Leavers bounds who is unmarked. Default: 20%.
	Leavers GateLimit `yaml:"leavers" json:"leavers"`
	// Joiners bounds who is new. Default: 100%.
	Joiners GateLimit `yaml:"joiners" json:"joiners"`
	// Changes bounds who is sent again because something changed. Default: 100%,
	// which never asks: a changed mapping sends everybody again.
	Changes GateLimit `yaml:"changes" json:"changes"`
	// EmptyAudience says what is done when the audience holds nobody although the
	// sync has marked contacts: "ask" or "allow". Default: ask.
	EmptyAudience GateAnswer `yaml:"empty_audience" json:"empty_audience"`
	// Unfilled says what is done when no member has a value in a field that the sync
	// reads, and another field of the source is spelled nearly so: "ask" or "allow".
	// Default: ask.
	Unfilled GateAnswer `yaml:"unfilled" json:"unfilled"`
	// FirstRun says whether the first run of a sync needs the expected number of
	// members (run --expect N) or else asks: "allow" or "expect". Default: allow.
	FirstRun GateFirst `yaml:"first_run" json:"first_run"`
	// Scheduled says what a run that a schedule started does beyond a limit: "ask",
	// or "fail" at once. Default: ask.
	Scheduled GateScheduled `yaml:"scheduled" json:"scheduled"`
	// KeepFor is how long the members that were read are kept while the run waits.
	// After that they are dropped, and an approved run reads again, and asks again
	// if more than what was approved would change. Default: 6h.
	KeepFor Duration `yaml:"keep_for" json:"keep_for"`
}

// GateLimit is exceeded by more than Share, and by more than Number where it is
// given. A run that changes no more than Floor contacts never asks for its share.
type GateLimit struct {
	// Share of the contacts that the sync has marked. Default: 20% for leavers, 100%
	// for joiners and changes.
	Share Share `yaml:"share" json:"share"`
	// Number of contacts; 0 is no limit. Default: 0.
	Number int `yaml:"number" json:"number,omitempty" jsonschema:"minimum=0"`
	// Floor is the number of contacts below which the share does not count.
	// Default: 10.
	Floor int `yaml:"floor" json:"floor" jsonschema:"minimum=0"`
}

// GateAnswer is what is done about an audience that does not look as it should.
type GateAnswer string

// What may be done about such an audience.
const (
	GateAsk   GateAnswer = "ask"
	GateAllow GateAnswer = "allow"
)

// Choices are what may be done about such an audience.
func (GateAnswer) Choices() []string { return []string{string(GateAsk), string(GateAllow)} }

// GateFirst is what a first run needs.
type GateFirst string

// What a first run may need.
const (
	FirstAllow  GateFirst = "allow"
	FirstExpect GateFirst = "expect"
)

// Choices are what a first run may need.
func (GateFirst) Choices() []string { return []string{string(FirstAllow), string(FirstExpect)} }

// GateScheduled is what a run that a schedule started does beyond a limit.
type GateScheduled string

// What a scheduled run may do beyond a limit.
const (
	ScheduledAsk  GateScheduled = "ask"
	ScheduledFail GateScheduled = "fail"
)

// Choices are what a scheduled run may do beyond a limit.
func (GateScheduled) Choices() []string {
	return []string{string(ScheduledAsk), string(ScheduledFail)}
}
