package config_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"audiencesync/internal/config"
)

const minimalSync = `sync: demo
audience: {id: "984"}
source: zeotap
destination: charles
reference: {from: phone, normalise: e164}
marker: {tag: spring}
`

func TestAMinimalSyncHasTheDefaults(t *testing.T) {
	t.Parallel()
	sync, err := config.ParseSync("sync.yaml", []byte(minimalSync))

	require.NoError(t, err)
	require.Equal(t, config.Sync{
		Sync:        "demo",
		Audience:    config.AudienceID{ID: "984"},
		Source:      "zeotap",
		Destination: "charles",
		Mode:        config.ModeAdd,
		OnInvalid:   config.InvalidKeep,
		Gate: config.Gate{
			Leavers:       config.GateLimit{Share: 0.2, Floor: 10},
			Joiners:       config.GateLimit{Share: 1, Floor: 10},
			Changes:       config.GateLimit{Share: 1, Floor: 10},
			EmptyAudience: config.GateAsk, Unfilled: config.GateAsk, FirstRun: config.FirstAllow, Scheduled: config.ScheduledAsk,
			KeepFor: config.Duration(6 * time.Hour),
		},
		Reference: config.Reference{Origin: config.Origin{From: "phone"}, Normalise: config.NormaliseE164},
		Marker:    config.Marker{Tag: "spring"},
		Verification: config.Verification{
			Compare:  config.CompareAlways,
			Repair:   1,
			Sample:   20,
			Poll:     config.Duration(5 * time.Second),
			MaxLag:   config.Duration(2 * time.Minute),
			Deadline: config.Duration(15 * time.Minute),
		},
		Limits: config.SyncLimits{
			StagingMegabytes: 4096, Refused: 0.25, RetryFailuresAfter: config.Duration(168 * time.Hour), KeepFailuresFor: config.Duration(90 * 24 * time.Hour),
			WaitForDecision: config.Duration(24 * time.Hour), StalledAfter: config.Duration(15 * time.Minute), BatchesPerHistory: 1000,
		},
	}, sync)
}

func TestChannelsHoldUnusableValuesBackByDefault(t *testing.T) {
	t.Parallel()
	sync, err := config.ParseSync("sync.yaml", []byte(minimalSync+"mapping: {phone: {from: msisdn}, email: {from: mail, unusable: omit}}\n"))

	require.NoError(t, err)
	require.Equal(t, &config.Channel{Origin: config.Origin{From: "msisdn"}, Unusable: config.HoldBack, Missing: config.MissingSend}, sync.Mapping.Phone)
	require.Equal(t, &config.Channel{Origin: config.Origin{From: "mail"}, Unusable: config.Omit, Missing: config.MissingSend}, sync.Mapping.Email)
}

func TestASyncSurvivesJSON(t *testing.T) {
	t.Parallel()
	for _, path := range []string{"../../examples/sync.yaml", "../../examples/sync-mapping.yaml", "../../examples/demo/sync.yaml"} {
		sync, err := config.LoadSync(path)
		require.NoError(t, err)

		raw, err := json.Marshal(sync)
		require.NoError(t, err)
		var again config.Sync
		require.NoError(t, json.Unmarshal(raw, &again))

		require.Equal(t, sync, again)
	}
}

// What a sync's reference is made of is permanent: the ledger compares it.
func TestASourceIsDescribedByAllThatItIs(t *testing.T) {
	t.Parallel()
	for want, origin := range map[string]config.Origin{
		"phone":                      {From: "phone"},
		"the first of mobile, phone": {FirstOf: []string{"mobile", "phone"}},
		`the template "{a}-{b}"`:     {Template: "{a}-{b}"},
	} {
		require.Equal(t, want, origin.Describe())
	}
}

// Earlier versions wrote names and tags as texts; their runs still go on.
func TestNamesAndTagsInJSONMayBeTexts(t *testing.T) {
	t.Parallel()
	var mapping config.Mapping
	require.NoError(t, json.Unmarshal([]byte(`{"first_name": "name", "tags": ["a", {"from": "b"}]}`), &mapping))
	require.Equal(t, config.Mapping{
		FirstName: &config.Text{Origin: config.Origin{From: "name"}},
		Tags:      append(config.ConstantTags("a"), config.TagSource{Origin: config.Origin{From: "b"}}),
	}, mapping)
}

func TestASyncInJSONHasDurationsAsTextAndSharesAsNumbers(t *testing.T) {
	t.Parallel()
	sync, err := config.LoadSync("../../examples/demo/sync.yaml")
	require.NoError(t, err)

	raw, err := json.Marshal(sync)

	require.NoError(t, err)
	require.Contains(t, string(raw), `"verification":{"segment":"seg-984","compare":"always","repair":1,"sample":20,"poll":"1s","max_lag":"20s","deadline":"2m"}`)
	require.Contains(t, string(raw), `"accept":{"invalid":0.05,"refused":0.01,"source_gap":0.01,"gone":0,"segment_gap":0,"differing":0}`)
}

const patternHelp = "expected iso, epoch_seconds, epoch_milliseconds or a pattern of YYYY, MM, DD, HH (or hh and A), mm, ss, Z and the marks between them"

// manyTags writes that many tags.
func manyTags(n int) string {
	tags := make([]string, n)
	for i := range tags {
		tags[i] = fmt.Sprintf("t%d", i+1)
	}
	return strings.Join(tags, ",")
}

// Each case changes one line of a good sync, or adds to it; the problem is the
// whole error.
func TestASyncIsRefusedWithOneClearSentence(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ replace, with, problem string }{
		"name with capitals":  {"sync: demo", "sync: Demo", "1:7: sync: expected a name of lower-case letters, digits and dashes, at most 64, that starts with a letter or digit; it is permanent"},
		"name too long":       {"sync: demo", "sync: " + strings.Repeat("a", 65), "1:7: sync: expected a name of lower-case letters, digits and dashes, at most 64, that starts with a letter or digit; it is permanent"},
		"no name":             {"sync: demo\n", "", "1:1: sync: missing; expected text"},
		"empty name":          {"sync: demo", `sync: ""`, "1:7: sync: must not be empty"},
		"number as id":        {`"984"`, "984", "2:16: audience.id: expected text, found a number; write the value in quotes"},
		"two lines of text":   {"source: zeotap", `source: "a\nb"`, "3:9: source: must be one line of text, without control characters"},
		"space at the end":    {"source: zeotap", `source: "a "`, "3:9: source: must not start or end with a space"},
		"no value":            {"source: zeotap", "source:", "3:1: source: has no value; give one or delete the key; expected text"},
		"a list for text":     {"source: zeotap", "source: [a]", "3:9: source: expected text, found a list"},
		"key twice":           {"source: zeotap", "source: a\nsource: b", "4:1: source: the key is written twice, first on line 3; delete one"},
		"mirror by a tag":     {"marker: {tag: spring}", "mode: mirror\nmarker: {tag: spring}", `6:7: mode: mirror takes the marker from those who left, and a tag can only be added; mark members with marker.property, or use mode add`},
		"mirror without left": {"marker: {tag: spring}", "mode: mirror\nmarker: {property: a, member: b}", `7:1: marker.left: missing; mode mirror needs the value that the property has for those who left`},
		"left as member":      {"marker: {tag: spring}", "mode: mirror\nmarker: {property: a, member: b, left: b}", `7:40: marker.left: is the value of members too; expected another one, which the segment does not match`},
		"left of a tag":       {"marker: {tag: spring}", "marker: {tag: spring, left: b}", `6:29: marker.left: belongs to a property; a tag has no value and cannot be taken away`},
		"remove in add":       {"marker:", "on_invalid: remove\nmarker:", `6:13: on_invalid: remove belongs to mode mirror; mode add unmarks nobody`},
		"negative limit":      {"marker:", "gate: {leavers: {number: -1}}\nmarker:", `6:26: gate.leavers.number: expected a whole number from 0`},
		"unknown mode":        {"marker:", "mode: ad\nmarker:", `6:7: mode: expected one of "add", "mirror"; did you mean "add"?`},
		"section missing":     {"reference: {from: phone, normalise: e164}\n", "", "1:1: reference: missing; expected keys below it (from, first_of, value, template, normalise, default_region, digits_are_international)"},
		"section is text":     {"{from: phone, normalise: e164}", "phone", "5:12: reference: expected keys below it (from, first_of, value, template, normalise, default_region, digits_are_international), found text"},
		"from missing":        {"from: phone, ", "", "5:12: reference: expected exactly one of from, first_of or template"},
		"normalise":           {"e164", "E.164", `5:37: reference.normalise: expected one of "e164", "digits", "raw"; did you mean "e164"?`},
		"region":              {"e164}", "e164, default_region: XX}", `5:59: reference.default_region: expected a region of ISO 3166 in two capital letters, such as "DE"`},
		"region in small":     {"e164}", "e164, default_region: de}", `5:59: reference.default_region: expected a region of ISO 3166 in two capital letters, such as "DE"; did you mean "DE"?`},
		"region UK":           {"e164}", "e164, default_region: UK}", `5:59: reference.default_region: expected a region of ISO 3166 in two capital letters, such as "DE"; did you mean "GB"?`},
		"region NO":           {"e164}", "e164, default_region: false}", "5:59: reference.default_region: expected text, found true or false; write the value in quotes"},
		"no marker":           {"{tag: spring}", "{}", "6:9: marker: expected exactly one of property (with member) or tag: it is how the segment recognises members"},
		"two markers":         {"{tag: spring}", "{tag: a, property: b, member: c}", "6:15: marker.tag: there is a property already; expected exactly one of property or tag"},
		"no member":           {"{tag: spring}", "{property: a}", "6:1: marker.member: missing; expected the value that the property has for members"},
		"member of a tag":     {"{tag: spring}", "{tag: a, member: b}", "6:26: marker.member: belongs to a property; a tag has no value"},
		"short form":          {"marker:", "mapping: {phone: [msisdn]}\nmarker:", "6:18: mapping.phone: expected keys below it (from, first_of, value, template, unusable, missing), found a list"},
		"unusable":            {"marker:", "mapping: {phone: {from: a, unusable: hold}}\nmarker:", `6:38: mapping.phone.unusable: expected one of "hold_back", "omit"; did you mean "hold_back"?`},
		"tags as text":        {"marker:", "mapping: {tags: zeotap}\nmarker:", "6:17: mapping.tags: expected a list, found text"},
		"empty tag":           {"marker:", "mapping:\n  tags:\n  - a\n  - \"\"\nmarker:", "9:5: mapping.tags[1]: must not be empty"},
		"tag twice":           {"marker:", "mapping: {tags: [a, b, a]}\nmarker:", "6:24: mapping.tags[2]: the same as entry 1 of the list; delete one"},
		"property as list":    {"marker:", "mapping: {properties: [a]}\nmarker:", "6:23: mapping.properties: expected names with keys below them (type, from, first_of, value, template, list, separator, audience, format, time_zone, decimal_comma, true, ...), found a list"},
		"property no source":  {"marker:", "mapping: {properties: {a: {type: date}}}\nmarker:", "6:27: mapping.properties.a: expected exactly one of from, first_of, value, template or audience"},
		"property two":        {"marker:", "mapping: {properties: {a: {type: string, from: a, value: b}}}\nmarker:", "6:58: mapping.properties.a.value: there is \"from\" already; expected exactly one of from, first_of, value, template or audience"},
		"property no type":    {"marker:", "mapping: {properties: {a: {from: a}}}\nmarker:", `6:24: mapping.properties.a.type: missing; expected one of "string", "number", "boolean", "date", "datetime", "select", "multiselect"`},
		"property type":       {"marker:", "mapping: {properties: {a: {from: a, type: text}}}\nmarker:", `6:43: mapping.properties.a.type: expected one of "string", "number", "boolean", "date", "datetime", "select", "multiselect"`},
		"property number":     {"marker:", "mapping: {properties: {a: {value: 01, type: number}}}\nmarker:", "6:35: mapping.properties.a.value: expected text, found a number; write the value in quotes"},
		"constant number":     {"marker:", "mapping: {properties: {a: {value: \"01\", type: number}}}\nmarker:", `6:35: mapping.properties.a.value: expected a number such as "12.5", because the type is number`},
		"constant date":       {"marker:", "mapping: {properties: {a: {value: 31.1.2026, type: date}}}\nmarker:", `6:35: mapping.properties.a.value: expected a date in its format, such as "2026-01-31", because the type is date`},
		"marker twice":        {"marker: {tag: spring}", "mapping: {properties: {a: {from: a, type: date}}}\nmarker: {property: a, member: b}", "6:24: mapping.properties.a: is the marker's property, which the marker alone may set; delete it here"},
		"two sources":         {"from: phone,", "from: phone, first_of: [a],", `5:36: reference.first_of: there is "from" already; expected exactly one of from, first_of or template`},
		"constant reference":  {"from: phone,", "value: a,", "5:20: reference.value: gives every member the same reference; expected from, first_of or template"},
		"empty template":      {"from: phone,", `template: "C-{{}}",`, "5:23: reference.template: names no field, so every member has the same reference; write fields in braces"},
		"open brace":          {"from: phone,", `template: "{phone",`, `5:23: reference.template: a "{" is not closed; write "{{" for a brace`},
		"no field in braces":  {"from: phone,", `template: "a {} b",`, `5:23: reference.template: "{}" names no field; write "{field}"`},
		"close brace":         {"from: phone,", `template: "a } b",`, `5:23: reference.template: a "}" closes nothing; write "}}" for a brace`},
		"phone of a template": {"marker:", "mapping: {phone: {template: \"0151 12345678\"}}\nmarker:", "6:29: mapping.phone.template: names no field, so every member has the same; write fields in braces"},
		"tag of a template":   {"marker:", "mapping: {tags: [{template: vip, allow: [vip]}]}\nmarker:", "6:29: mapping.tags[0].template: names no field, so it is the same for every member; write value, or fields in braces"},
		"constant template":   {"marker:", "mapping: {properties: {a: {type: number, template: abc}}}\nmarker:", "6:52: mapping.properties.a.template: names no field, so it is the same for every member; write value, or fields in braces"},
		"template of braces":  {"marker:", "mapping: {properties: {a: {type: string, template: \"{{a}}\"}}}\nmarker:", "6:52: mapping.properties.a.template: names no field, so it is the same for every member; write value, or fields in braces"},
		"first of nothing":    {"from: phone,", "first_of: [],", "5:23: reference.first_of: the list is empty; give at least one field or delete the key"},
		"first of twice":      {"from: phone,", "first_of: [a, a],", "5:27: reference.first_of[1]: the same as entry 1 of the list; delete one"},
		"constant phone":      {"marker:", "mapping: {phone: {value: \"1\"}}\nmarker:", "6:26: mapping.phone.value: gives every member the same; expected from, first_of or template"},
		"name without source": {"marker:", "mapping: {first_name: {max_length: 9}}\nmarker:", "6:23: mapping.first_name: expected exactly one of from, first_of, value or template"},
		"name of no length":   {"marker:", "mapping: {first_name: {from: a, max_length: 0}}\nmarker:", "6:45: mapping.first_name.max_length: expected a whole number from 1 to 4000"},
		"too long":            {"marker:", "mapping: {first_name: {from: a, too_long: hold}}\nmarker:", `6:43: mapping.first_name.too_long: expected one of "cut", "hold_back"; did you mean "hold_back"?`},
		"missing":             {"marker:", "mapping: {email: {from: a, missing: omit}}\nmarker:", `6:37: mapping.email.missing: expected one of "send", "hold_back"`},
		"tag of two sources":  {"marker:", "mapping: {tags: [{from: a, list: b}]}\nmarker:", `6:34: mapping.tags[0].list: there is "from" already; expected exactly one of from, first_of, value, template, list or audience`},
		"tag of no source":    {"marker:", "mapping: {tags: [{prefix: a}]}\nmarker:", "6:18: mapping.tags[0]: expected exactly one of from, first_of, value, template, list or audience"},
		"prefix of a tag":     {"marker:", "mapping: {tags: [{value: a, prefix: b}]}\nmarker:", "6:29: mapping.tags[0].prefix: belongs to tags that members bring; a constant is sent as it is"},
		"allow of audience":   {"marker:", "mapping: {tags: [{audience: id, allow: [b]}]}\nmarker:", "6:33: mapping.tags[0].allow: belongs to tags that members bring; the audience is the same for all"},
		"no audience name":    {"marker:", "mapping: {tags: [{audience: name}]}\nmarker:", "6:29: mapping.tags[0].audience: the sync has no audience.name; give it one"},
		"audience as a list":  {"marker:", "mapping: {tags: [{audience: ids}]}\nmarker:", `6:29: mapping.tags[0].audience: expected one of "id", "name"; did you mean "id"?`},
		"separator of a text": {"marker:", "mapping: {tags: [{from: a, separator: ;}]}\nmarker:", "6:28: mapping.tags[0].separator: belongs to a list; delete it or write list instead of from"},
		"long separator":      {"marker:", "mapping: {tags: [{list: a, separator: ab}]}\nmarker:", "6:39: mapping.tags[0].separator: must be one character"},
		"empty allow":         {"marker:", "mapping: {tags: [{list: a, allow: []}]}\nmarker:", "6:35: mapping.tags[0].allow: the list is empty; give at least one label or delete the key"},
		"allow twice":         {"marker:", "mapping: {tags: [{list: a, allow: [b, b]}]}\nmarker:", "6:39: mapping.tags[0].allow[1]: the same as entry 1 of the list; delete one"},
		"rename to nothing":   {"marker:", "mapping: {tags: [{list: a, rename: {b: ''}}]}\nmarker:", "6:40: mapping.tags[0].rename.b: must not be empty"},
		"rename a list":       {"marker:", "mapping: {tags: [{list: a, rename: [b]}]}\nmarker:", "6:36: mapping.tags[0].rename: expected names with text, found a list"},
		"rename not allowed":  {"marker:", "mapping: {tags: [{list: a, allow: [b], rename: {c: d}}]}\nmarker:", "6:49: mapping.tags[0].rename.c: is not in allow, so it is never sent; add it there or delete it here"},
		"unknown unknown":     {"marker:", "mapping: {tags: [{list: a, unknown: halt}]}\nmarker:", `6:37: mapping.tags[0].unknown: expected one of "withhold", "stop"`},
		"long tag":            {"marker:", "mapping: {tags: [" + strings.Repeat("a", 256) + "]}\nmarker:", "6:18: mapping.tags[0]: expected at most 255 characters"},
		"many tags":           {"marker:", "mapping: {tags: [" + manyTags(101) + "]}\nmarker:", "6:410: mapping.tags[100]: expected at most 100 entries"},
		"format of a string":  {"marker:", "mapping: {properties: {a: {from: a, type: string, format: iso}}}\nmarker:", "6:51: mapping.properties.a.format: belongs to types date or datetime; the type here is string"},
		"comma of a string":   {"marker:", "mapping: {properties: {a: {from: a, type: string, decimal_comma: true}}}\nmarker:", "6:51: mapping.properties.a.decimal_comma: belongs to type number; the type here is string"},
		"list of a select":    {"marker:", "mapping: {properties: {a: {list: a, type: select}}}\nmarker:", "6:28: mapping.properties.a.list: belongs to type multiselect; the type here is select"},
		"allow of a number":   {"marker:", "mapping: {properties: {a: {from: a, type: number, allow: [b]}}}\nmarker:", "6:51: mapping.properties.a.allow: belongs to types select or multiselect; the type here is number"},
		"length of a number":  {"marker:", "mapping: {properties: {a: {from: a, type: number, max_length: 3}}}\nmarker:", "6:51: mapping.properties.a.max_length: belongs to type string; the type here is number"},
		"true of a date":      {"marker:", "mapping: {properties: {a: {from: a, type: date, true: [b]}}}\nmarker:", "6:49: mapping.properties.a.true: belongs to type boolean; the type here is date"},
		"true and false":      {"marker:", "mapping: {properties: {a: {from: a, type: boolean, true: [NO]}}}\nmarker:", "6:27: mapping.properties.a: a text means true and false at once; delete it from one list, or name both lists"},
		"true of nothing":     {"marker:", "mapping: {properties: {a: {from: a, type: boolean, true: []}}}\nmarker:", "6:58: mapping.properties.a.true: the list is empty; give at least one text or delete the key"},
		"date format":         {"marker:", "mapping: {properties: {a: {from: a, type: date, format: dd.mm.yyyy}}}\nmarker:", "6:57: mapping.properties.a.format: " + patternHelp},
		"two years":           {"marker:", "mapping: {properties: {a: {from: a, type: date, format: YYYY-YYYY}}}\nmarker:", "6:57: mapping.properties.a.format: YYYY twice; " + patternHelp},
		"no day":              {"marker:", "mapping: {properties: {a: {from: a, type: date, format: YYYY-MM}}}\nmarker:", "6:57: mapping.properties.a.format: no year, month or day; " + patternHelp},
		"hours without half":  {"marker:", "mapping: {properties: {a: {from: a, type: datetime, format: YYYY-MM-DD hh}}}\nmarker:", "6:61: mapping.properties.a.format: hh belongs with A, and HH with neither; " + patternHelp},
		"time zone":           {"marker:", "mapping: {properties: {a: {from: a, type: date, time_zone: CEST}}}\nmarker:", `6:60: mapping.properties.a.time_zone: expected a time zone of the IANA list, such as "Europe/Berlin"`},
		"zone of the machine": {"marker:", "mapping: {properties: {a: {from: a, type: date, time_zone: Local}}}\nmarker:", `6:60: mapping.properties.a.time_zone: expected a time zone of the IANA list, such as "Europe/Berlin"`},
		"constant omitted":    {"marker:", "mapping: {properties: {a: {value: a, type: string, unusable: omit}}}\nmarker:", "6:52: mapping.properties.a.unusable: belongs to values that members bring; a constant is the same for all"},
		"constant boolean":    {"marker:", "mapping: {properties: {a: {value: ja, type: boolean}}}\nmarker:", `6:35: mapping.properties.a.value: expected "true" or "false", because the type is boolean`},
		"constant moment":     {"marker:", "mapping: {properties: {a: {value: noon, type: datetime}}}\nmarker:", `6:35: mapping.properties.a.value: expected a date and time in its format, such as "2026-01-31T10:00:00Z", because the type is datetime`},
		"constant option":     {"marker:", "mapping: {properties: {a: {value: b, numbers: true, type: select}}}\nmarker:", `6:35: mapping.properties.a.value: expected a number such as "12.5", because the type is select`},
		"constant too long":   {"marker:", "mapping: {properties: {a: {value: abc, max_length: 2, type: string}}}\nmarker:", "6:35: mapping.properties.a.value: expected at most 2 characters, because the type is string"},
		"audience as a date":  {"marker:", "mapping: {properties: {a: {audience: id, type: date}}}\nmarker:", `6:38: mapping.properties.a.audience: expected a date in its format, such as "2026-01-31", because the type is date`},
		"empty filter":        {"marker:", "filter: {}\nmarker:", "6:9: filter: expected exactly one of all, any, not or field"},
		"filter as text":      {"marker:", "filter: consent\nmarker:", "6:9: filter: expected keys below it (all, any, not, field, is, is_not, in, present), found text"},
		"two conditions":      {"marker:", "filter: {all: [{field: a, is: b}], field: a, is: b}\nmarker:", `6:43: filter.field: there is "all" already; expected exactly one of all, any, not or field`},
		"test without field":  {"marker:", "filter: {not: {field: a, is: b}, is: b}\nmarker:", "6:34: filter.is: belongs to a field, not to not"},
		"field without test":  {"marker:", "filter: {any: [{field: a}]}\nmarker:", "6:16: filter.any[0]: expected exactly one of is, is_not, in or present beside the field"},
		"two tests":           {"marker:", "filter: {not: {field: a, is: b, in: [c]}}\nmarker:", `6:37: filter.not.in: there is "is" already; expected exactly one of is, is_not, in or present`},
		"no condition":        {"marker:", "filter: {all: []}\nmarker:", "6:15: filter.all: the list is empty; give at least one condition or delete the key"},
		"in nothing":          {"marker:", "filter: {field: a, in: []}\nmarker:", "6:24: filter.in: the list is empty; give at least one value or delete the key"},
		"is a list":           {"marker:", "filter: {field: a, is: [b]}\nmarker:", "6:24: filter.is: expected text, a number, or true or false; to ask for no value write present: false"},
		"is nothing":          {"marker:", "filter: {field: a, is: ''}\nmarker:", "6:24: filter.is: expected text, a number, or true or false; to ask for no value write present: false"},
		"is True":             {"marker:", "filter: {field: a, is: True}\nmarker:", "6:24: filter.is: without quotes this is a truth value, which is compared as true; write true, or quotes for the text"},
		"is not FALSE":        {"marker:", "filter: {field: a, is_not: FALSE}\nmarker:", "6:28: filter.is_not: without quotes this is a truth value, which is compared as false; write false, or quotes for the text"},
		"in True":             {"marker:", "filter: {field: a, in: [a, True]}\nmarker:", "6:28: filter.in[1]: without quotes this is a truth value, which is compared as true; write true, or quotes for the text"},
		"is 1_000":            {"marker:", "filter: {field: a, is: 1_000}\nmarker:", "6:24: filter.is: without quotes this is a number, which is compared as JSON writes it; write it so (1000, 0.5), or quotes for the text"},
		"is 0x10":             {"marker:", "filter: {field: a, is: 0x10}\nmarker:", "6:24: filter.is: without quotes this is a number, which is compared as JSON writes it; write it so (1000, 0.5), or quotes for the text"},
		"is 01067":            {"marker:", "filter: {field: a, is: 01067}\nmarker:", "6:24: filter.is: without quotes this is a number, which is compared as JSON writes it; write it so (1000, 0.5), or quotes for the text"},
		"is +5":               {"marker:", "filter: {field: a, is: +5}\nmarker:", "6:24: filter.is: without quotes this is a number, which is compared as JSON writes it; write it so (1000, 0.5), or quotes for the text"},
		"is no number":        {"marker:", "filter: {field: a, is: .nan}\nmarker:", "6:24: filter.is: without quotes this is a number, which is compared as JSON writes it; write it so (1000, 0.5), or quotes for the text"},
		"key of a condition":  {"marker:", "filter: {field: a, isnot: b}\nmarker:", `6:20: filter.isnot: unknown key; did you mean "is_not"?`},
		"none and segment":    {"marker:", "verification: {segment: a, none: true}\nmarker:", "6:34: verification.none: there is a segment to verify with; delete the segment or this key"},
		"none as yes":         {"marker:", "verification: {none: yes}\nmarker:", "6:22: verification.none: expected true or false"},
		"poll without unit":   {"marker:", "verification: {poll: 5}\nmarker:", `6:22: verification.poll: a number without a unit is not a duration; write "90s", "15m" or "1h30m"`},
		"poll in words":       {"marker:", "verification: {poll: 1 day}\nmarker:", `6:22: verification.poll: expected a duration such as "90s", "15m" or "1h30m" (units: ms, s, m, h)`},
		"poll too often":      {"marker:", "verification: {poll: 10ms}\nmarker:", "6:22: verification.poll: expected at least 100ms between two counts"},
		"lag below poll":      {"marker:", "verification: {max_lag: 1s}\nmarker:", "6:25: verification.max_lag: must not be less than poll, which is 5s"},
		"poll above lag":      {"marker:", "verification: {poll: 3m}\nmarker:", "6:15: verification.max_lag: must not be less than poll, which is 3m"},
		"deadline below lag":  {"marker:", "verification: {deadline: 90s}\nmarker:", "6:26: verification.deadline: must not be less than max_lag, which is 2m"},
		"no staging":          {"marker:", "limits: {staging_megabytes: 0}\nmarker:", "6:29: limits.staging_megabytes: expected a whole number from 1"},
		"half a batch":        {"marker:", "limits: {batches_per_history: 1.5}\nmarker:", "6:31: limits.batches_per_history: expected a whole number from 1 to 5000"},
		"octal number":        {"marker:", "limits: {batches_per_history: 0x10}\nmarker:", "6:31: limits.batches_per_history: expected a whole number from 1 to 5000"},
		"share above one":     {"marker:", "accept: {invalid: 5}\nmarker:", `6:19: accept.invalid: expected a share of the whole: "2%" or 0.02, from 0 to 1`},
		"negative share":      {"marker:", "accept: {invalid: -1%}\nmarker:", `6:19: accept.invalid: expected a share of the whole: "2%" or 0.02, from 0 to 1`},
		"share of 101%":       {"marker:", "accept: {refused: 101%}\nmarker:", `6:19: accept.refused: expected a share of the whole: "2%" or 0.02, from 0 to 1`},
		"key of elsewhere":    {"marker:", "segment: a\nmarker:", `6:1: segment: unknown key; did you mean "verification.segment"?`},
		"key one level down":  {"{tag: spring}", "{tag: a, destination: b}", "6:18: marker.destination: unknown key; it belongs at the top level of the file"},
		"key in other style":  {"source: zeotap", "source: zeotap\nmapping: {firstName: a}", `4:11: mapping.firstName: unknown key; did you mean "first_name"?`},
		"key that is strange": {"marker:", "\"a b\\n\": 1\nmarker:", `6:1: "a b\n": unknown key; expected one of "sync", "audience", "source", "destination", "mode", "reference", "marker", "filter", "mapping", "verification", "limits", "on_invalid" or further ones (see the schema)`},
		"credential":          {"marker:", "api_key: hunter2\nmarker:", "6:1: api_key: unknown key; a sync holds no credential: it belongs to a connection, as credential: env:NAME or file:PATH"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			file := strings.Replace(minimalSync, c.replace, c.with, 1)
			require.NotEqual(t, minimalSync, file)
			require.EqualError(t, syncError("sync.yaml", []byte(file)), "sync.yaml:"+c.problem)
		})
	}
}

func TestAFilterComparesWithTheTextOfAValue(t *testing.T) {
	t.Parallel()
	sync, err := config.ParseSync("sync.yaml", []byte(minimalSync+`filter: {field: a, in: [true, false, "True", yes, 0, -7, 1.50, 1e3, "0x10", '01067', 08123]}`))
	require.NoError(t, err)
	require.Equal(t, []config.FilterValue{"true", "false", "True", "yes", "0", "-7", "1.50", "1e3", "0x10", "01067", "08123"}, sync.Filter.In)
}

func TestValuesThatLookStrangeButAreRightAreTaken(t *testing.T) {
	t.Parallel()
	sync, err := config.ParseSync("sync.yaml", []byte(minimalSync+`
mapping:
  first_name: 'Vorname (Kunde)'
  tags: []
  properties:
    2024: {value: "-1.5e3", type: number}
    "größe": {value: "2024-02-29", type: date}
verification: {none: true, poll: 100ms, max_lag: 100ms, deadline: 1h30m}
accept: {invalid: 0.7%, refused: .5, source_gap: 100 %}
`))

	require.NoError(t, err)
	require.Equal(t, &config.Text{Origin: config.Origin{From: "Vorname (Kunde)"}}, sync.Mapping.FirstName)
	require.Nil(t, sync.Mapping.Tags)
	require.Contains(t, sync.Mapping.Properties, "2024")
	require.Contains(t, sync.Mapping.Properties, "größe")
	require.Equal(t, config.Accept{Invalid: 0.007, Refused: 0.5, SourceGap: 1}, sync.Accept)
	require.Equal(t, 90*time.Minute, sync.Verification.Deadline.D())
}
