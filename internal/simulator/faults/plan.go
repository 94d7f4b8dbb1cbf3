// Package faults is the fault plan of the simulators: which requests go wrong
// and how, and which contacts are refused. What happens follows from the plan,
// its seed and the order of the requests alone.
package faults

import (
	"fmt"
	"time"
)

// Plan says what goes wrong. The zero value is a plan without faults.
type Plan struct {
	// Seed decides probabilities, jitter and shares.
	Seed uint64 `json:"seed,omitempty" yaml:"seed"`
	// Rules are about requests. Latencies of all rules that hit a request add
	// up; of the other actions, the first that hits is taken.
	Rules []Rule `json:"rules,omitempty" yaml:"rules"`
	// Refuse is about single contacts; the first that hits is taken.
	Refuse []Refusal `json:"refuse,omitempty" yaml:"refuse"`
	// Lose are contacts that are reported as taken and silently dropped.
	Lose []Selection `json:"lose,omitempty" yaml:"lose"`
	// Forget are contacts that are taken without some of their fields.
	Forget []Forgetting `json:"forget,omitempty" yaml:"forget"`
	// Hide are contacts that are taken and left out of the reply.
	Hide []Selection `json:"hide,omitempty" yaml:"hide"`
	// Crash are contacts that the API cannot bear: a call with one of them is
	// answered 500 and has no effect.
	Crash []Selection `json:"crash,omitempty" yaml:"crash"`
	// Counts lets segments, their counts and lists, lag behind the writes.
	Counts *Counts `json:"counts,omitempty" yaml:"counts"`
	// Preview is what goes wrong with the lists of segments.
	Preview Preview `json:"preview,omitzero" yaml:"preview"`
	// EndsAfter ends the pages of the audience after so many members, as if these
	// were all; the total that is announced stays. Zero: they do not end early.
	EndsAfter int64 `json:"ends_after,omitempty" yaml:"ends_after"`
	// Pages is what is wrong with the way through the pages of the audience.
	Pages Pages `json:"pages,omitzero" yaml:"pages"`
}

// Pages is how the way through the pages of the audience is wrong. Pages count from
// 1, and are of the size that is asked for.
type Pages struct {
	// Repeat serves this page once more behind itself, under a cursor of its own.
	Repeat int64 `json:"repeat,omitempty" yaml:"repeat"`
	// Circle lets this page, from 2 on, lead back to the second one, by its cursor.
	Circle int64 `json:"circle,omitempty" yaml:"circle"`
	// Endless lets pages follow the last one for ever, each under a cursor of its own.
	Endless Endless `json:"endless,omitempty" yaml:"endless"`
}

// Endless is what the pages hold that follow the last one for ever.
type Endless string

// What endless pages hold.
const (
	// EndlessEmpty: nobody.
	EndlessEmpty Endless = "empty"
	// EndlessAgain: everybody again, from the first member on.
	EndlessAgain Endless = "again"
)

// Preview is how the lists of the contacts of segments are wrong. Their counts
// are not.
type Preview struct {
	// Forbidden answers 403.
	Forbidden bool `json:"forbidden,omitempty" yaml:"forbidden"`
	// CutAfter ends every list after so many rows.
	CutAfter int64 `json:"cut_after,omitempty" yaml:"cut_after"`
	// IgnoreOffset gives the first page whatever the offset is.
	IgnoreOffset bool `json:"ignore_offset,omitempty" yaml:"ignore_offset"`
	// PageMax caps the limit of a page.
	PageMax int64 `json:"page_max,omitempty" yaml:"page_max"`
	// NoCount leaves the header with the count out.
	NoCount bool `json:"no_count,omitempty" yaml:"no_count"`
}

// Side is one of the two vendors.
type Side string

// The sides.
const (
	Zeotap  Side = "zeotap"
	Charles Side = "charles"
)

// Match selects requests. What is not given matches all. The requests that
// side, method and path select are numbered from 1, for each rule on its own.
type Match struct {
	Side   Side   `json:"side,omitempty" yaml:"side"`
	Method string `json:"method,omitempty" yaml:"method"`
	// Path is a prefix of the URL path.
	Path string `json:"path,omitempty" yaml:"path"`
	// From and To bound the numbers, both inclusive.
	From int64 `json:"from,omitempty" yaml:"from"`
	To   int64 `json:"to,omitempty" yaml:"to"`
	// Every takes each number that it divides.
	Every int64 `json:"every,omitempty" yaml:"every"`
	// Probability takes that share of the numbers.
	Probability float64 `json:"probability,omitempty" yaml:"probability"`
	// Times is the most hits of the rule.
	Times int64 `json:"times,omitempty" yaml:"times"`
}

// Action is what happens to a request.
type Action string

// The actions.
const (
	// OnlyLatency lets the request pass, after the rule's latency.
	OnlyLatency Action = ""
	// Status answers with Status, in the vendor's form of an error.
	Status Action = "status"
	// HTML answers like a gateway, with a page of HTML; status 502 unless told.
	HTML Action = "html"
	// RateLimit answers 429 when more than PerSecond requests come.
	RateLimit Action = "rate_limit"
	// Reset breaks the connection before the request has an effect.
	Reset Action = "reset"
	// LostReply breaks the connection after the effect, before the reply.
	LostReply Action = "lost_reply"
	// CutBody sends half of the reply and breaks the connection.
	CutBody Action = "cut_body"
	// TruncatedJSON sends half of the reply as if it were all.
	TruncatedJSON Action = "truncated_json"
	// SlowBody sends the reply little by little, within Over.
	SlowBody Action = "slow_body"
	// WrongLength announces half of the reply and sends all of it.
	WrongLength Action = "wrong_length"
	// WrongTypes sends the reply with numbers in place of texts, and texts in place of
	// numbers.
	WrongTypes Action = "wrong_types"
)

// Rule is one kind of fault.
type Rule struct {
	// Name appears in the journal instead of the action.
	Name  string `json:"name,omitempty" yaml:"name"`
	Match Match  `json:"match,omitzero" yaml:"match"`
	Do    Action `json:"do,omitempty" yaml:"do"`
	// Latency is added before everything else, and up to Jitter more.
	Latency Duration `json:"latency,omitempty" yaml:"latency"`
	Jitter  Duration `json:"jitter,omitempty" yaml:"jitter"`
	// Over is how long the action slow_body takes.
	Over Duration `json:"over,omitempty" yaml:"over"`
	// Status of the actions status and html.
	Status int `json:"status,omitempty" yaml:"status"`
	// AfterEffect lets the request have its effect before status and html.
	AfterEffect bool `json:"after_effect,omitempty" yaml:"after_effect"`
	// RetryAfter is told to the client; zero tells nothing. For rate_limit
	// zero means the real waiting time.
	RetryAfter     Duration       `json:"retry_after,omitempty" yaml:"retry_after"`
	RetryAfterForm RetryAfterForm `json:"retry_after_form,omitempty" yaml:"retry_after_form"`
	// PerSecond and Burst (default 1) bound the action rate_limit.
	PerSecond float64 `json:"per_second,omitempty" yaml:"per_second"`
	Burst     int     `json:"burst,omitempty" yaml:"burst"`
}

// Title is the name of the rule, or else its action; empty when it has neither.
func (r Rule) Title() string {
	if r.Name != "" {
		return r.Name
	}
	return string(r.Do)
}

// RetryAfterForm is how the header Retry-After is written (RFC 9110).
type RetryAfterForm string

// The forms of Retry-After.
const (
	RetryAfterSeconds RetryAfterForm = "seconds"
	RetryAfterDate    RetryAfterForm = "date"
	RetryAfterNone    RetryAfterForm = "none"
	// RetryAfterAbsurd tells a year, RetryAfterGarbage a word.
	RetryAfterAbsurd  RetryAfterForm = "absurd"
	RetryAfterGarbage RetryAfterForm = "garbage"
)

// Counts is how segments, their counts and lists, follow the writes.
type Counts struct {
	// Delay is the time from a write to its effect on the segment.
	Delay Duration `json:"delay,omitempty" yaml:"delay"`
	// Step is the time between two moments at which segments move.
	Step Duration `json:"step,omitempty" yaml:"step"`
	// Dip is the share by which a count falls short once, after it has caught up.
	Dip float64 `json:"dip,omitempty" yaml:"dip"`
}

// Duration is written as "250ms", "30s" or "1h30m".
type Duration time.Duration

// UnmarshalText implements encoding.TextUnmarshaler.
func (d *Duration) UnmarshalText(text []byte) error {
	parsed, err := time.ParseDuration(string(text))
	if err != nil || parsed < 0 {
		return fmt.Errorf("%q is not a duration like 250ms, 30s or 1h30m", text)
	}
	*d = Duration(parsed)
	return nil
}

// MarshalText implements encoding.TextMarshaler.
func (d Duration) MarshalText() ([]byte, error) {
	return []byte(time.Duration(d).String()), nil
}
