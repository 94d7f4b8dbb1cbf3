// Package mapping turns members into contacts. A mapping is compiled once per
// run; it knows nothing of Temporal, HTTP or SQL.
package mapping

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	"audiencesync/internal/audience"
	"audiencesync/internal/config"
)

// Rejection says why a member cannot become a contact. It holds no value of
// the member.
type Rejection struct {
	Reason audience.Reason
	// Field is the catalogue field that is at fault.
	Field string
}

// Mapper maps the members of one run. It is safe for concurrent use. Mapped
// comes first: the other methods take what it returns.
type Mapper struct {
	sync       config.Sync
	tags       []string
	constants  []audience.Property
	properties []property
	fields     []path
	digest     [sha256.Size]byte
}

type property struct {
	name string
	from string
	kind config.PropertyType
}

// Compile prepares the mapping of a sync. rendering names the settings of the
// destination that change what is sent; it enters every fingerprint, so that
// a changed setting sends again. The sync has been validated by config.
func Compile(sync config.Sync, rendering string) (*Mapper, error) {
	m := &Mapper{sync: sync}
	for _, tag := range append(slices.Clone(sync.Mapping.Tags), sync.Marker.Tag) {
		if tag != "" && !slices.Contains(m.tags, tag) {
			m.tags = append(m.tags, tag)
		}
	}
	m.tags = slices.Clip(m.tags)
	if err := m.compileProperties(); err != nil {
		return nil, err
	}
	m.fields = m.mappedFields()
	content, err := json.Marshal(struct {
		Reference config.Reference
		Marker    config.Marker
		Mapping   config.Mapping
		Rendering string
	}{sync.Reference, sync.Marker, sync.Mapping, rendering})
	if err != nil {
		return nil, fmt.Errorf("digest of the mapping: %w", err)
	}
	m.digest = sha256.Sum256(content)
	return m, nil
}

func (m *Mapper) compileProperties() error {
	if name := m.sync.Marker.Property; name != "" {
		m.constants = append(m.constants, audience.Property{Name: name, Value: m.sync.Marker.Member})
	}
	for _, name := range slices.Sorted(maps.Keys(m.sync.Mapping.Properties)) {
		source := m.sync.Mapping.Properties[name]
		if source.Value == nil {
			m.properties = append(m.properties, property{name: name, from: source.From, kind: source.Type})
			continue
		}
		value, reason := convert(*source.Value, source.Type)
		if reason != "" {
			return fmt.Errorf("mapping.properties.%s: the constant value: %s", name, reason.Explain())
		}
		m.constants = append(m.constants, audience.Property{Name: name, Value: value})
	}
	return nil
}

// mappedFields returns every catalogue field that a contact is made of, once
// each and in a fixed order.
func (m *Mapper) mappedFields() []path {
	mapping := m.sync.Mapping
	names := []string{m.sync.Reference.From, mapping.FirstName, mapping.MiddleName, mapping.LastName}
	for _, channel := range []*config.Channel{mapping.Phone, mapping.Email} {
		if channel != nil {
			names = append(names, channel.From)
		}
	}
	for _, p := range m.properties {
		names = append(names, p.from)
	}
	slices.Sort(names)
	var fields []path
	for _, name := range slices.Compact(names) {
		if name != "" {
			fields = append(fields, parsePath(name))
		}
	}
	return fields
}

// Mapped returns the part of a member that the mapping uses: what is staged
// and fingerprinted. Everything else is forgotten at once.
func (m *Mapper) Mapped(member audience.Member) audience.Member {
	mapped := make(audience.Member, len(m.fields))
	for _, field := range m.fields {
		if value := field.in(member); value != nil {
			mapped[field.name] = value
		}
	}
	return mapped
}

// Contact maps the mapped part of a member to the contact that is sent. The
// reference has been determined by Reference. withheld names the fields whose
// values were left out because they are not usable.
func (m *Mapper) Contact(mapped audience.Member, reference string) (contact audience.Contact, withheld []string, rejection *Rejection) {
	mapping := m.sync.Mapping
	contact = audience.Contact{Reference: reference, Tags: m.tags}
	for _, name := range []struct {
		from string
		to   *string
	}{
		{mapping.FirstName, &contact.FirstName},
		{mapping.MiddleName, &contact.MiddleName},
		{mapping.LastName, &contact.LastName},
	} {
		value, ok := cleanText(mapped[name.from])
		if !ok {
			return contact, nil, &Rejection{audience.FieldNotText, name.from}
		}
		*name.to = value
	}
	for _, channel := range []struct {
		*config.Channel
		to    *string
		check func(string) (string, audience.Reason)
	}{
		{mapping.Phone, &contact.Phone, func(value string) (string, audience.Reason) { return m.checkPhone(value, reference) }},
		{mapping.Email, &contact.Email, checkEmail},
	} {
		if channel.Channel == nil {
			continue
		}
		value, reason := read(mapped[channel.From], channel.check)
		switch {
		case reason == "":
			*channel.to = value
		case channel.Unusable == config.Omit:
			withheld = append(withheld, channel.From)
		default:
			return contact, nil, &Rejection{reason, channel.From}
		}
	}
	contact.Properties, rejection = m.propertiesOf(mapped)
	return contact, withheld, rejection
}

// read checks the value of a phone number or an email address; a missing one
// is fine.
func read(value any, check func(string) (string, audience.Reason)) (string, audience.Reason) {
	text, ok := cleanText(value)
	switch {
	case !ok:
		return "", audience.FieldNotText
	case text == "":
		return "", ""
	}
	return check(text)
}

// checkPhone spares the phone number library a second look at a number that
// the reference is already made of.
func (m *Mapper) checkPhone(value, reference string) (string, audience.Reason) {
	if m.sync.Mapping.Phone.From == m.sync.Reference.From {
		switch m.sync.Reference.Normalise {
		case config.NormaliseE164:
			return reference, ""
		case config.NormaliseDigits:
			return "+" + reference, ""
		case config.NormaliseRaw:
		}
	}
	return parsePhone(value, m.sync.Reference.DefaultRegion, phoneReasons)
}

func (m *Mapper) propertiesOf(mapped audience.Member) ([]audience.Property, *Rejection) {
	properties := make([]audience.Property, len(m.constants), len(m.constants)+len(m.properties))
	copy(properties, m.constants)
	for _, p := range m.properties {
		value, ok := cleanText(mapped[p.from])
		switch {
		case !ok:
			return nil, &Rejection{audience.FieldNotText, p.from}
		case value == "":
			continue
		}
		converted, reason := convert(value, p.kind)
		if reason != "" {
			return nil, &Rejection{reason, p.from}
		}
		properties = append(properties, audience.Property{Name: p.name, Value: converted})
	}
	return properties, nil
}

// Tags returns the labels that every contact carries.
func (m *Mapper) Tags() []string { return m.tags }

// PropertyTypes returns the technical names of all properties that may be
// sent, with the type of their values.
func (m *Mapper) PropertyTypes() map[string]config.PropertyType {
	types := make(map[string]config.PropertyType, len(m.constants)+len(m.properties))
	for name, source := range m.sync.Mapping.Properties {
		types[name] = source.Type
	}
	if name := m.sync.Marker.Property; name != "" {
		types[name] = config.PropertyString
	}
	return types
}
