package hellocharles

import (
	"errors"
	"slices"
	"strings"
	"unicode/utf8"
)

// Bounds of what is kept of a refusal's reason.
const (
	maxCodeBytes    = 64
	maxMessageBytes = 500
	// maxCodeDigits keeps status-like numbers and drops phone numbers, also
	// those with separators.
	maxCodeDigits = 6
)

// reasonFrom reads why a request was refused from its body: the errors[] form
// of charles' app API (see docs/hello-charles.md section 8 and 10), one error object,
// or whatever stands there. It never fails: gateways answer in HTML.
func reasonFrom(body []byte, reference string) (code, message string) {
	root, err := decode(body)
	if err != nil {
		return "", cut(strings.TrimSpace(string(body)))
	}
	code, message = reasonOfAll(root, reference)
	if message == "" {
		message = cut(strings.TrimSpace(string(body)))
	}
	return code, message
}

// reasonOfAll is the first code and all texts of the errors in a body.
func reasonOfAll(root any, reference string) (code, message string) {
	var messages []string
	for _, e := range errorsIn(root) {
		c, m := reasonOf(e)
		if code == "" {
			code = slug(c, reference)
		}
		if m != "" {
			messages = append(messages, m)
		}
	}
	return code, cut(strings.Join(messages, "; "))
}

// reportsErrors reports whether a body says that something went wrong, in any of
// the forms that errorsIn reads, or under a key of the settings.
func reportsErrors(body []byte, key string) bool {
	root, err := decode(body)
	if err != nil {
		// Of a key that stands twice one may report what the other hides.
		return errors.Is(err, errKeyTwice)
	}
	return reports(root, append(except(key), key))
}

// except returns the usual keys of errors but one, which has a meaning of its own.
func except(key string) []string {
	return slices.DeleteFunc([]string{"errors", "error"}, func(usual string) bool { return usual == key })
}

func reports(root any, keys []string) bool {
	for _, key := range keys {
		switch found := at(root, key).(type) {
		case []any:
			if len(found) > 0 {
				return true
			}
		case map[string]any:
			if len(found) > 0 {
				return true
			}
		default:
			if text := scalar(found); text != "" && text != "false" && text != "0" {
				return true
			}
		}
	}
	return false
}

func errorsIn(root any) []any {
	for _, key := range []string{"errors", "error"} {
		switch found := at(root, key).(type) {
		case nil:
		case []any:
			return found
		default:
			return []any{found}
		}
	}
	return []any{root}
}

// reasonOf reads one error: the message key says more than the number. A list
// of errors is read in turn.
func reasonOf(e any) (code, message string) {
	if text := scalar(e); text != "" {
		return "", text
	}
	var parts []string
	if list, ok := e.([]any); ok {
		for _, entry := range list {
			c, m := reasonOf(entry)
			if code == "" {
				code = c
			}
			if m != "" {
				parts = append(parts, m)
			}
		}
		return code, strings.Join(parts, "; ")
	}
	for _, key := range []string{"message_key", "code"} {
		if code = scalar(at(e, key)); code != "" {
			break
		}
	}
	for _, key := range []string{"message", "description"} {
		if text := scalar(at(e, key)); text != "" {
			parts = append(parts, text)
		}
	}
	return code, strings.Join(parts, ": ")
}

// slug returns an error code that is safe for reports, or nothing: free text
// and what may be a person's number, address or reference is dropped.
func slug(code, reference string) string {
	code = strings.ToLower(code)
	if code == "" || len(code) > maxCodeBytes || code == strings.ToLower(reference) {
		return ""
	}
	digits := 0
	for i := range len(code) {
		switch c := code[i]; {
		case c >= '0' && c <= '9':
			digits++
		case c >= 'a' && c <= 'z', c == '_', c == '.', c == '-':
		default:
			return ""
		}
	}
	if digits > maxCodeDigits {
		return ""
	}
	return code
}

// cut shortens the API's own words, never inside a character.
func cut(text string) string {
	text = strings.ToValidUTF8(text, "\uFFFD")
	if len(text) <= maxMessageBytes {
		return text
	}
	end := maxMessageBytes
	for !utf8.RuneStart(text[end]) {
		end--
	}
	return text[:end]
}
