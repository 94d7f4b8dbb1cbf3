package trial_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"audiencesync/internal/audience"
	"audiencesync/internal/config"
	"audiencesync/internal/ledger"
	"audiencesync/internal/simulator"
	"audiencesync/internal/trial"
)

func TestATraceShowsTheRequestThatIsSent(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*config.HelloCharles){"in batches": batches, "one by one": nil} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, simulator.CharlesOptions{}, change)
			opened := w.ready(t)
			member, _, err := opened.Find(t.Context(), ada)
			require.NoError(t, err)
			path, err := opened.Follow(t.Context(), member)
			require.NoError(t, err)
			require.Empty(t, w.bodies, "nothing is sent")
			require.Equal(t, trial.Absent, path.Held.State)
			require.False(t, path.HasRun)
			require.Equal(t, "0151 12345601", path.Mapped["phone"])

			sent := try(t, opened, 1)
			require.Equal(t, ada, sent[0].Contact.Reference)
			require.Equal(t, string(w.bodies[0]), string(path.Request.Body))
			path, err = opened.Follow(t.Context(), member)
			require.NoError(t, err)
			require.True(t, path.HasRun)
			require.Equal(t, ledger.MemberYes, path.History.Membership)
			require.Equal(t, trial.Same, path.Held.State)
			require.Equal(t, "Ada", path.Held.Held.FirstName)
		})
	}
}

func TestATraceOfAMemberThatIsNotSentShowsWhatIsHeld(t *testing.T) {
	t.Parallel()
	w := newWorld(t, simulator.CharlesOptions{}, nil)
	opened := w.ready(t)
	try(t, opened, 1)
	path, err := opened.Follow(t.Context(), audience.Member{"phone": "0151 12345601", "country": "FR", "first_name": "Eve"})
	require.NoError(t, err)
	require.Equal(t, audience.ExcludedByFilter, path.Trace.Excluded.Reason)
	require.Nil(t, path.Request)
	require.Equal(t, trial.NotCompared, path.Held.State)
	require.Equal(t, "Ada", path.Held.Held.FirstName)

	path, err = opened.Follow(t.Context(), audience.Member{"first_name": "Eve"})
	require.NoError(t, err)
	require.Equal(t, audience.ReferenceMissing, path.Trace.Rejected.Reason)
	require.Nil(t, path.Held.Held)
}

func TestATraceNamesTheLabelsThatStopARun(t *testing.T) {
	t.Parallel()
	w := newWorld(t, simulator.CharlesOptions{}, nil)
	opened := w.ready(t, "tags: [zeotap, vip]", "tags: [zeotap, {from: city, unknown: stop}]")
	path, err := opened.Follow(t.Context(), audience.Member{"phone": "0151 12345601", "city": "Bonn"})
	require.NoError(t, err)
	require.Equal(t, []audience.Withheld{{Target: "tags", Label: "Bonn"}}, path.Stops)
}

func TestATraceGoesOnWhereContactsCannotBeRead(t *testing.T) {
	t.Parallel()
	w := newWorld(t, simulator.CharlesOptions{}, func(c *config.HelloCharles) { c.Read.ContactPath = "" })
	path, err := w.ready(t).Follow(t.Context(), audience.Member{"phone": "0151 12345601"})
	require.NoError(t, err)
	require.NotNil(t, path.Request)
	require.Contains(t, path.CannotRead, "read.contact_path")
}
