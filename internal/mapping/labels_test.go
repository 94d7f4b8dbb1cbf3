package mapping_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"audiencesync/internal/audience"
	"audiencesync/internal/mapping"
)

// compileFor prepares a mapping for a workspace.
func compileFor(tb testing.TB, sync string, to mapping.Destination) *mapping.Mapper {
	tb.Helper()
	mapper, err := mapping.Compile(syncOf(tb, sync), to)
	require.NoError(tb, err)
	return mapper
}

func tagged(labels ...string) []audience.Withheld {
	withheld := make([]audience.Withheld, len(labels))
	for i, label := range labels {
		withheld[i] = audience.Withheld{Target: "tags", Label: label}
	}
	return withheld
}

func TestListsOfEveryFormGiveTags(t *testing.T) {
	t.Parallel()
	for value, want := range map[string][]string{
		`["a", "b"]`:                   {"a", "b"},
		`["a", "b", "a"]`:              {"a", "b"},
		`[" a ", "", null, "b\u0000"]`: {"a", "b"},
		`[7, 7.50, true]`:              {"7", "7.50", "true"},
		`["one, two"]`:                 {"one, two"},
		`"a,b"`:                        {"a", "b"},
		`" a , ,b,"`:                   {"a", "b"},
		`"a"`:                          {"a"},
		`7`:                            {"7"},
		`[]`:                           nil,
		`null`:                         nil,
		`""`:                           nil,
	} {
		mapper := compile(t, syncOf(t, "marker: {property: p, member: m}\nmapping: {tags: [{list: labels}]}"))
		got := mapMember(t, mapper, withID(t, `{"labels": `+value+`}`))
		require.Equal(t, want, got.contact.Tags, value)
		require.Empty(t, got.withheld)
	}
}

func TestAListOfListsIsNoListOfTags(t *testing.T) {
	t.Parallel()
	mapper := compile(t, syncOf(t, "mapping: {tags: [{list: labels}]}"))
	for _, value := range []string{`[["a"]]`, `[{"id": 984}]`, `{"a": "b"}`} {
		require.Equal(t, mapping.Rejection{Reason: audience.FieldNotText, Field: "labels"}, reject(t, mapper, withID(t, `{"labels": `+value+`}`)))
	}
}

func TestTagsKeepTheOrderOfTheMapping(t *testing.T) {
	t.Parallel()
	mapper := compile(t, syncOf(t, "marker: {tag: last}\nmapping: {tags: [first, {from: a}, middle, {list: b}]}"))
	got := mapMember(t, mapper, withID(t, `{"a": "x", "b": ["first", "y", "x"]}`))
	require.Equal(t, []string{"first", "x", "middle", "y", "last"}, got.contact.Tags)
}

func TestLabelsThatAreNotAllowedOrDoNotExistAreWithheld(t *testing.T) {
	t.Parallel()
	mapper := compileFor(t, "mapping: {tags: [zeotap, {list: a, allow: [x, y], rename: {y: z}, prefix: p-}]}",
		mapping.Destination{Tags: []string{"p-x", "p-z", "other"}})
	got := mapMember(t, mapper, withID(t, `{"a": ["x", "y", "other", "X", "x", "other"]}`))
	require.Equal(t, []string{"zeotap", "p-x", "p-z", "the-marker"}, got.contact.Tags, "constant tags are looked for before the run")
	require.Equal(t, tagged("p-other", "p-X"), got.withheld, "each once")
	require.Nil(t, mapper.Unknown(mapper.Mapped(withID(t, `{"a": ["other"]}`))), "the sync does not ask to stop")
}

func TestWithoutAListOfTagsNoneIsMissing(t *testing.T) {
	t.Parallel()
	const sync = "marker: {property: p, member: m}\nmapping: {tags: [{list: a}]}"
	m := withID(t, `{"a": ["x"]}`)
	require.Equal(t, []string{"x"}, mapMember(t, compileFor(t, sync, mapping.Destination{}), m).contact.Tags)
	none := mapMember(t, compileFor(t, sync, mapping.Destination{Tags: []string{}}), m)
	require.Empty(t, none.contact.Tags, "a workspace without tags has none")
	require.Equal(t, tagged("x"), none.withheld)
}

func TestALabelThatOneSourceMaySendIsNotWithheld(t *testing.T) {
	t.Parallel()
	mapper := compileFor(t, "mapping: {tags: [{list: a, allow: [x], unknown: stop}, {from: b}]}", mapping.Destination{})
	m := mapper.Mapped(withID(t, `{"a": ["y", "z"], "b": "y"}`))
	contact, withheld, rejected := mapper.Contact(m, "7")
	require.Nil(t, rejected)
	require.Equal(t, []string{"y", "the-marker"}, contact.Tags)
	require.Equal(t, tagged("z"), withheld)
	require.Equal(t, tagged("z"), mapper.Unknown(m))
}

func TestUnknownHoldsOnlyWhatTheSyncStopsFor(t *testing.T) {
	t.Parallel()
	mapper := compileFor(t, `mapping:
  tags: [{list: a, allow: [x]}, {list: b, allow: [x], unknown: stop}]
  properties:
    size: {type: select, from: c, unknown: stop}
    shops: {type: multiselect, list: d}
`, mapping.Destination{Options: map[string][]string{"size": {"S"}, "shops": {"1"}}})
	m := mapper.Mapped(withID(t, `{"a": ["u"], "b": ["v"], "c": "XL", "d": ["2"]}`))
	require.Equal(t, []audience.Withheld{{Target: "tags", Label: "v"}, {Target: "size", Label: "XL"}}, mapper.Unknown(m))
	_, withheld, rejected := mapper.Contact(m, "7")
	require.Nil(t, rejected)
	require.Equal(t, []audience.Withheld{
		{Target: "tags", Label: "u"}, {Target: "tags", Label: "v"}, {Target: "shops", Label: "2"}, {Target: "size", Label: "XL"},
	}, withheld)
	require.Nil(t, mapper.Unknown(mapper.Mapped(withID(t, `{"c": "S", "b": ["x"]}`))))
}

func TestTheLabelsOfOneMemberAreBounded(t *testing.T) {
	t.Parallel()
	const sync = "marker: {property: p, member: m}\nmapping: {tags: [{list: a}]}"
	for _, test := range []struct {
		labels   int
		known    []string
		withheld int
		reason   audience.Reason
	}{
		{100, nil, 0, ""},
		{101, nil, 0, audience.TooManyLabels},
		{1000, []string{"1", "2"}, 998, ""},
		{1001, []string{"1", "2"}, 0, audience.ListTooLong},
	} {
		mapper := compileFor(t, sync, mapping.Destination{Tags: test.known})
		list, texts := make([]any, test.labels), make([]string, test.labels)
		for i := range list {
			list[i], texts[i] = json.Number(fmt.Sprint(i)), fmt.Sprint(i)
		}
		for _, value := range []any{list, strings.Join(texts, ",")} {
			m := audience.Member{"id": "7", "a": value}
			if test.reason == "" {
				require.Len(t, mapMember(t, mapper, m).withheld, test.withheld)
				continue
			}
			require.Equal(t, mapping.Rejection{Reason: test.reason, Field: "a"}, reject(t, mapper, m))
		}
	}
	none := mapMember(t, compileFor(t, sync, mapping.Destination{Tags: []string{}}), audience.Member{"id": "7", "a": strings.Repeat("ж", 1000)})
	require.Equal(t, tagged(strings.Repeat("ж", 255)), none.withheld, "nobody reads a longer name")
	mapper := compileFor(t, sync, mapping.Destination{})
	require.Len(t, mapMember(t, mapper, audience.Member{"id": "7", "a": strings.Repeat("ж", 255)}).contact.Tags, 1)
	require.Equal(t, audience.LabelTooLong, reject(t, mapper, audience.Member{"id": "7", "a": strings.Repeat("ж", 256)}).Reason)
}

func TestMembersDoNotShareTheirTags(t *testing.T) {
	t.Parallel()
	mapper := compile(t, syncOf(t, "mapping: {tags: [zeotap, {from: a}]}"))
	first := mapMember(t, mapper, withID(t, `{"a": "x"}`))
	second := mapMember(t, mapper, withID(t, `{"a": "y"}`))
	require.Equal(t, []string{"zeotap", "x", "the-marker"}, first.contact.Tags)
	require.Equal(t, []string{"zeotap", "y", "the-marker"}, second.contact.Tags)
}
