package mapping

import (
	"net/mail"
	"strings"

	"audiencesync/internal/audience"
)

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
	if !isPlainAddress(value) {
		parsed, err := mail.ParseAddress(value)
		if err != nil || parsed.Address != value {
			return "", audience.EmailNotAnAddress
		}
	}
	at := strings.LastIndexByte(value, '@')
	domain := strings.ToLower(value[at+1:])
	if !strings.Contains(domain, ".") || strings.HasPrefix(domain, "[") {
		return "", audience.EmailNotAnAddress
	}
	if domain == value[at+1:] {
		return value, ""
	}
	return value[:at+1] + domain, ""
}

// isPlainAddress recognises the usual addresses without the parser, which takes
// them as well and costs ten times as much: letters, digits and "-_+" in parts
// between single dots, on both sides of one "@".
func isPlainAddress(value string) bool {
	ats, start := 0, true
	for i := range len(value) {
		switch c := value[i]; {
		case c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '-' || c == '_' || c == '+':
			start = false
			continue
		case start:
			return false
		case c == '@':
			ats++
		case c != '.':
			return false
		}
		start = true
	}
	return ats == 1 && !start
}
