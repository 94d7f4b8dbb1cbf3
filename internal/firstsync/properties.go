package firstsync

import (
	"fmt"

	"audiencesync/internal/audience"
	"audiencesync/internal/config"
	"audiencesync/internal/hellocharles"
	"audiencesync/internal/mapping"
	"audiencesync/internal/preflight"
)

// enough is the share of values that a proposed mapping takes.
const enough = 0.9

// property proposes the field of the same name, or remarks on one that is near.
func (p *Proposal) property(s *Sample, property hellocharles.Property) {
	field, same := s.sameName(property.Name)
	if field == "" {
		return
	}
	fit := s.Fit(property, field)
	if same && fit.Why == "" {
		p.Properties[property.Name] = fit.Source
		return
	}
	why := fit.Why
	if why == "" {
		why = "the names differ"
	}
	p.Remarks = append(p.Remarks, Remark{Property: property.Name, Field: field, Source: fit.Source, Why: why})
}

// sameName is the field that is called like a property, but for letter case, dashes and
// underscores; else one that is nearly called so.
func (s *Sample) sameName(property string) (field string, same bool) {
	for _, exactly := range []bool{true, false} {
		for _, name := range s.Names() {
			if name == property || !exactly && fold(name) == fold(property) {
				return name, true
			}
		}
	}
	near, _ := config.Nearest(property, s.Names())
	return near, false
}

// Fit is how the values of a field can be sent as a custom property.
type Fit struct {
	// Source is the best mapping; its type is empty where there is none.
	Source config.PropertySource
	// Values is how many values it takes, Filled how many there are.
	Values, Filled int
	// Why says why the mapping is not proposed; empty where it is.
	Why string
}

// Fit tries how a field can be sent as a property, by the mapping of a run.
func (s *Sample) Fit(property hellocharles.Property, field string) Fit {
	kind, ok := preflight.Fitting(property)
	if !ok {
		return Fit{Why: fmt.Sprintf("no mapping makes a value for its field %q", property.Input)}
	}
	filled := s.filled(field)
	best, tied := Fit{Source: sources(kind, field)[0], Filled: filled}, false
	for _, source := range sources(kind, field) {
		values := s.takes(property, source)
		switch {
		case values > best.Values:
			best, tied = Fit{Source: source, Values: values, Filled: filled}, false
		case values == best.Values && values > 0 && source.Format != "":
			tied = true
		}
	}
	switch {
	case filled == 0:
		best.Why = "no member of the sample has a value"
	case float64(best.Values) < enough*float64(filled):
		best.Why = fmt.Sprintf("%d of %d values fit type %s%s", best.Values, filled, kind, withOptions(property))
	case tied:
		best.Why = "day and month may be either way round: say which by format"
	}
	return best
}

func withOptions(property hellocharles.Property) string {
	if len(property.Options) == 0 {
		return ""
	}
	return " and its options"
}

// sources are the ways to send a field as a type, the usual one first.
func sources(kind config.PropertyType, field string) []config.PropertySource {
	plain := config.PropertySource{Type: kind, Origin: config.Origin{From: field}}
	switch kind {
	case config.PropertyNumber:
		comma := plain
		comma.DecimalComma = true
		return []config.PropertySource{plain, comma}
	case config.PropertyDate, config.PropertyDateTime:
		all := []config.PropertySource{plain}
		for _, format := range dateFormats[1:] {
			other := plain
			other.Format = format
			all = append(all, other)
		}
		return all
	case config.PropertyMultiselect:
		plain.Origin, plain.List = config.Origin{}, field
		bar, semicolon := plain, plain
		bar.Separator, semicolon.Separator = "|", ";"
		return []config.PropertySource{plain, bar, semicolon}
	default:
		return []config.PropertySource{plain}
	}
}

// destination is a workspace in which one property has options.
func destination(property string, options []string) mapping.Destination {
	if len(options) == 0 {
		return mapping.Destination{}
	}
	return mapping.Destination{Options: map[string][]string{property: options}}
}

// takes is how many members' values a mapping of a property sends, whole.
func (s *Sample) takes(property hellocharles.Property, source config.PropertySource) int {
	mapper := compiled(config.Sync{
		Reference: rawReference(only),
		Mapping:   config.Mapping{Properties: map[string]config.PropertySource{property.Name: source}},
	}, destination(property.Name, property.Options))
	if mapper == nil {
		return 0
	}
	taken := 0
	for _, member := range s.members {
		contact, withheld, rejected := mapper.Contact(mapper.Mapped(member), only)
		if rejected == nil && len(withheld) == 0 && sends(contact, property.Name) {
			taken++
		}
	}
	return taken
}

func sends(contact audience.Contact, property string) bool {
	for _, sent := range contact.Properties {
		if sent.Name == property && sent.Value != nil {
			return true
		}
	}
	return false
}

func (s *Sample) filled(field string) int {
	found, _ := s.Field(field)
	return found.Filled
}

// TypeOf is the type that a custom property of a field's values would have.
func (s *Sample) TypeOf(field string) config.PropertyType {
	found, _ := s.Field(field)
	switch shape, _ := found.Shape(); shape {
	case Number:
		return config.PropertyNumber
	case Boolean:
		return config.PropertyBoolean
	case Date:
		return config.PropertyDate
	case DateTime:
		return config.PropertyDateTime
	default:
		return config.PropertyString
	}
}
