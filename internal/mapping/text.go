package mapping

import (
	"encoding/json"
	"strings"
	"unicode"
	"unicode/utf8"

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
// characters and broken UTF-8 in it. A line break, in every spelling, and a tab
// are a blank.
func cleanText(value any) (string, bool) {
	raw, ok := text(value)
	if isPlain(raw) || !strings.ContainsFunc(raw, unwanted) {
		return strings.TrimSpace(raw), ok
	}
	return strings.TrimSpace(strings.Map(func(r rune) rune {
		switch {
		case !unwanted(r):
			return r
		case unicode.IsSpace(r):
			return ' '
		default:
			return -1
		}
	}, strings.ReplaceAll(raw, "\r\n", "\n"))), ok
}

// isPlain reports whether a text has printable ASCII characters only.
func isPlain(text string) bool {
	for i := range len(text) {
		if text[i] < ' ' || text[i] > '~' {
			return false
		}
	}
	return true
}

func unwanted(r rune) bool { return r == utf8.RuneError || unicode.IsControl(r) }

// limit bounds a text, in characters.
type limit struct {
	most int
	cut  bool
}

func newLimit(most int, tooLong config.TooLong, usual limit) limit {
	l := usual
	if most > 0 {
		l.most = most
	}
	if tooLong != "" {
		l.cut = tooLong == config.TooLongCut
	}
	return l
}

// apply returns the text, cut if it may be, and false if it is too long. A text
// that begins with a character of many parts may be cut to nothing.
func (l limit) apply(text string) (string, bool) {
	if len(text) <= l.most || utf8.RuneCountInString(text) <= l.most {
		return text, true
	}
	if !l.cut {
		return "", false
	}
	return cut(text, l.most), true
}

// cut returns the longest start of a text of at most so many characters that
// ends between two characters as a person sees them: a letter keeps its accents
// and an emoji its parts.
func cut(text string, most int) string {
	if len(text) <= most {
		return text
	}
	runes := []rune(text)
	if len(runes) <= most {
		return text
	}
	end := most
	for end > 0 && belongTogether(runes[:end], runes[end]) {
		end--
	}
	return strings.TrimSpace(string(runes[:end]))
}

const joiner = '\u200d'

// belongTogether reports whether a character goes with those before it.
func belongTogether(before []rune, next rune) bool {
	last := before[len(before)-1]
	switch {
	case last == joiner || next == joiner:
		return true
	case unicode.In(next, unicode.M) || next >= 0x1F3FB && next <= 0x1F3FF || next >= 0xE0020 && next <= 0xE007F:
		return true // accents, skin tones, the letters of flags
	case isRegional(last) && isRegional(next):
		pairs := 0
		for i := len(before) - 1; i >= 0 && isRegional(before[i]); i-- {
			pairs++
		}
		return pairs%2 == 1
	}
	return false
}

func isRegional(r rune) bool { return r >= 0x1F1E6 && r <= 0x1F1FF }
