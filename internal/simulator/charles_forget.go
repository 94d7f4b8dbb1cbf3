package simulator

import (
	"slices"

	"audiencesync/internal/simulator/contacts"
)

// forget drops fields of a contact, as if they had not been sent.
func (c *check) forget(fields []string) {
	u := &c.upsert
	for _, field := range fields {
		before := c.dropped
		switch field {
		case "first_name":
			drop(c, &u.FirstName)
		case "middle_name":
			drop(c, &u.MiddleName)
		case "last_name":
			drop(c, &u.LastName)
		case "phone":
			drop(c, &u.Phones)
		case "email":
			drop(c, &u.Emails)
		case "tags":
			drop(c, &u.Tags)
		}
		if c.dropped > before {
			continue
		}
		sent := len(u.Properties.Value)
		u.Properties.Value = slices.DeleteFunc(u.Properties.Value, func(p contacts.Property) bool { return p.Name == field })
		c.dropped += int64(sent - len(u.Properties.Value))
	}
}

func drop[T any](c *check, field *contacts.Field[T]) {
	if field.Set {
		c.dropped++
	}
	*field = contacts.Field[T]{}
}
