package mapping_test

import (
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"audiencesync/internal/audience"
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
