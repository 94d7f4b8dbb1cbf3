package mapping

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	"audiencesync/internal/audience"
	"audiencesync/internal/config"
	"audiencesync/internal/config/convert"
)

// property is the compiled source of one custom property.
type property struct {
	name   string
	kind   config.PropertyType
	labels labels // its origin is that of every kind
	omit   bool
	clear  bool

	limit        limit
	decimalComma bool
	boolean      convert.Boolean
	format       convert.Format
	// options are those of Hello Charles; nil when they are not known.
	options map[string]bool
	numbers bool
}

// newProperties compiles the custom properties: what every contact carries, the
// marker first, and what members bring.
func newProperties(sync config.Sync, to Destination) (constants []audience.Property, sources []property, err error) {
	if sync.Marker.Property != "" {
		value := sync.Marker.Member
		if sync.Marker.Shared {
			value = SharedMark([]string{sync.Audience.ID})
		}
		constants = append(constants, audience.Property{Name: sync.Marker.Property, Value: value})
	}
	for _, name := range slices.Sorted(maps.Keys(sync.Mapping.Properties)) {
		p, err := newProperty(name, sync, to)
		if err != nil {
			return nil, nil, fmt.Errorf("mapping.properties.%s: %w", name, err)
		}
		if !p.labels.isConstant() {
			sources = append(sources, p)
			continue
		}
		value, reason := p.convert(p.labels.origin.constant)
		if reason != "" {
			return nil, nil, fmt.Errorf("mapping.properties.%s: the constant value: %s", name, reason.Explain())
		}
		constants = append(constants, audience.Property{Name: name, Value: value})
	}
	return constants, sources, nil
}

func newProperty(name string, sync config.Sync, to Destination) (property, error) {
	source := sync.Mapping.Properties[name]
	if constant, ok := partOf(sync.Audience, source.Audience); ok {
		source.Value = &constant
	}
	p := property{
		name: name, kind: source.Type, omit: source.Unusable == config.Omit, clear: source.Empty == config.EmptyClear,
		limit:        newLimit(source.Longest(), source.TooLong, limit{}),
		decimalComma: source.DecimalComma,
		boolean:      convert.NewBoolean(source.True, source.False),
		numbers:      source.Numbers,
	}
	if options, known := to.Options[name]; known {
		p.options = setOf(options)
	}
	var err error
	if p.labels, err = newLabels(source.Origin, source.ListField, source.Labels); err != nil {
		return p, err
	}
	zone, err := source.Zone()
	if err != nil {
		return p, err
	}
	p.format, err = convert.NewFormat(source.Format, zone)
	return p, err
}

// brings reports whether members bring options of their own.
func (p *property) brings() bool {
	return p.kind == config.PropertySelect || p.kind == config.PropertyMultiselect
}

// propertyValue is what became of a property of one member.
type propertyValue struct {
	value any
	// sent says that the value goes out, nil to clear the property.
	sent     bool
	withheld []audience.Withheld
}

// of returns the property of a member.
func (p *property) of(mapped audience.Member) (propertyValue, *Rejection) {
	if p.brings() {
		return p.ofOptions(mapped)
	}
	return p.ofText(mapped)
}

// omits reports whether the contact is sent without the value.
func (p *property) omits(rejected *Rejection) bool {
	return p.omit && rejected.Reason != audience.PropertyTooLong
}

func (p *property) ofText(mapped audience.Member) (propertyValue, *Rejection) {
	text, field, reason := p.labels.origin.read(mapped)
	switch {
	case reason != "":
		return propertyValue{}, &Rejection{reason, field}
	case text == "":
		return propertyValue{sent: p.clear}, nil
	}
	value, reason := p.convert(text)
	switch {
	case reason != "":
		return propertyValue{}, &Rejection{reason, field}
	case value == "": // Nothing was left of it.
		return propertyValue{sent: p.clear}, nil
	}
	return propertyValue{value: value, sent: true}, nil
}

// ofOptions returns the options of a select or multiselect property. A member
// whose options are all withheld keeps what Hello Charles has.
func (p *property) ofOptions(mapped audience.Member) (propertyValue, *Rejection) {
	options, rejected := p.optionsOf(mapped)
	if rejected != nil {
		return propertyValue{}, rejected
	}
	found := propertyValue{withheld: entries(p.name, options.withheld)}
	if len(options.sent) == 0 {
		found.sent = p.clear && len(options.withheld) == 0
		return found, nil
	}
	value, reason := p.asOptions(options.sent)
	if reason != "" {
		return propertyValue{}, &Rejection{reason, p.labels.fields()[0]}
	}
	found.value, found.sent = value, true
	return found, nil
}

func (p *property) optionsOf(mapped audience.Member) (labelled, *Rejection) {
	var options labelled
	rejected := p.labels.add(mapped, p.options, &options)
	return options, rejected
}

// asOptions brings options into the form of the property.
func (p *property) asOptions(options []string) (any, audience.Reason) {
	if !p.numbers {
		if p.kind == config.PropertySelect {
			return options[0], ""
		}
		return options, ""
	}
	numbers := make([]json.Number, len(options))
	for i, option := range options {
		number, ok := convert.Number(option, false)
		if !ok {
			return nil, audience.PropertyNotANumber
		}
		numbers[i] = number
	}
	if p.kind == config.PropertySelect {
		return numbers[0], ""
	}
	return numbers, ""
}

// convert brings a text that is not empty into the form of the property.
func (p *property) convert(text string) (any, audience.Reason) {
	switch p.kind {
	case config.PropertyNumber:
		if number, ok := convert.Number(text, p.decimalComma); ok {
			return number, ""
		}
		return nil, audience.PropertyNotANumber
	case config.PropertyBoolean:
		if value, ok := p.boolean.Read(text); ok {
			return value, ""
		}
		return nil, audience.PropertyNotABoolean
	case config.PropertyDate:
		if date, ok := p.format.Date(text); ok {
			return date, ""
		}
		return nil, audience.PropertyNotADate
	case config.PropertyDateTime:
		if moment, ok := p.format.DateTime(text); ok {
			return moment, ""
		}
		return nil, audience.PropertyNotADateTime
	case config.PropertySelect, config.PropertyMultiselect:
		return p.asOptions([]string{p.labels.label(text)})
	default:
		if value, ok := p.limit.apply(text); ok {
			return value, ""
		}
		return nil, audience.PropertyTooLong
	}
}
