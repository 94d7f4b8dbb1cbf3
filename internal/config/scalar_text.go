package config

import (
	"encoding/json"
	"errors"
	"math"
	"regexp"
	"strconv"
	"strings"
	"time"
)

var (
	errDuration = errors.New(`expected a duration such as "90s", "15m" or "1h30m" (units: ms, s, m, h)`)
	errNoUnit   = errors.New(`a number without a unit is not a duration; write "90s", "15m" or "1h30m"`)
	errNegative = errors.New("a duration cannot be negative")
	errShare    = errors.New(`expected a share of the whole: "2%" or 0.02, from 0 to 1`)

	// errCredential never repeats what was written: it may be the credential.
	errCredential = errors.New("expected where the credential is, never the credential itself: " +
		"env:NAME (an environment variable of the worker) or file:PATH (relative to the connections file)")
)

var share = regexp.MustCompile(`^([0-9]+\.?[0-9]*|\.[0-9]+) *%?$`)

var bareNumber = regexp.MustCompile(`^[+-]?[0-9._]+$`)

// String is the shortest form that UnmarshalText reads: "90s" is "1m30s".
func (d Duration) String() string {
	text := d.D().String()
	if strings.HasSuffix(text, "m0s") {
		text = strings.TrimSuffix(text, "0s")
	}
	if strings.HasSuffix(text, "h0m") {
		text = strings.TrimSuffix(text, "0m")
	}
	return text
}

// MarshalText makes a Duration text in JSON and YAML.
func (d Duration) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// UnmarshalText reads "90s", "15m" or "1h30m". A number without a unit and a
// negative duration are errors.
func (d *Duration) UnmarshalText(raw []byte) error {
	text := string(raw)
	if bareNumber.MatchString(text) {
		return errNoUnit
	}
	if strings.HasPrefix(text, "-") {
		return errNegative
	}
	parsed, err := time.ParseDuration(text)
	if err != nil || strings.HasPrefix(text, "+") {
		return errDuration
	}
	*d = Duration(parsed)
	return nil
}

// String is the share in percent: "2%".
func (s Share) String() string {
	return strconv.FormatFloat(math.Round(float64(s)*1e8)/1e6, 'f', -1, 64) + "%"
}

// UnmarshalText reads "2%" or "0.02". Shares below 0 or above 1 are errors.
func (s *Share) UnmarshalText(raw []byte) error {
	text := string(raw)
	if !share.MatchString(text) {
		return errShare
	}
	if percent, ok := strings.CutSuffix(text, "%"); ok {
		// The exponent moves the point exactly, where a division would round.
		text = strings.TrimRight(percent, " ") + "e-2"
	}
	value, err := strconv.ParseFloat(text, 64)
	if err != nil {
		return errShare
	}
	return s.set(value)
}

// MarshalJSON makes a Share a number in JSON.
func (s Share) MarshalJSON() ([]byte, error) { return json.Marshal(float64(s)) }

// UnmarshalJSON reads a number from 0 to 1.
func (s *Share) UnmarshalJSON(raw []byte) error {
	var value float64
	if err := json.Unmarshal(raw, &value); err != nil {
		return errShare
	}
	return s.set(value)
}

func (s *Share) set(value float64) error {
	if math.IsNaN(value) || value < 0 || value > 1 {
		return errShare
	}
	*s = Share(value + 0) // -0 becomes 0
	return nil
}

var credentialReference = regexp.MustCompile(`^(env:[A-Za-z_][A-Za-z0-9_]*|file:[^\x00-\x1f\x7f]+)$`)

// UnmarshalText reads "env:NAME" or "file:PATH". Its error does not hold the text.
func (c *CredentialRef) UnmarshalText(raw []byte) error {
	if !credentialReference.Match(raw) {
		return errCredential
	}
	*c = CredentialRef(raw)
	return nil
}
