package simulator

import (
	"encoding/json"
	"fmt"

	"audiencesync/internal/simulator/contacts"
)

// known are the members who are contacts from the beginning.
func (c *charles) known() (upserts []contacts.Upsert) {
	crowd := c.sim.crowd
	for i := int64(0); i < crowd.Size() && int64(len(upserts)) < c.options.Known.Members; i++ {
		member := crowd.Member(i)
		if member.Original != i || member.Number == "" {
			continue
		}
		upserts = append(upserts, contacts.Upsert{
			SourceType: c.options.Known.SourceType, Reference: member.Number,
			FirstName: given("Earlier"), MiddleName: given("Middle"), LastName: given("Name"),
			// No country has the code 999.
			Phones: given([]string{fmt.Sprintf("+999%09d", i)}),
			Emails: given([]string{fmt.Sprintf("earlier.%d@example.com", i)}),
			Tags:   given([]string{"newsletter"}),
			Properties: given([]contacts.Property{
				{Name: "birthday", Value: json.RawMessage(`"1970-01-01"`)},
				{Name: "preferred_channel", Value: json.RawMessage(`"email"`)},
			}),
		})
	}
	return upserts
}

func given[T any](value T) contacts.Field[T] { return contacts.Field[T]{Set: true, Value: value} }
