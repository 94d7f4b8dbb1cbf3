package mapping

import (
	"strings"

	"audiencesync/internal/audience"
	"audiencesync/internal/config"
	"audiencesync/internal/config/convert"
)

// origin is where a text comes from, compiled.
type origin struct {
	// constant is the text of every member, where there are no fields.
	constant string
	// fields are the catalogue fields in the order in which they are looked at.
	fields []string
	// template joins the fields; without one the first that is not empty counts.
	template []convert.Part
	how      string
}

// constantOf is the origin of a text that every member has.
func constantOf(text string) origin { return origin{constant: text, how: "constant"} }

func newOrigin(o config.Origin) (origin, error) {
	switch {
	case o.Value != nil:
		return constantOf(*o.Value), nil
	case o.From != "":
		return origin{fields: []string{o.From}, how: "field"}, nil
	case len(o.FirstOf) > 0:
		return origin{fields: o.FirstOf, how: "first of several fields"}, nil
	}
	parts, err := convert.ParseTemplate(o.Template)
	if err != nil {
		return origin{}, err
	}
	made := origin{template: parts, how: "template"}
	for _, part := range parts {
		if part.Field == "" {
			made.constant += part.Text
		} else {
			made.fields = append(made.fields, part.Field)
		}
	}
	if len(made.fields) == 0 {
		return constantOf(made.constant), nil
	}
	return made, nil
}

// isConstant reports whether every member has the same text.
func (o *origin) isConstant() bool { return len(o.fields) == 0 }

// read returns the text of a member, empty when it has none, and the field that
// it is from, or that is at fault.
func (o *origin) read(mapped audience.Member) (text, field string, reason audience.Reason) {
	switch {
	case o.isConstant():
		return o.constant, "", ""
	case o.template != nil:
		return o.join(mapped)
	}
	for _, field := range o.fields {
		text, ok := cleanText(mapped[field])
		if !ok {
			return "", field, audience.FieldNotText
		}
		if text != "" {
			return text, field, ""
		}
	}
	return "", o.fields[0], ""
}

// join fills the template. It is empty when all its fields are.
func (o *origin) join(mapped audience.Member) (text, field string, reason audience.Reason) {
	var joined strings.Builder
	found := false
	for _, part := range o.template {
		if part.Field == "" {
			joined.WriteString(part.Text)
			continue
		}
		value, ok := cleanText(mapped[part.Field])
		if !ok {
			return "", part.Field, audience.FieldNotText
		}
		found = found || value != ""
		joined.WriteString(value)
	}
	if !found {
		return "", o.fields[0], ""
	}
	return strings.Join(strings.Fields(joined.String()), " "), o.fields[0], ""
}
