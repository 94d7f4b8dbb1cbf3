package mapping

import (
	"cmp"
	"slices"

	"audiencesync/internal/config"
)

// Needs is what must exist in Hello Charles before a contact is sent.
type Needs struct {
	// Tags are the labels that every contact carries, the marker's included.
	Tags []string
	// DynamicTags says that members bring tags of their own, so that the labels
	// that exist have to be known.
	DynamicTags bool
	// Properties are the custom properties that may be sent, by technical name.
	Properties []NeededProperty
}

// NeededProperty is a custom property that may be sent.
type NeededProperty struct {
	// Name is the technical name.
	Name string
	Type config.PropertyType
	// Constant is the value that every contact carries, as it is sent; nil when
	// members bring their own.
	Constant any
}

// Needs returns what must exist in Hello Charles.
func (m *Mapper) Needs() Needs {
	needs := Needs{Tags: slices.Clone(m.tags.constants), DynamicTags: m.tags.dynamic}
	for _, constant := range m.constants {
		kind := config.PropertyString // the marker's
		if source, ok := m.sync.Mapping.Properties[constant.Name]; ok {
			kind = source.Type
		}
		needs.Properties = append(needs.Properties, NeededProperty{Name: constant.Name, Type: kind, Constant: constant.Value})
	}
	for i := range m.properties {
		needs.Properties = append(needs.Properties, NeededProperty{Name: m.properties[i].name, Type: m.properties[i].kind})
	}
	slices.SortFunc(needs.Properties, func(a, b NeededProperty) int { return cmp.Compare(a.Name, b.Name) })
	return needs
}
