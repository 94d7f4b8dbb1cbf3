package trial_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"audiencesync/internal/audience"
	"audiencesync/internal/config"
	"audiencesync/internal/ledger"
	"audiencesync/internal/ledger/ledgertest"
	"audiencesync/internal/readback"
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
			require.Equal(t, readback.Absent, path.Held.State)
			require.False(t, path.HasRun)
			require.Equal(t, "0151 12345601", path.Mapped["phone"])

			sent := try(t, opened, 1)
			require.Equal(t, ada, sent[0].Contact.Reference)
			require.Equal(t, string(w.bodies[0]), string(path.Request.Body))
			path, err = opened.Follow(t.Context(), member)
			require.NoError(t, err)
			require.True(t, path.HasRun)
			require.Equal(t, ledger.MemberYes, path.History.Membership)
			require.Equal(t, readback.Same, path.Held.State)
			require.Equal(t, "Ada", path.Held.Held.FirstName)
		})
	}
}

func TestATraceShowsThatAConfirmedContactIsSentWithoutItsChannels(t *testing.T) {
	t.Parallel()
	w := newWorld(t, simulator.CharlesOptions{}, func(c *config.HelloCharles) { c.Omitted = config.OmittedKeep })
	opened := w.ready(t)
	member, _, err := opened.Find(t.Context(), ada)
	require.NoError(t, err)
	path, err := opened.Follow(t.Context(), member)
	require.NoError(t, err)
	require.False(t, path.Protected)
	require.Contains(t, string(path.Request.Body), "phone")

	try(t, opened, 1)
	// As a proof does that has found the contact.
	_, err = ledgertest.SQL(t, w.address).ExecContext(t.Context(), "UPDATE contacts SET held = 1")
	require.NoError(t, err)
	path, err = opened.Follow(t.Context(), member)
	require.NoError(t, err)
	require.True(t, path.Protected)
	require.NotContains(t, string(path.Request.Body), "phone")
	chosen, err := opened.Choose(t.Context(), 1)
	require.NoError(t, err)
	dry, protected, err := opened.Render(t.Context(), chosen.Candidates[0])
	require.NoError(t, err)
	require.True(t, protected)
	try(t, opened, 1)
	require.Equal(t, string(w.bodies[len(w.bodies)-1]), string(path.Request.Body))
	require.Equal(t, string(w.bodies[len(w.bodies)-1]), string(dry.Body), "a dry run shows what is sent")
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
	require.Equal(t, readback.NotCompared, path.Held.State)
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

func TestATraceShowsThatWhoIsForgottenLosesTheMarkerAndIsNotSent(t *testing.T) {
	t.Parallel()
	for name, follow := range map[string]func(*trial.Trial) (trial.Path, error){
		"a member": func(opened *trial.Trial) (trial.Path, error) {
			return opened.Follow(t.Context(), audience.Member{"phone": "0151 12345601"})
		},
		"who left": func(opened *trial.Trial) (trial.Path, error) { return opened.FollowLeaver(t.Context(), ada) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, simulator.CharlesOptions{}, func(c *config.HelloCharles) { c.Omitted = config.OmittedKeep })
			opened := w.ready(t, "member: member}\n", "member: member, left: left}\nmode: mirror\n")
			try(t, opened, 1)
			_, err := w.pool.Ledger.Forget(t.Context(), ada, false)
			require.NoError(t, err)
			path, err := follow(opened)
			require.NoError(t, err)
			require.Equal(t, audience.Forgotten, path.Trace.Excluded.Reason)
			require.Nil(t, path.Request)
			require.Contains(t, string(path.Unmark.Body), `"left"`)
			require.NotZero(t, path.ForgottenAt)
		})
	}
}

func TestATraceShowsWhatTakesTheMarkerAway(t *testing.T) {
	t.Parallel()
	const mirror, remove = "mode: mirror\n", "mode: mirror\non_invalid: remove\n"
	excluded := audience.Member{"phone": "0151 12345601", "country": "FR"}
	invalid := audience.Member{"phone": "0151 12345601", "first_name": []any{"Ada"}}
	for name, test := range map[string]struct {
		mode   string
		member audience.Member // nil: nobody has the reference
		unmark bool
	}{
		"who left":                       {mirror, nil, true},
		"who left, mode add":             {"", nil, false},
		"who is excluded":                {mirror, excluded, true},
		"who is excluded, mode add":      {"", excluded, false},
		"who is invalid":                 {mirror, invalid, false},
		"who is invalid and to be taken": {remove, invalid, true},
		"who is sent":                    {mirror, audience.Member{"phone": "0151 12345601"}, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, simulator.CharlesOptions{}, func(c *config.HelloCharles) { c.Omitted = config.OmittedKeep })
			opened := w.ready(t, "member: member}\n", "member: member, left: left}\n"+test.mode)
			try(t, opened, 1)
			sent := len(w.bodies)
			var path trial.Path
			var err error
			if test.member == nil {
				path, err = opened.FollowLeaver(t.Context(), ada)
			} else {
				path, err = opened.Follow(t.Context(), test.member)
			}
			require.NoError(t, err)
			require.Len(t, w.bodies, sent, "nothing is sent")
			require.Equal(t, ledger.MemberYes, path.History.Membership)
			require.Equal(t, test.unmark, path.Unmark != nil)
			if test.unmark {
				require.Contains(t, string(path.Unmark.Body), `"left"`)
				require.NotContains(t, string(path.Unmark.Body), "phone")
			}
			require.Equal(t, "Ada", path.Held.Held.FirstName)
		})
	}
}
