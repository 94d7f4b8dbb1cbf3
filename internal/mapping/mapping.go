// Package mapping turns members into contacts. A mapping is compiled once per
// run; it knows nothing of Temporal, HTTP or SQL.
package mapping

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"slices"
	"sort"
	"strings"

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

// Mapper maps the members of one run. It is safe for concurrent use.
type Mapper struct {
	sync       config.Sync
	reference  path
	firstName  path
	middleName path
	lastName   path
	phone      *channel
	email      *channel
	tags       []string
	constants  []audience.Property
	properties []property
	fields     []path
	digest     [sha256.Size]byte
}

type channel struct {
	from path
	omit bool
}

type property struct {
	name string
	from path
	kind config.PropertyType
}

// Compile prepares the mapping of a sync. rendering names the settings of the
// destination that change what is sent; it enters every fingerprint, so that
// a changed setting sends again. The sync has been validated by config.
func Compile(sync config.Sync, rendering string) (*Mapper, error) {
	m := &Mapper{
		sync:       sync,
		reference:  parsePath(sync.Reference.From),
		firstName:  parsePath(sync.Mapping.FirstName),
		middleName: parsePath(sync.Mapping.MiddleName),
		lastName:   parsePath(sync.Mapping.LastName),
		phone:      compileChannel(sync.Mapping.Phone),
		email:      compileChannel(sync.Mapping.Email),
		tags:       slices.Clone(sync.Mapping.Tags),
	}
	if sync.Marker.Tag != "" && !slices.Contains(m.tags, sync.Marker.Tag) {
		m.tags = append(m.tags, sync.Marker.Tag)
	}
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

func compileChannel(c *config.Channel) *channel {
	if c == nil || c.From == "" {
		return nil
	}
	return &channel{from: parsePath(c.From), omit: c.Unusable == config.Omit}
}

func (m *Mapper) compileProperties() error {
	if name := m.sync.Marker.Property; name != "" {
		m.constants = append(m.constants, audience.Property{Name: name, Value: m.sync.Marker.Member})
	}
	names := make([]string, 0, len(m.sync.Mapping.Properties))
	for name := range m.sync.Mapping.Properties {
		names = append(names, name)
	}
	sort.Strings(names)
	for _, name := range names {
		source := m.sync.Mapping.Properties[name]
		if source.Value == nil {
			m.properties = append(m.properties, property{name: name, from: parsePath(source.From), kind: source.Type})
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
	all := []path{m.reference, m.firstName, m.middleName, m.lastName}
	for _, c := range []*channel{m.phone, m.email} {
		if c != nil {
			all = append(all, c.from)
		}
	}
	for _, p := range m.properties {
		all = append(all, p.from)
	}
	byName := make(map[string]path, len(all))
	for _, p := range all {
		if p.name != "" {
			byName[p.name] = p
		}
	}
	fields := make([]path, 0, len(byName))
	for _, p := range byName {
		fields = append(fields, p)
	}
	slices.SortFunc(fields, func(a, b path) int { return strings.Compare(a.name, b.name) })
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

// Contact maps a member, or its mapped part, to the contact that is sent. The
// reference has been determined by Reference. withheld names the fields whose
// values were left out because they are not usable.
func (m *Mapper) Contact(member audience.Member, reference string) (contact audience.Contact, withheld []string, rejection *Rejection) {
	contact = audience.Contact{Reference: reference, Tags: m.tags}
	names := []struct {
		from path
		to   *string
	}{
		{m.firstName, &contact.FirstName},
		{m.middleName, &contact.MiddleName},
		{m.lastName, &contact.LastName},
	}
	for _, name := range names {
		value, ok := text(name.from.in(member))
		if !ok {
			return contact, nil, &Rejection{audience.FieldNotText, name.from.name}
		}
		*name.to = clean(value)
	}
	channels := []struct {
		from  *channel
		to    *string
		check func(string) (string, audience.Reason)
	}{
		{m.phone, &contact.Phone, m.checkPhone(member, reference)},
		{m.email, &contact.Email, checkEmail},
	}
	for _, c := range channels {
		if c.from == nil {
			continue
		}
		value, reason := c.from.read(member, c.check)
		switch {
		case reason == "":
			*c.to = value
		case c.from.omit:
			withheld = append(withheld, c.from.from.name)
		default:
			return contact, nil, &Rejection{reason, c.from.from.name}
		}
	}
	contact.Properties, rejection = m.propertiesOf(member)
	return contact, withheld, rejection
}

func (c *channel) read(member audience.Member, check func(string) (string, audience.Reason)) (string, audience.Reason) {
	value, ok := text(c.from.in(member))
	if !ok {
		return "", audience.FieldNotText
	}
	value = clean(value)
	if value == "" {
		return "", ""
	}
	return check(value)
}

// checkPhone spares the phone number library a second look at a number that
// the reference is already made of.
func (m *Mapper) checkPhone(member audience.Member, reference string) func(string) (string, audience.Reason) {
	return func(value string) (string, audience.Reason) {
		if m.phone.from.name == m.reference.name {
			switch m.sync.Reference.Normalise {
			case config.NormaliseE164:
				return reference, ""
			case config.NormaliseDigits:
				return "+" + reference, ""
			}
		}
		return parsePhone(value, m.sync.Reference.DefaultRegion, phoneReasons)
	}
}

func (m *Mapper) propertiesOf(member audience.Member) ([]audience.Property, *Rejection) {
	properties := make([]audience.Property, len(m.constants), len(m.constants)+len(m.properties))
	copy(properties, m.constants)
	for _, p := range m.properties {
		raw := p.from.in(member)
		value, ok := text(raw)
		if !ok {
			return nil, &Rejection{audience.FieldNotText, p.from.name}
		}
		if value = clean(value); value == "" {
			continue
		}
		converted, reason := convert(value, p.kind)
		if reason != "" {
			return nil, &Rejection{reason, p.from.name}
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
