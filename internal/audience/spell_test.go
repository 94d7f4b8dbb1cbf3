package audience_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"audiencesync/internal/audience"
)

func TestADurationIsSpeltForPeople(t *testing.T) {
	t.Parallel()
	for d, want := range map[time.Duration]string{
		0: "1s", 45 * time.Second: "45s", 90 * time.Second: "1 min 30 s", 200 * time.Minute: "3 h 20 min", 55 * time.Hour: "2 days 7 h",
	} {
		require.Equal(t, want, audience.Spell(d))
	}
}
