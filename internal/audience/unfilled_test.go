package audience_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"audiencesync/internal/audience"
)

func TestFieldsThatNobodyHasAreNamedWhateverTheVerdict(t *testing.T) {
	t.Parallel()
	r := perfect()
	r.Source.Unfilled = audience.Unfilled(map[string]string{"nick": "", "citty": "city"})
	for range 2 { // Judging again comes to the same.
		audience.Judge(&r, audience.Tolerance{})
	}
	require.Equal(t, audience.Equal, r.Verdict)
	require.Equal(t, []string{"source: no member has a value in citty (did you mean city?), nick: check the sync file"}, r.Explanation)

	many := map[string]string{}
	for i := range 60 {
		many[fmt.Sprintf("field_%02d", i)] = ""
	}
	require.Len(t, audience.Unfilled(many), 50)
	require.Empty(t, audience.Unfilled(nil))
}
