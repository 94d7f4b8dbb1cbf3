package audience_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"audiencesync/internal/audience"
)

func TestFieldsThatNobodyHasAreNamed(t *testing.T) {
	t.Parallel()
	source := audience.SourceCount{Unfilled: audience.Unfilled(map[string]string{"nick": "", "citty": "city"})}
	require.Equal(t, "source: no member has a value in citty (did you mean city?), nick: check the sync file", source.UnfilledText())
	require.Empty(t, (audience.SourceCount{}).UnfilledText())

	many := map[string]string{}
	for i := range 60 {
		many[fmt.Sprintf("field_%02d", i)] = ""
	}
	require.Len(t, audience.Unfilled(many), 50)
	require.Empty(t, audience.Unfilled(nil))
}
