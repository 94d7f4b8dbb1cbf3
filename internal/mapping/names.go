package mapping

import (
	"fmt"

	"audiencesync/internal/audience"
	"audiencesync/internal/config"
)

// name is the compiled mapping of the first, middle or last name.
type name struct {
	target string
	origin origin
	limit  limit
	to     func(*audience.Contact) *string
}

func newNames(mapping config.Mapping) (names []name, err error) {
	for _, mapped := range []struct {
		target string
		source *config.Text
		to     func(*audience.Contact) *string
	}{
		{"first_name", mapping.FirstName, func(c *audience.Contact) *string { return &c.FirstName }},
		{"middle_name", mapping.MiddleName, func(c *audience.Contact) *string { return &c.MiddleName }},
		{"last_name", mapping.LastName, func(c *audience.Contact) *string { return &c.LastName }},
	} {
		if mapped.source == nil {
			continue
		}
		made, err := newOrigin(mapped.source.Origin)
		if err != nil {
			return nil, fmt.Errorf("mapping.%s: %w", mapped.target, err)
		}
		names = append(names, name{
			target: mapped.target, origin: made, to: mapped.to,
			limit: newLimit(mapped.source.MaxLength, mapped.source.TooLong, limit{most: config.MaxNameLength, cut: true}),
		})
	}
	return names, nil
}

// of returns the name of a member.
func (n *name) of(mapped audience.Member) (string, *Rejection) {
	text, field, reason := n.origin.read(mapped)
	if reason != "" {
		return "", &Rejection{reason, field}
	}
	text, ok := n.limit.apply(text)
	if !ok {
		return "", &Rejection{audience.NameTooLong, field}
	}
	return text, nil
}
