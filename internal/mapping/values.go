package mapping

import (
	"encoding/json"
	"net/mail"
	"regexp"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"audiencesync/internal/audience"
	"audiencesync/internal/config"
)

// text returns a scalar value as text; false for lists and objects.
func text(value any) (string, bool) {
	switch v := value.(type) {
	case nil:
		return "", true
	case string:
		return v, true
	case json.Number:
		return v.String(), true
	case bool:
		if v {
			return "true", true
		}
		return "false", true
	default:
		return "", false
	}
}

// cleanText is text without white space around it, and without control
// characters and broken UTF-8 in it.
func cleanText(value any) (string, bool) {
	raw, ok := text(value)
	if !strings.ContainsFunc(raw, unwanted) {
		return strings.TrimSpace(raw), ok
	}
	return strings.TrimSpace(strings.Map(func(r rune) rune {
		switch {
		case r == '\n' || r == '\t':
			return ' '
		case unwanted(r):
			return -1
		default:
			return r
		}
	}, raw)), ok
}

func unwanted(r rune) bool { return r == utf8.RuneError || unicode.IsControl(r) }

// number is a number as JSON writes it.
var number = regexp.MustCompile(`^-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]{1,3})?$`)

// convert brings a non-empty text into the form of a property type.
func convert(value string, kind config.PropertyType) (any, audience.Reason) {
	switch kind {
	case config.PropertyNumber:
		if !number.MatchString(value) {
			return nil, audience.PropertyNotANumber
		}
		return json.Number(value), ""
	case config.PropertyDate:
		date, ok := parseDate(value)
		if !ok {
			return nil, audience.PropertyNotADate
		}
		return date, ""
	default:
		return value, ""
	}
}

// parseDate reads an ISO 8601 date, or takes the date of a date-time.
func parseDate(value string) (string, bool) {
	for _, layout := range []string{time.DateOnly, time.RFC3339, "2006-01-02T15:04:05", time.DateTime} {
		if at, err := time.Parse(layout, value); err == nil {
			return at.Format(time.DateOnly), true
		}
	}
	return "", false
}

// hash matches the hexadecimal digests (MD5 to SHA-512) in which Zeotap
// exports identifiers by default.
var hash = regexp.MustCompile(`^(?i:[0-9a-f]{32}|[0-9a-f]{40}|[0-9a-f]{56}|[0-9a-f]{64}|[0-9a-f]{96}|[0-9a-f]{128})$`)

func isHash(value string) bool {
	return len(value) >= 32 && hash.MatchString(value)
}

// maxEmailBytes is the longest address of RFC 5321.
const maxEmailBytes = 254

// checkEmail returns the address with its domain in lower case. The local
// part is left alone: case may matter there.
func checkEmail(value string) (string, audience.Reason) {
	switch {
	case isHash(value):
		return "", audience.EmailHashed
	case len(value) > maxEmailBytes:
		return "", audience.EmailNotAnAddress
	}
	parsed, err := mail.ParseAddress(value)
	if err != nil || parsed.Address != value {
		return "", audience.EmailNotAnAddress
	}
	at := strings.LastIndexByte(value, '@')
	domain := strings.ToLower(value[at+1:])
	if !strings.Contains(domain, ".") || strings.HasPrefix(domain, "[") {
		return "", audience.EmailNotAnAddress
	}
	return value[:at+1] + domain, ""
}
