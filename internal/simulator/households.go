package simulator

import (
	"strconv"

	"audiencesync/internal/simulator/contacts"
)

// settle lets the households in.
func (c *charles) settle() {
	if c.options.Households == 0 {
		return
	}
	crowd := c.sim.crowd
	var numbers []string
	for i := int64(0); i < crowd.Size() && int64(len(numbers)) < 2*c.options.Households; i++ {
		if member := crowd.Member(i); member.Original == i && member.Number != "" {
			numbers = append(numbers, member.Number)
		}
	}
	var upserts []contacts.Upsert
	for i := 0; i+1 < len(numbers); i += 2 {
		upserts = append(upserts, contacts.Upsert{
			SourceType: "shop", Reference: "shop-" + strconv.Itoa(i/2),
			Phones: contacts.Field[[]string]{Set: true, Value: numbers[i : i+2]},
		})
	}
	c.store.Begin(upserts, contacts.Policy{StitchPhone: true})
}
