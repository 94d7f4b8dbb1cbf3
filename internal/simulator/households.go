package simulator

import (
	"strconv"

	"audiencesync/internal/simulator/contacts"
)

// settle lets those in who are contacts from the beginning.
func (c *charles) settle() {
	if first := append(c.households(), c.known()...); len(first) > 0 {
		// The policy keeps in mind whose the phone numbers are.
		c.store.Add(first, contacts.Policy{StitchPhone: true})
	}
}

// households are contacts of a shop with the phone numbers of two members each.
func (c *charles) households() (upserts []contacts.Upsert) {
	crowd := c.sim.crowd
	var numbers []string
	for i := int64(0); i < crowd.Size() && int64(len(numbers)) < 2*c.options.Households; i++ {
		if member := crowd.Member(i); member.Original == i && member.Number != "" {
			numbers = append(numbers, member.Number)
		}
	}
	for i := 0; i+1 < len(numbers); i += 2 {
		upserts = append(upserts, contacts.Upsert{
			SourceType: "shop", Reference: "shop-" + strconv.Itoa(i/2),
			Phones: contacts.Field[[]string]{Set: true, Value: numbers[i : i+2]},
		})
	}
	return upserts
}
