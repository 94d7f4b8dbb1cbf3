package convert_test

import (
	"encoding/json"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"audiencesync/internal/config/convert"
)

var numberOfJSON = regexp.MustCompile(`^-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]{1,3})?$`)

func TestANumberIsOneOfJSON(t *testing.T) {
	t.Parallel()
	texts := rapid.OneOf(
		rapid.StringOfN(rapid.SampledFrom([]rune("0123456789.-+eE, ")), 0, 12, -1),
		rapid.StringMatching(`-?(0|[1-9][0-9]{0,3})(\.[0-9]{0,3})?([eE][+-]?[0-9]{0,4})?`),
	)
	rapid.Check(t, func(t *rapid.T) {
		text := texts.Draw(t, "text")
		number, ok := convert.Number(text, false)
		if ok != numberOfJSON.MatchString(text) {
			t.Fatalf("%q is a number: %t", text, ok)
		}
		if ok && (number.String() != text || !json.Valid([]byte(number))) {
			t.Fatalf("%q became %q", text, number)
		}
		if strings.ContainsAny(text, ".,") {
			return
		}
		if _, comma := convert.Number(text, true); comma != ok {
			t.Fatalf("%q has no comma and is a number: %t", text, comma)
		}
	})
}

func TestADecimalCommaBecomesAPoint(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]json.Number{"12,5": "12.5", "-0,07": "-0.07", "1,5e3": "1.5e3", "7": "7"} {
		number, ok := convert.Number(text, true)
		require.True(t, ok, text)
		require.Equal(t, want, number)
	}
	for _, text := range []string{"1.234,5", "12.5", "1,2,3", ",5", "5,", ""} {
		_, ok := convert.Number(text, true)
		require.False(t, ok, text)
	}
}
