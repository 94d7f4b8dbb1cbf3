package audience_test

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"audiencesync/internal/audience"
)

func TestALongTextIsCutAndSaysSo(t *testing.T) {
	t.Parallel()
	require.Equal(t, "short", audience.Shorten("short", 5))
	require.Equal(t, strings.Repeat("x", 71)+"… (cut, it has 100,000 bytes)", audience.Shorten(strings.Repeat("x", 100_000), 102))
}

func TestAShortenedTextFitsAndIsUTF8(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		text, most := string(rapid.SliceOf(rapid.Byte()).Draw(t, "text")), rapid.IntRange(50, 100).Draw(t, "most")
		short := audience.Shorten(text, most)
		require.LessOrEqual(t, len(short), most)
		require.True(t, utf8.ValidString(short))
	})
}

func TestALongListSaysHowManyAreLeftOut(t *testing.T) {
	t.Parallel()
	require.Nil(t, audience.ShortenList(nil, 3, 10))
	require.Equal(t, []string{"a", "b", "c"}, audience.ShortenList([]string{"a", "b", "c"}, 3, 10))
	require.Equal(t, []string{"a", "b", "and 2 more"}, audience.ShortenList([]string{"a", "b", "c", "d"}, 3, 10))
}
