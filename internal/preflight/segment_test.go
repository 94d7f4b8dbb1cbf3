package preflight_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"audiencesync/internal/config"
	"audiencesync/internal/ledger"
	"audiencesync/internal/preflight"
	"audiencesync/internal/zeotap"
)

// countingAPI is a Hello Charles that holds every segment.
type countingAPI struct{ noAPI }

func (countingAPI) SegmentCount(context.Context, string) (int64, error) { return 20, nil }

func TestASegmentThatIsAnotherOneThanBeforeIsNoted(t *testing.T) {
	t.Parallel()
	nobody := preflight.RefusedError{Problems: []string{"not asked"}}
	spec := config.DefaultSync()
	spec.Sync, spec.Verification.Segment = "spring", "seg-7"
	for was, notes := range map[string][]string{
		"": nil, "seg-7": nil,
		"seg-984": {"verification.segment is seg-7, and the contacts of sync spring were seen in seg-984 before: if that is not meant, correct it"},
	} {
		found, err := preflight.Inspect(t.Context(), preflight.Input{
			Spec: spec, Settings: config.HelloCharles{Omitted: config.OmittedKeep}, API: countingAPI{},
			Source: func() (zeotap.Source, error) { return nil, &nobody },
			Ledger: func(context.Context) error { return nil },
			Beginning: func(context.Context) (ledger.Beginning, error) {
				return ledger.Beginning{Closed: true, Sent: true, Segment: was}, nil
			},
		})
		require.NoError(t, err)
		require.Equal(t, notes, found.Notes, was)
	}
}
