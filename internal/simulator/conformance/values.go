package conformance

import (
	"slices"
	"strings"

	"audiencesync/internal/audience"
	"audiencesync/internal/simulator"
	"audiencesync/internal/simulator/contacts"
	"audiencesync/internal/simulator/people"
)

// merges are what upserts do to what is there, and how values are spelled.
func merges() []Configuration {
	return []Configuration{
		{
			Name: "merged-with-what-is-there", Faults: someRefused(), Charles: simulator.CharlesOptions{Known: someKnown()},
			Shows: someHeld(func(c contacts.Contact) bool { return c.MiddleName != "" && len(c.Tags) == 2 && len(c.Phones) == 1 }),
		},
		{
			Name: "replace-omitted-and-tags", Faults: someRefused(), Connection: `omitted: clear`,
			Charles: simulator.CharlesOptions{Known: someKnown(), ClearOmitted: true, ReplaceTags: true},
			Shows:   both(answered(`207 .*"status":"updated"`), func(s Seen) bool { return !someHeld(wasKnown)(s) }),
		},
		{
			Name: "tags-replaced", Faults: someRefused(),
			Charles: simulator.CharlesOptions{Known: someKnown(), ReplaceTags: true},
			Shows:   someHeld(func(c contacts.Contact) bool { return c.MiddleName != "" && len(c.Tags) == 1 }),
		},
		{
			Name: "null-ignored-channels-added", Faults: someRefused(),
			Charles: simulator.CharlesOptions{Known: someKnown(), IgnoreNull: true, AddChannels: true},
			Shows: both(
				someHeld(func(c contacts.Contact) bool { return len(c.Phones) == 2 && len(c.Emails) == 2 }),
				someHeld(func(c contacts.Contact) bool { return string(c.Properties["birthday"]) == `"1970-01-01"` }),
			),
		},
		{
			Name: "tags-by-id-key-by-reference", Connection: `{tags: id, read: {page_size: 4, segment_member: {any_source: true}}}`,
			Charles: simulator.CharlesOptions{
				Known:    simulator.KnownContacts{Members: 120, SourceType: "shop"},
				TagsByID: true, ByReference: true, IgnorePaging: true,
			},
			Shows: both(
				someHeld(func(c contacts.Contact) bool { return c.SourceType == "shop" && slices.Contains(c.Tags, "zeotap") }),
				// The first page is the whole list, which the second repeats.
				func(s Seen) bool { return s.Stats().Requests["custom_properties"]["200"] <= 2 },
			),
		},
		{
			Name: "phones-as-digits", Connection: `phone: {spelling: digits}`,
			Shows: someHeld(func(c contacts.Contact) bool { return !strings.HasPrefix(c.Phones[0], "+") }),
		},
		{
			Name: "duplicates-refused", Charles: batched(simulator.BatchOptions{Duplicates: simulator.RefuseContact}),
			Shows: func(s Seen) bool { return s.Stats().Audience.Duplicates > 0 },
		},
	}
}

// unread is a connection whose key may not read: the operator's list says that
// everything exists.
const unread = `read: {allowed: false, known_tags: [zeotap], known_properties: [zeotap_audience_984, city, loyalty_points, birthday]}`

// fewCities is a workspace in which city has options, and one city of the
// audience is none of them. Where reads are forbidden, nobody can know.
func fewCities(what simulator.UnknownValues) simulator.CharlesOptions {
	properties := simulator.DefaultProperties(audience.Audience{ID: "984"})
	at := slices.IndexFunc(properties, func(p simulator.Property) bool { return p.Name == "city" })
	properties[at].Input.Type = "select"
	for _, city := range people.Cities() {
		if city != "Leipzig" {
			properties[at].Input.Options = append(properties[at].Input.Options, simulator.PropertyOption{Label: city, Value: city})
		}
	}
	return simulator.CharlesOptions{Known: someKnown(), Properties: properties, UnknownOptions: what, ReadsForbidden: true}
}

// unknownValues are what a workspace does to values that have no place, when
// the client cannot check them beforehand.
func unknownValues() []Configuration {
	withoutTag := simulator.CharlesOptions{Tags: []simulator.Tag{simulator.PersonTag("t-02", "newsletter")}, ReadsForbidden: true}
	named := fewCities(simulator.RefuseWholeCall)
	named.Batch.Names = simulator.NameReference
	dropped := both(readNothing, func(s Seen) bool { return s.Stats().ValuesDropped > 0 })
	return []Configuration{
		{Name: "unknown-tag-dropped", Charles: withoutTag, Connection: unread, Silent: true, Unread: true, Shows: dropped},
		{
			Name: "unknown-option-dropped", Charles: fewCities(simulator.DropUnknown), Connection: unread, Silent: true, Unread: true,
			Shows: dropped,
		},
		{
			Name: "unknown-option-refuses-item", Charles: fewCities(simulator.RefuseContact), Connection: unread, Unread: true,
			Shows: both(readNothing, answered(`207 .*"custom_property_option"`)),
		},
		{
			Name: "unknown-option-refuses-call-named", Charles: named, Connection: unread, Unread: true,
			Shows: both(readNothing, answered(`422 .*"custom_property_option".*"external_reference_id":"\+\d+"`)),
		},
		{
			Name: "unknown-option-refuses-call", Charles: fewCities(simulator.RefuseWholeCall), Unread: true,
			Connection: unread + "\nbatch: {max_items: 50}",
			Shows:      both(readNothing, answered(`422 .*"custom_property_option"`)),
		},
	}
}
