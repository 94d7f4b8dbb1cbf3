package mapping_test

import (
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"audiencesync/internal/audience"
	"audiencesync/internal/mapping"
)

func TestNamesHaveTheirUsualLimit(t *testing.T) {
	t.Parallel()
	mapper := compile(t, syncOf(t, "mapping: {first_name: first_name}"))
	got := mapMember(t, mapper, audience.Member{"id": "7", "first_name": strings.Repeat("ж", 300)})
	require.Equal(t, strings.Repeat("ж", 255), got.contact.FirstName)
}

func TestACutGoesBetweenCharactersAsAPersonSeesThem(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ text, want string }{
		{"abcdef", "abcd"},
		{"abc def", "abc"},
		{"abce\u0301", "abc"},
		{"abcde\u0301", "abcd"},
		{"ab\u0301\u0302\u0303c", "a"},
		{"e\u0301\u0301\u0301\u0301", ""},
		{"ab👩\u200d💻", "ab"},
		{"abc👍🏽", "abc"},
		{"a🇩🇪🇦🇹", "a🇩🇪"},
		{"🇩🇪🇦🇹🇨🇭", "🇩🇪🇦🇹"},
		{"abc🇩🇪", "abc"},
		{"abc❤\ufe0f", "abc"},
		{"abcनि", "abc"},
	} {
		mapper := compile(t, syncOf(t, "mapping: {first_name: {from: a, max_length: 4}}"))
		require.Equal(t, test.want, mapMember(t, mapper, audience.Member{"id": "7", "a": test.text}).contact.FirstName, "%+q", test.text)
	}
}

func TestAPropertyThatIsCutToNothingIsAnEmptyValue(t *testing.T) {
	t.Parallel()
	const settings = "type: string, from: value, max_length: 4, too_long: cut"
	const oneCharacter = "e\u0301\u0301\u0301\u0301"
	_, named, withheld := propertyOf(t, settings, mapping.Destination{}, oneCharacter)
	require.False(t, named, "it would overwrite what Hello Charles has")
	require.Empty(t, withheld)
	sent, named, _ := propertyOf(t, settings+", empty: clear", mapping.Destination{}, oneCharacter)
	require.True(t, named)
	require.Nil(t, sent)
}

func TestALineBreakOfAnySpellingIsABlank(t *testing.T) {
	t.Parallel()
	mapper := compile(t, syncOf(t, "mapping: {first_name: first_name}"))
	for _, text := range []string{
		"Ada\nLovelace", "Ada\r\nLovelace", "Ada\rLovelace", "Ada\vLovelace", "Ada\fLovelace", "Ada\u0085Lovelace", "Ada\tLovelace",
		"\r\nAda Lovelace\r", "A\x00da Love\x7flace",
	} {
		require.Equal(t, "Ada Lovelace", mapMember(t, mapper, audience.Member{"id": "7", "first_name": text}).contact.FirstName, "%q", text)
	}
	require.Equal(t, "Ada  Lovelace", mapMember(t, mapper, audience.Member{"id": "7", "first_name": "Ada\r\rLovelace"}).contact.FirstName)
}

func TestACutTextIsAStartOfTheText(t *testing.T) {
	t.Parallel()
	mapper := compile(t, syncOf(t, "mapping: {first_name: {from: a, max_length: 6}}"))
	character := rapid.SampledFrom([]rune("ab \u0301\u200d👩💻🏽🇩🇪नस्\ufe0f"))
	rapid.Check(t, func(t *rapid.T) {
		text := strings.TrimSpace(string(rapid.SliceOfN(character, 0, 20).Draw(t, "text")))
		part := mapper.Mapped(audience.Member{"id": "7", "a": text})
		contact, _, rejected := mapper.Contact(part, "7")
		if rejected != nil {
			t.Fatal(rejected)
		}
		cut := contact.FirstName
		rest, isStart := strings.CutPrefix(text, cut)
		switch {
		case !isStart || !utf8.ValidString(cut) || utf8.RuneCountInString(cut) > 6:
			t.Fatalf("%+q became %+q", text, cut)
		case utf8.RuneCountInString(text) <= 6 && cut != text:
			t.Fatalf("%+q was cut to %+q", text, cut)
		case rest != "" && cut != "":
			if next, _ := utf8.DecodeRuneInString(rest); unicode.In(next, unicode.M) || next == '\u200d' {
				t.Fatalf("%+q was cut before %+q", text, rest)
			}
		}
	})
}
