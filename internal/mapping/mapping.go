// Package mapping turns members into contacts. A mapping is compiled once per
// run; it knows nothing of Temporal, HTTP or SQL.
package mapping

import (
	"crypto/sha256"
	"fmt"
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

// rejection returns nil where there is no reason.
func rejection(reason audience.Reason, field string) *Rejection {
	if reason == "" {
		return nil
	}
	return &Rejection{reason, field}
}

// Destination is what the mapping has to know of the workspace.
type Destination struct {
	// Rendering names the settings of the destination that change what is sent;
	// it enters every fingerprint, so that a changed setting sends again.
	Rendering string
	// Tags are the labels that exist in Hello Charles. Nil: not known, and no
	// label is withheld because it does not exist.
	Tags []string
	// Options are the values of select and multiselect properties by technical
	// name. A property that is absent: not known.
	Options map[string][]string
}

// Mapper maps the members of one run. It is safe for concurrent use. Mapped
// comes first: the other methods take what it returns.
type Mapper struct {
	sync      config.Sync
	reference origin
	phones    phoneParser
	// filter is nil without one.
	filter       filter
	filterFields []string
	names        []name
	channels     []channel
	tags         tags
	constants    []audience.Property
	properties   []property
	// content are the fields that a contact is made of, and fields those of the
	// filter too; each once and in a fixed order.
	content []string
	fields  []path
	digest  [sha256.Size]byte
}

// Compile prepares the mapping of a sync, which has been validated by config.
func Compile(sync config.Sync, to Destination) (*Mapper, error) {
	m := &Mapper{sync: sync, phones: newPhoneParser(sync.Reference.DefaultRegion, sync.Reference.DigitsAreInternational)}
	var err error
	if m.reference, err = newOrigin(sync.Reference.Origin); err != nil {
		return nil, fmt.Errorf("reference: %w", err)
	}
	if m.names, err = newNames(sync.Mapping); err != nil {
		return nil, err
	}
	if m.channels, err = m.newChannels(); err != nil {
		return nil, err
	}
	if m.tags, err = newTags(sync, to.Tags); err != nil {
		return nil, err
	}
	if m.constants, m.properties, err = newProperties(sync, to); err != nil {
		return nil, err
	}
	m.collectFields()
	m.digest, err = digestOf(sync, to.Rendering)
	return m, err
}

// collectFields compiles the filter and gathers the catalogue fields.
func (m *Mapper) collectFields() {
	names := slices.Clone(m.reference.fields)
	for i := range m.names {
		names = append(names, m.names[i].origin.fields...)
	}
	for i := range m.channels {
		names = append(names, m.channels[i].origin.fields...)
	}
	for i := range m.tags.sources {
		names = append(names, m.tags.sources[i].fields()...)
	}
	for i := range m.properties {
		names = append(names, m.properties[i].labels.fields()...)
	}
	slices.Sort(names)
	m.content = slices.Clone(slices.Compact(names))
	names = slices.Clone(m.content)
	if m.sync.Filter != nil {
		m.filter = newFilter(*m.sync.Filter, func(field string) { m.filterFields = append(m.filterFields, field) })
	}
	names = append(names, m.filterFields...)
	slices.Sort(names)
	for _, name := range slices.Compact(names) {
		m.fields = append(m.fields, parsePath(name))
	}
}

// Mapped returns the part of a member that the mapping uses, the fields of the
// filter included: what is staged. Everything else is forgotten at once.
func (m *Mapper) Mapped(member audience.Member) audience.Member {
	mapped := make(audience.Member, len(m.fields))
	for _, field := range m.fields {
		if value := field.in(member); value != nil {
			mapped[field.name] = value
		}
	}
	return mapped
}

// Fields returns the names of the catalogue fields that Mapped returns.
func (m *Mapper) Fields() []string {
	names := make([]string, len(m.fields))
	for i, field := range m.fields {
		names[i] = field.name
	}
	return names
}

// ReferenceFields returns the catalogue fields that the reference is made of.
func (m *Mapper) ReferenceFields() []string { return slices.Clone(m.reference.fields) }

// Excluded returns why the filter keeps a member out, or nil: such a member is
// suppressed. The field is that of the condition that said no.
func (m *Mapper) Excluded(mapped audience.Member) *Rejection {
	if m.filter == nil {
		return nil
	}
	holds, field := m.filter(mapped)
	if holds {
		return nil
	}
	return &Rejection{audience.ExcludedByFilter, field}
}

// Contact maps the mapped part of a member to the contact that is sent. The
// reference has been determined by Reference. withheld names what was left out
// because it is not usable, not allowed or does not exist.
func (m *Mapper) Contact(mapped audience.Member, reference string) (contact audience.Contact, withheld []audience.Withheld, rejected *Rejection) {
	contact.Reference = reference
	for i := range m.names {
		n := &m.names[i]
		text, rejected := n.of(mapped)
		if rejected != nil {
			return contact, nil, rejected
		}
		*n.to(&contact) = text
	}
	for i := range m.channels {
		c := &m.channels[i]
		value, rejected := c.of(mapped, reference)
		switch {
		case rejected != nil && !c.omits(rejected):
			return contact, nil, rejected
		case rejected != nil:
			withheld = append(withheld, audience.Withheld{Target: c.target})
		case c.target == phoneTarget:
			contact.Phone = value
		default:
			contact.Email = value
		}
	}
	tags, rejected := m.tags.of(mapped)
	if rejected != nil {
		return contact, nil, rejected
	}
	contact.Tags = tags.sent
	withheld = append(withheld, entries(tagsTarget, tags.withheld)...)
	contact.Properties = make([]audience.Property, len(m.constants), len(m.constants)+len(m.properties))
	copy(contact.Properties, m.constants)
	for i := range m.properties {
		p := &m.properties[i]
		found, rejected := p.of(mapped)
		if rejected != nil {
			if !p.omits(rejected) {
				return contact, nil, rejected
			}
			withheld = append(withheld, audience.Withheld{Target: p.name})
			continue
		}
		withheld = append(withheld, found.withheld...)
		if found.sent {
			contact.Properties = append(contact.Properties, audience.Property{Name: p.name, Value: found.value})
		}
	}
	return contact, withheld, nil
}

// Unknown returns the labels and options of a member that are not allowed or do
// not exist, and for which the sync says that the run must not send.
func (m *Mapper) Unknown(mapped audience.Member) []audience.Withheld {
	var unknown []audience.Withheld
	m.eachLabelled(mapped, func(target string, found labelled) {
		unknown = append(unknown, entries(target, found.stopped)...)
	})
	return unknown
}

// eachLabelled hands out the tags and options of a member where members bring
// their own. A member that will be rejected for them has what was found before.
func (m *Mapper) eachLabelled(mapped audience.Member, use func(target string, found labelled)) {
	if m.tags.dynamic {
		found, _ := m.tags.of(mapped)
		use(tagsTarget, found)
	}
	for i := range m.properties {
		if p := &m.properties[i]; p.brings() {
			found, _ := p.optionsOf(mapped)
			use(p.name, found)
		}
	}
}
