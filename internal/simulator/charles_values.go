package simulator

import (
	"encoding/json"
	"slices"
	"strings"
	"time"

	"audiencesync/internal/simulator/contacts"
)

// refusal is why one contact is refused.
type refusal struct {
	Code    string `json:"code"`
	Message string `json:"message"`
}

// check is what became of the values of one contact.
type check struct {
	upsert contacts.Upsert
	// no is why the contact is refused, whole that the call is with it.
	no    *refusal
	whole bool
	// dropped are the values that were silently ignored.
	dropped int64
}

// judge handles a value that has no place. It says whether the value stays.
func (c *check) judge(what UnknownValues, code, message string) (stays bool) {
	switch what {
	case TakeUnknown:
		return true
	case DropUnknown:
		c.dropped++
	case RefuseContact, RefuseWholeCall:
		if c.no == nil {
			c.no = &refusal{code, message}
		}
		c.whole = c.whole || what == RefuseWholeCall
	}
	return false
}

// check checks the values of a contact, and leaves those that have a place.
func (c *charles) check(body *contactBody) check {
	k := check{upsert: contacts.Upsert{
		SourceType: body.sourceType, Reference: body.reference,
		FirstName: body.firstName, MiddleName: body.middleName, LastName: body.lastName,
		Phones: body.phones, Emails: body.emails, Tags: body.tags, Properties: body.properties,
	}}
	if body.malformed != nil {
		k.no = body.malformed
		return k
	}
	k.keepChannels(&k.upsert.Phones, international, c.options.BadChannels,
		"phone_invalid", "the phone number is not in international format")
	k.keepChannels(&k.upsert.Emails, address, c.options.BadChannels,
		"email_invalid", "the email address is not valid")
	c.keepTags(&k)
	c.keepProperties(&k)
	return k
}

func (c *check) keepChannels(field *contacts.Field[[]string], usable func(string) bool, what UnknownValues, code, message string) {
	sent := field.Value
	field.Value = sent[:0]
	for _, value := range sent {
		if usable(value) || c.judge(what, code, message) {
			field.Value = append(field.Value, value)
		}
	}
	if len(sent) > 0 && len(field.Value) == 0 { // dropped: as if it had not been named
		field.Set = false
	}
}

// international says whether a number has a country code, with or without the plus.
func international(phone string) bool {
	digits := strings.TrimPrefix(phone, "+")
	return len(digits) >= 7 && len(digits) <= 15 && digits[0] != '0' && strings.Trim(digits, "0123456789") == ""
}

// address says whether a text looks like an email address.
func address(email string) bool {
	local, host, _ := strings.Cut(email, "@")
	return local != "" && strings.Contains(host, ".") && !strings.ContainsAny(email, " \t\n") && !strings.Contains(host, "@")
}

// keepTags leaves the tags that exist, as labels.
func (c *charles) keepTags(k *check) {
	sent := k.upsert.Tags.Value
	kept := sent[:0]
	labels := c.tags.Load().labels
	for _, tag := range sent {
		label, known := labels[tag]
		switch {
		case known:
			kept = append(kept, label)
		case k.judge(c.options.UnknownTags, "tag_unknown", "a tag does not exist"):
			kept = append(kept, tag)
		}
	}
	k.upsert.Tags.Value = kept
}

// keepProperties leaves the properties that can be written, with values of
// their types and options.
func (c *charles) keepProperties(k *check) {
	kept := k.upsert.Properties.Value[:0]
	for _, given := range k.upsert.Properties.Value {
		property, known := c.properties[given.Name]
		var stays bool
		switch {
		case !known:
			stays = k.judge(c.options.UnknownProperties, "custom_property_unknown", "a custom property does not exist")
		case !property.Writable():
			stays = k.judge(c.options.ReadOnly, "custom_property_read_only", "a custom property cannot be written")
		case !property.accepts(given.Value):
			stays = k.judge(c.options.WrongTypes, "custom_property_type", "the value of a custom property has the wrong type")
		default:
			given.Value, stays = c.keepOptions(k, property, given.Value)
		}
		if stays {
			kept = append(kept, given)
		}
	}
	k.upsert.Properties.Value = kept
}

// keepOptions leaves the values that are options of a property which has any:
// of a list those elements, else the value or nothing.
func (c *charles) keepOptions(k *check, property Property, value json.RawMessage) (kept json.RawMessage, stays bool) {
	judge := func() bool {
		return k.judge(c.options.UnknownOptions, "custom_property_option", "the value of a custom property is none of its options")
	}
	var elements []json.RawMessage
	switch {
	case len(property.Input.Options) == 0 || string(value) == "null":
		return value, true
	case json.Unmarshal(value, &elements) != nil:
		return value, property.offers(value) || judge()
	}
	elements = slices.DeleteFunc(elements, func(element json.RawMessage) bool {
		return !property.offers(element) && !judge()
	})
	kept, err := json.Marshal(elements)
	return kept, err == nil
}

// offers says whether a value is an option of the property.
func (p Property) offers(value json.RawMessage) bool {
	return slices.ContainsFunc(p.Input.Options, func(option PropertyOption) bool {
		encoded, err := json.Marshal(option.Value)
		return err == nil && (string(encoded) == string(value) || sameText(encoded, value))
	})
}

func sameText(one, other json.RawMessage) bool {
	var a, b string
	return json.Unmarshal(one, &a) == nil && json.Unmarshal(other, &b) == nil && a == b
}

// accepts says whether a value has the type of the property (see
// docs/hello-charles.md, section 6). null clears any.
func (p Property) accepts(value []byte) bool {
	if string(value) == "null" {
		return true
	}
	switch first := value[0]; p.Type {
	case "number":
		return first == '-' || first >= '0' && first <= '9'
	case "boolean":
		return first == 't' || first == 'f'
	case "object":
		return first == '{' || first == '['
	}
	switch p.Input.Type {
	case "date":
		return isTime(time.DateOnly, value)
	case "datetime":
		return isTime(time.RFC3339, value)
	default:
		return value[0] == '"'
	}
}

func isTime(layout string, value []byte) bool {
	_, err := time.Parse(`"`+layout+`"`, string(value))
	return err == nil
}
