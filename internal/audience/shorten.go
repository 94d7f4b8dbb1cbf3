package audience

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// Shorten returns a text of others that has at most so many bytes, and a note of its
// length if it had more. What comes from a vendor, or from a person, may be of any
// length, and all that Temporal holds has limits. Bytes that are no UTF-8 are replaced.
func Shorten(text string, most int) string {
	text = strings.ToValidUTF8(text, "\uFFFD")
	if len(text) <= most {
		return text
	}
	note := fmt.Sprintf("… (cut, it has %s bytes)", Thousands(int64(len(text))))
	end := max(most-len(note), 0)
	for !utf8.RuneStart(text[end]) {
		end--
	}
	return text[:end] + note
}

// ShortenList returns at most so many texts, the last of which says how many more
// there are, each of at most so many bytes.
func ShortenList(texts []string, most, bytes int) []string {
	if texts == nil {
		return nil
	}
	short := make([]string, 0, min(len(texts), most))
	for i, text := range texts {
		if i == most-1 && len(texts) > most {
			return append(short, fmt.Sprintf("and %s more", Thousands(int64(len(texts)-i))))
		}
		short = append(short, Shorten(text, bytes))
	}
	return short
}
