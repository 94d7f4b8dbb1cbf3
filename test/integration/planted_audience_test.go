package integration

import (
	"compress/gzip"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"audiencesync/internal/config"
	"audiencesync/internal/simulator"
)

// plantedStems are in the values of every field of every planted member, and in every
// secret: what holds none of them holds no such value.
var plantedStems = []string{
	"4915199077", "015199077", "151 99077", // phone numbers, and so references
	"CQPLANT-0000", "Qplantfirst", "Qplantmiddle", "Qplantlästné", "qplantmail", "plantpost.example",
	"Plantdörf & Söhne", "990774411", "1904-02-29", "qplantlabel", "qplantunmapped", "qplantstreet",
	plantedKey, signingKey, hiddenPath, plantedFailureKey,
}

const (
	plantedKey        = "qplant-api-key-5b1c"
	plantedFailureKey = "cXBsYW50LWZhaWx1cmUta2V5LTAxMjM0NTY3ODlhYmM="
)

// plantedReference is the reference of a planted person.
func plantedReference(person int) string { return fmt.Sprintf("+4915199077%03d", person) }

// plantedMember has a planted value in every field, mapped or not.
func plantedMember(person int) map[string]any {
	phone := plantedReference(person)
	switch person % 3 {
	case 1:
		phone = fmt.Sprintf("+49 151 99077%03d", person)
	case 2:
		phone = fmt.Sprintf("015199077%03d", person)
	}
	return map[string]any{
		"customer_id": fmt.Sprintf("CQPLANT-0000%03d", person),
		"phone":       phone,
		"email":       fmt.Sprintf("qplantmail.%03d@plantpost.example", person),
		"first_name":  fmt.Sprintf("Qplantfirst %03d", person),
		"middle_name": fmt.Sprintf("Qplantmiddle %03d", person),
		"last_name":   fmt.Sprintf("Qplantlästné %03d", person),
		"city":        fmt.Sprintf("Plantdörf & Söhne %03d", person),
		// A number, as JSON writes it.
		"loyalty_points":     json.Number(fmt.Sprintf("990774411%03d", person)),
		"birth_date":         "1904-02-29",
		"segment_membership": []string{"984", "newsletter", fmt.Sprintf("qplantlabel-%d", person%4)},
		"consent":            "yes",
		"address":            map[string]any{"street": fmt.Sprintf("qplantstreet %03d", person)},
		"unmapped":           fmt.Sprintf("qplantunmapped %03d", person),
	}
}

// plantedAudience makes these people the members, and beside them members that cannot
// be sent or must not be: each is planted too.
func plantedAudience(t *testing.T, s *simulator.Simulator, people []int, change ...func(person int, member map[string]any)) {
	t.Helper()
	members := make([]map[string]any, 0, len(people)+7)
	for _, person := range people {
		member := plantedMember(person)
		for _, f := range change {
			f(person, member)
		}
		members = append(members, member)
	}
	members = append(members, plantedMember(people[0]))
	for i, spoil := range []func(map[string]any){
		func(m map[string]any) { m["phone"] = "qplantunmapped, no number" },
		func(m map[string]any) { m["email"] = "qplantmail without plantpost.example" },
		func(m map[string]any) { m["phone"] = map[string]any{"qplantunmapped": "4915199077999"} },
		func(m map[string]any) { delete(m, "phone") },
		func(m map[string]any) { m["birth_date"] = "1904-02-29 qplantunmapped" },
		func(m map[string]any) { m["consent"] = "qplantunmapped" },
	} {
		m := plantedMember(900 + i)
		spoil(m)
		members = append(members, m)
	}
	require.NoError(t, s.SetMembers(members))
}

// plantedSync maps every kind of field, from the pages or from export files.
func plantedSync(t *testing.T, name, source string) config.Sync {
	t.Helper()
	spec, err := config.ParseSync("planted.yaml", []byte(strings.NewReplacer("NAME", name, "SOURCE", source).Replace(`
sync: NAME
audience: {id: "984", name: Spring campaign}
source: SOURCE
destination: charles-demo
mode: mirror
reference: {from: phone, normalise: e164, default_region: DE}
marker: {property: zeotap_audience_984, member: member, left: left}
filter: {field: consent, is: "yes"}
mapping:
  first_name: first_name
  middle_name: middle_name
  last_name: {template: "{last_name} {middle_name}"}
  phone: phone
  email: {from: email, unusable: hold_back}
  tags:
    - zeotap
    - {list: segment_membership, unknown: withhold}
  properties:
    city: {type: string, from: city}
    loyalty_points: {type: number, from: loyalty_points}
    birthday: {type: date, from: birth_date, unusable: hold_back}
    preferred_channel: {type: select, from: unmapped, unusable: omit, unknown: withhold}
verification: {segment: seg-984, poll: 100ms, max_lag: 5s, deadline: 2m, compare: always}
gate: {joiners: {floor: 1000}, changes: {floor: 1000}}
limits: {refused: 100%, wait_for_decision: 30s, batches_per_history: 3}
accept: {invalid: 100%, refused: 100%, source_gap: 100%}
notify: {to: [ops-slack], heartbeat: healthchecks, on: [bad, recovered, approval, paused, overdue]}
`)))
	require.NoError(t, err)
	return spec
}

// drop writes a set of export files with these lines.
func (w *world) drop(t *testing.T, set string, lines ...string) {
	t.Helper()
	folder := filepath.Join(w.dir, "drops", "ndjson", "984", set)
	require.NoError(t, os.MkdirAll(folder, 0o700))
	file, err := os.Create(filepath.Join(folder, "part-1.ndjson.gz"))
	require.NoError(t, err)
	packed := gzip.NewWriter(file)
	_, err = packed.Write([]byte(strings.Join(lines, "\n") + "\n"))
	require.NoError(t, err)
	require.NoError(t, packed.Close())
	require.NoError(t, file.Close())
	require.NoError(t, os.WriteFile(filepath.Join(folder, "_DONE"), nil, 0o600))
}
