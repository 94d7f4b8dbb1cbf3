package convert_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"audiencesync/internal/config/convert"
)

func TestATemplateIsTextAndFields(t *testing.T) {
	t.Parallel()
	parts, err := convert.ParseTemplate("{{C-{ a.b }{c}}} x")
	require.NoError(t, err)
	require.Equal(t, []convert.Part{{Text: "{C-"}, {Field: "a.b"}, {Field: "c"}, {Text: "} x"}}, parts)
}

// FuzzTemplate writes a template again from its parts.
func FuzzTemplate(f *testing.F) {
	for _, seed := range []string{"", "{a} {b}", "{{{a}}}", "{", "}", "{}", "{a", "{a{b}", "a } b", "{{}}", "{ }", "\x00{\xff}"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, template string) {
		parts, err := convert.ParseTemplate(template)
		if err != nil {
			return
		}
		var again strings.Builder
		for _, part := range parts {
			if part.Field == "" {
				again.WriteString(strings.NewReplacer("{", "{{", "}", "}}").Replace(part.Text))
			} else {
				again.WriteString("{" + part.Field + "}")
			}
		}
		once, err := convert.ParseTemplate(again.String())
		if err != nil {
			t.Fatalf("%q became %q: %v", template, again.String(), err)
		}
		require.Equal(t, parts, once)
	})
}
