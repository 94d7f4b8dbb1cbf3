package conformance

import (
	"slices"

	"audiencesync/internal/audience"
	"audiencesync/internal/simulator"
	"audiencesync/internal/simulator/people"
)

// merges are what upserts do to what is there, and how values are spelled.
func merges() []Configuration {
	return []Configuration{
		{
			Name: "replace-omitted-and-tags", Faults: someRefused(), Connection: `omitted: clear`,
			Charles: simulator.CharlesOptions{ClearOmitted: true, ReplaceTags: true},
		},
		{
			Name: "null-ignored-channels-added", Faults: someRefused(),
			Charles: simulator.CharlesOptions{IgnoreNull: true, AddChannels: true},
		},
		{
			Name: "tags-by-id-key-by-reference", Connection: `tags: id`,
			Charles: simulator.CharlesOptions{TagsByID: true, ByReference: true, IgnorePaging: true},
		},
		{Name: "phones-as-digits", Connection: `phone: {spelling: digits}`},
		{Name: "duplicates-refused", Charles: batched(simulator.BatchOptions{Duplicates: simulator.RefuseContact})},
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
	return simulator.CharlesOptions{Properties: properties, UnknownOptions: what, ReadsForbidden: true}
}

// unknownValues are what a workspace does to values that have no place, when
// the client cannot check them beforehand.
func unknownValues() []Configuration {
	withoutTag := simulator.CharlesOptions{Tags: []simulator.Tag{simulator.PersonTag("t-02", "newsletter")}, ReadsForbidden: true}
	named := fewCities(simulator.RefuseWholeCall)
	named.Batch.Names = simulator.NameReference
	return []Configuration{
		{Name: "unknown-tag-dropped", Charles: withoutTag, Connection: unread, Silent: true},
		{Name: "unknown-option-dropped", Charles: fewCities(simulator.DropUnknown), Connection: unread, Silent: true},
		{Name: "unknown-option-refuses-item", Charles: fewCities(simulator.RefuseContact), Connection: unread, Silent: true},
		{Name: "unknown-option-refuses-call-named", Charles: named, Connection: unread, Silent: true},
		{
			Name: "unknown-option-refuses-call", Charles: fewCities(simulator.RefuseWholeCall), Silent: true,
			Connection: unread + "\nbatch: {max_items: 50}",
		},
	}
}
