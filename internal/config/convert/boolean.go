package convert

import (
	"slices"
	"strings"
)

// The texts that mean true and false where a sync names none.
var (
	TrueTexts  = []string{"true", "1", "yes"}
	FalseTexts = []string{"false", "0", "no"}
)

// Boolean reads truth values.
type Boolean struct {
	yes, no []string
}

// NewBoolean returns a reader that takes the given texts, in any letter case;
// without texts for one value it takes the usual ones.
func NewBoolean(yes, no []string) Boolean {
	if len(yes) == 0 {
		yes = TrueTexts
	}
	if len(no) == 0 {
		no = FalseTexts
	}
	return Boolean{yes: yes, no: no}
}

// Both returns a text that means true and false at once, if there is one.
func (b Boolean) Both() (string, bool) {
	at := slices.IndexFunc(b.yes, func(text string) bool { return contains(b.no, text) })
	if at < 0 {
		return "", false
	}
	return b.yes[at], true
}

// Read returns the truth value of a text, and false if it has none.
func (b Boolean) Read(text string) (value, ok bool) {
	if contains(b.yes, text) {
		return true, true
	}
	return false, contains(b.no, text)
}

func contains(texts []string, text string) bool {
	return slices.ContainsFunc(texts, func(known string) bool { return strings.EqualFold(known, text) })
}
