package preflight_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"audiencesync/internal/config"
	"audiencesync/internal/preflight"
)

func TestARefusalIsKnownAsLongAsNothingChangesThatItMayBeDueTo(t *testing.T) {
	t.Parallel()
	digest := func(s preflight.Surroundings, to config.HelloCharles) string {
		content, digest, err := s.Pinned(to)
		require.NoError(t, err)
		pinned, err := preflight.Unpin(content)
		require.NoError(t, err)
		require.Equal(t, s, pinned)
		return digest
	}
	before := config.DefaultHelloCharles()
	at := preflight.Surroundings{Tags: []string{"vip"}, Options: map[string][]string{"city": {"Köln"}}}
	known := digest(at, before)

	same := before
	same.Batch.MaxItems, same.Limits.RequestsPerSecond = 500, 10
	require.Equal(t, known, digest(at, same))

	for name, change := range map[string]func(*preflight.Surroundings, *config.HelloCharles){
		"a tag is created":          func(s *preflight.Surroundings, _ *config.HelloCharles) { s.Tags = []string{"spring", "vip"} },
		"an option is created":      func(s *preflight.Surroundings, _ *config.HelloCharles) { s.Options["city"] = []string{"Bonn", "Köln"} },
		"the envelope is corrected": func(_ *preflight.Surroundings, to *config.HelloCharles) { to.Batch.Envelope = "contacts" },
		"they go in batches":        func(_ *preflight.Surroundings, to *config.HelloCharles) { to.Send = config.SendBatch },
	} {
		s, to := preflight.Surroundings{Tags: at.Tags, Options: map[string][]string{"city": {"Köln"}}}, before
		change(&s, &to)
		require.NotEqual(t, known, digest(s, to), name)
	}
}
