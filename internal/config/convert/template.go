package convert

import (
	"errors"
	"strings"
)

// Part is a piece of a template: a catalogue field, or text between fields.
type Part struct {
	Field string
	Text  string
}

// Errors of a template.
var (
	errOpenBrace  = errors.New(`a "{" is not closed; write "{{" for a brace`)
	errCloseBrace = errors.New(`a "}" closes nothing; write "}}" for a brace`)
	errNoField    = errors.New(`"{}" names no field; write "{field}"`)
)

// ParseTemplate reads a text with catalogue fields in braces ("{first_name}
// {last_name}"); "{{" and "}}" stand for braces.
func ParseTemplate(template string) ([]Part, error) {
	var parts []Part
	var text strings.Builder
	for rest := template; rest != ""; {
		at := strings.IndexAny(rest, "{}")
		if at < 0 {
			text.WriteString(rest)
			break
		}
		text.WriteString(rest[:at])
		brace := rest[at]
		rest = rest[at+1:]
		if rest != "" && rest[0] == brace {
			text.WriteByte(brace)
			rest = rest[1:]
			continue
		}
		if brace == '}' {
			return nil, errCloseBrace
		}
		end := strings.IndexAny(rest, "{}")
		if end < 0 || rest[end] == '{' {
			return nil, errOpenBrace
		}
		field := strings.TrimSpace(rest[:end])
		if field == "" {
			return nil, errNoField
		}
		if text.Len() > 0 {
			parts = append(parts, Part{Text: text.String()})
			text.Reset()
		}
		parts = append(parts, Part{Field: field})
		rest = rest[end+1:]
	}
	if text.Len() > 0 {
		parts = append(parts, Part{Text: text.String()})
	}
	return parts, nil
}
