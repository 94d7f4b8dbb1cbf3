// Package convert reads the values of catalogue fields: numbers, truth values,
// dates and templates. Errors and results hold no value of a member.
package convert

import (
	"encoding/json"
	"strings"
)

// Number reads a number without regard to any locale ("1234.5") and returns it
// as JSON writes it. With a decimal comma ("1234,5") a point is no number: it
// could part thousands.
func Number(text string, decimalComma bool) (json.Number, bool) {
	if decimalComma {
		if strings.IndexByte(text, '.') >= 0 {
			return "", false
		}
		text = strings.Replace(text, ",", ".", 1)
	}
	if !isNumber(text) {
		return "", false
	}
	return json.Number(text), true
}

// maxExponentDigits keeps numbers in a size that somebody may have meant.
const maxExponentDigits = 3

// isNumber reports whether the text is a number of JSON.
func isNumber(text string) bool {
	rest := strings.TrimPrefix(text, "-")
	whole := digits(rest)
	if whole == 0 || whole > 1 && rest[0] == '0' {
		return false
	}
	rest = rest[whole:]
	if fraction, ok := strings.CutPrefix(rest, "."); ok {
		n := digits(fraction)
		if n == 0 {
			return false
		}
		rest = fraction[n:]
	}
	if rest == "" {
		return true
	}
	if rest[0] != 'e' && rest[0] != 'E' {
		return false
	}
	rest = rest[1:]
	if rest != "" && (rest[0] == '+' || rest[0] == '-') {
		rest = rest[1:]
	}
	n := digits(rest)
	return n > 0 && n <= maxExponentDigits && n == len(rest)
}

// digits counts the digits at the start of a text.
func digits(text string) int {
	n := 0
	for n < len(text) && text[n] >= '0' && text[n] <= '9' {
		n++
	}
	return n
}
