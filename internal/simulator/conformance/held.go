package conformance

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"

	"audiencesync/internal/audience"
	"audiencesync/internal/simulator"
	"audiencesync/internal/simulator/contacts"
	"audiencesync/internal/simulator/people"
)

// sourceType is that of the demo's connection.
const sourceType = "zeotap"

// MemberContact is what the demo's sync makes of a member that has a usable phone
// number, when its birthday clears a birthday that is there (empty: clear).
func MemberContact(member people.Member) audience.Contact {
	contact := audience.Contact{
		Reference: member.Number, FirstName: member.FirstName, LastName: member.LastName,
		Phone: member.Number, Email: member.Email, Tags: []string{"zeotap"},
		Properties: []audience.Property{
			{Name: "zeotap_audience_984", Value: "member"},
			{Name: "birthday"},
			{Name: "city", Value: member.City},
			{Name: "loyalty_points", Value: json.Number(member.LoyaltyPoints)},
		},
	}
	if member.BirthDate != "" {
		contact.Properties[1].Value = member.BirthDate
	}
	return contact
}

// after is what the workspace holds after a contact was sent, with what it held
// before: the zero value when the contact is new.
func (a *Account) after(before contacts.Contact, sent audience.Contact) (contacts.Contact, error) {
	c, o := a.configuration, a.configuration.Charles
	if before.Reference == "" {
		before = contacts.Contact{SourceType: sourceType, Reference: sent.Reference}
	}
	held := contacts.Contact{SourceType: before.SourceType, Reference: before.Reference}
	if !o.ClearOmitted {
		held = before
	}
	for _, name := range []struct {
		held *string
		sent string
	}{{&held.FirstName, sent.FirstName}, {&held.MiddleName, sent.MiddleName}, {&held.LastName, sent.LastName}} {
		if name.sent != "" {
			*name.held = name.sent
		}
	}
	phone := sent.Phone
	if a.digits {
		phone = strings.TrimPrefix(phone, "+")
	}
	held.Phones = channels(held.Phones, phone, o)
	held.Emails = channels(held.Emails, sent.Email, o)
	if len(sent.Tags) > 0 {
		held.Tags = c.labels(held.Tags, sent.Tags)
	}
	held.Properties = maps.Clone(held.Properties)
	for _, property := range sent.Properties {
		if c.dropsValue(property) || property.Value == nil && o.IgnoreNull {
			continue
		}
		value, err := json.Marshal(property.Value)
		if err != nil {
			return held, fmt.Errorf("custom property %s: %w", property.Name, err)
		}
		if held.Properties == nil {
			held.Properties = map[string]json.RawMessage{}
		}
		held.Properties[property.Name] = value
		if property.Value == nil {
			delete(held.Properties, property.Name)
		}
	}
	return held, nil
}

func channels(held []string, sent string, o simulator.CharlesOptions) []string {
	switch {
	case sent == "":
		return held
	case !o.AddChannels:
		return []string{sent}
	}
	others := slices.DeleteFunc(slices.Clone(held), func(other string) bool { return other == sent })
	return append([]string{sent}, others...)
}

func (c Configuration) labels(held, sent []string) []string {
	var all []string
	if !c.Charles.ReplaceTags {
		all = slices.Clone(held)
	}
	for _, label := range sent {
		if !c.dropsTag(label) && !slices.Contains(all, label) {
			all = append(all, label)
		}
	}
	slices.Sort(all)
	return all
}

// drops says that the workspace ignores something of a contact without a word.
func (c Configuration) drops(sent audience.Contact) bool {
	return slices.ContainsFunc(sent.Tags, c.dropsTag) || slices.ContainsFunc(sent.Properties, c.dropsValue)
}

func (c Configuration) dropsTag(label string) bool {
	return c.Charles.Tags != nil && !slices.ContainsFunc(c.Charles.Tags, func(tag simulator.Tag) bool {
		return tag.Label == label && tag.Writable()
	})
}

func (c Configuration) dropsValue(sent audience.Property) bool {
	at := slices.IndexFunc(c.Charles.Properties, func(p simulator.Property) bool { return p.Name == sent.Name && p.Writable() })
	if at < 0 || sent.Value == nil || c.Charles.UnknownOptions != simulator.DropUnknown {
		return false
	}
	options := c.Charles.Properties[at].Input.Options
	return len(options) > 0 && !slices.ContainsFunc(options, func(o simulator.PropertyOption) bool { return o.Value == sent.Value })
}

// differences names the first field in which a contact is not what it should be.
// The id, the other references and the number of upserts are not looked at.
func differences(want, held contacts.Contact) error {
	for _, field := range []struct {
		name       string
		want, held any
	}{
		{"source type", want.SourceType, held.SourceType},
		{"reference", want.Reference, held.Reference},
		{"first name", want.FirstName, held.FirstName},
		{"middle name", want.MiddleName, held.MiddleName},
		{"last name", want.LastName, held.LastName},
		{"phone numbers", append([]string{}, want.Phones...), append([]string{}, held.Phones...)},
		{"email addresses", append([]string{}, want.Emails...), append([]string{}, held.Emails...)},
		{"tags", append([]string{}, want.Tags...), append([]string{}, held.Tags...)},
	} {
		if !reflect.DeepEqual(field.want, field.held) {
			return fmt.Errorf("%s: %v is held, and not %v", field.name, field.held, field.want)
		}
	}
	if !maps.EqualFunc(want.Properties, held.Properties, sameJSON) {
		return fmt.Errorf("custom properties: %s is held, and not %s", held.Properties, want.Properties)
	}
	return nil
}

// sameJSON compares values, however they are written.
func sameJSON(one, other json.RawMessage) bool {
	if bytes.Equal(one, other) {
		return true
	}
	read := func(raw json.RawMessage) (value any, err error) {
		decoder := json.NewDecoder(bytes.NewReader(raw))
		decoder.UseNumber()
		err = decoder.Decode(&value)
		return value, err
	}
	a, err := read(one)
	b, bad := read(other)
	return err == nil && bad == nil && reflect.DeepEqual(a, b)
}
