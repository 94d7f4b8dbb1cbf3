package trial_test

import (
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"audiencesync/internal/audience"
	"audiencesync/internal/config"
	"audiencesync/internal/ledger"
	"audiencesync/internal/readback"
	"audiencesync/internal/simulator"
	"audiencesync/internal/simulator/faults"
	"audiencesync/internal/vendorhttp"
)

func TestATrialSendsAsManyAsWereAskedForEachAlone(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*config.HelloCharles){"in batches": batches, "one by one": nil} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, simulator.CharlesOptions{}, change)
			sent := try(t, w.ready(t), 2)
			require.Len(t, sent, 2)
			for i, reference := range []string{ada, emil} {
				require.Equal(t, reference, sent[i].Contact.Reference)
				require.Equal(t, audience.Created, sent[i].Outcome)
				require.Equal(t, readback.Same, sent[i].Held.State, "%v", sent[i].Held.Differences)
				require.True(t, sent[i].Good())
				require.Equal(t, ledger.MemberYes, w.membership(t, reference))
			}
			require.Len(t, w.bodies, 2, "a request for each")
			require.Len(t, slices.Collect(w.Contacts()), 2)
		})
	}
}

func TestTheNextRunSendsNothingAgainThatATrialBroughtOver(t *testing.T) {
	t.Parallel()
	w := newWorld(t, simulator.CharlesOptions{}, nil)
	require.NoError(t, w.SetFaults(simulator.Faults{Refuse: []faults.Refusal{{References: []string{emil}}}}))
	opened := w.ready(t)
	sent := try(t, opened, 2)

	opening, err := opened.Sync.Opening()
	require.NoError(t, err)
	ref, err := w.pool.Ledger.OpenRun(t.Context(), opening)
	require.NoError(t, err)
	reading, err := w.pool.Ledger.Reading(t.Context(), ref, 1<<20, time.Hour)
	require.NoError(t, err)
	page, err := reading.Commit(t.Context(), ledger.PageInput{Members: []ledger.ReadMember{sent[0].Member, sent[1].Member}, Last: true})
	require.NoError(t, err)
	require.Equal(t, audience.Outcomes{Unchanged: 1}, page.Outcomes)
	require.Equal(t, int64(1), page.Staged, "the one that was refused is sent again")
}

func TestARefusalIsToldInHelloCharlesOwnWords(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*config.HelloCharles){"in batches": batches, "one by one": nil} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, simulator.CharlesOptions{}, change)
			require.NoError(t, w.SetFaults(simulator.Faults{Refuse: []faults.Refusal{{References: []string{ada}, Code: "bad_name", Message: "Not this name."}}}))
			sent := try(t, w.ready(t), 2)
			require.Equal(t, audience.Refused, sent[0].Outcome)
			require.Equal(t, "bad_name", sent[0].Code)
			require.Contains(t, sent[0].Message, "Not this name.")
			require.Equal(t, readback.NotCompared, sent[0].Held.State)
			require.False(t, sent[0].Good())
			require.Equal(t, ledger.MemberUnknown, w.membership(t, ada))
			require.True(t, sent[1].Good(), "one refusal keeps nobody else back")
		})
	}
}

func TestALostReplyLeavesAMemberUnknown(t *testing.T) {
	t.Parallel()
	w := newWorld(t, simulator.CharlesOptions{}, nil)
	require.NoError(t, w.SetFaults(simulator.Faults{Rules: []faults.Rule{
		{Match: faults.Match{Side: faults.Charles, Method: http.MethodPut, Path: contactsPath, To: 1}, Do: faults.LostReply},
	}}))
	sent := try(t, w.ready(t), 2)
	require.Equal(t, audience.Unresolved, sent[0].Outcome)
	require.Contains(t, sent[0].Why, "the connection was lost")
	require.False(t, sent[0].Good())
	require.Equal(t, readback.Same, sent[0].Held.State, "reading back shows that it arrived")
	require.Equal(t, ledger.MemberUnknown, w.membership(t, ada), "the next run sends it again")
	require.Equal(t, ledger.MemberYes, w.membership(t, emil))
}

func TestARequestThatWasOneTooManyIsSentAgain(t *testing.T) {
	t.Parallel()
	w := newWorld(t, simulator.CharlesOptions{}, nil)
	require.NoError(t, w.SetFaults(simulator.Faults{Rules: []faults.Rule{{
		Match: faults.Match{Side: faults.Charles, Method: http.MethodPut, Path: contactsPath, To: 1},
		Do:    faults.Status, Status: http.StatusTooManyRequests, RetryAfter: faults.Duration(time.Second),
	}}}))
	sent := try(t, w.ready(t), 1)
	require.Equal(t, audience.Created, sent[0].Outcome)
	require.Len(t, w.said, 1)
	require.Contains(t, w.said[0], "too many requests, asked to wait 1s")
}

func TestAnAnswerThatIsNotAboutTheContactEndsTheTrial(t *testing.T) {
	t.Parallel()
	w := newWorld(t, simulator.CharlesOptions{BetaStatus: http.StatusForbidden}, nil)
	opened := w.ready(t)
	chosen, err := opened.Choose(t.Context(), 2)
	require.NoError(t, err)
	sent, err := opened.Send(t.Context(), chosen.Candidates)
	var vendor *vendorhttp.Error
	require.ErrorAs(t, err, &vendor)
	require.Equal(t, vendorhttp.Forbidden, vendor.Kind)
	require.NotContains(t, err.Error(), "12345601")
	require.Empty(t, sent)
	require.Len(t, w.bodies, 1, "the second is not tried")
}

func TestNothingLeavesBeforeTheLedgerKnowsIt(t *testing.T) {
	t.Parallel()
	w := newWorld(t, simulator.CharlesOptions{}, nil)
	opened := w.ready(t)
	chosen, err := opened.Choose(t.Context(), 1)
	require.NoError(t, err)
	// The ledger has the name of the sync for another audience by now.
	opening, err := opened.Sync.Opening()
	require.NoError(t, err)
	opening.AudienceID = "985"
	require.NoError(t, w.pool.Ledger.BeginTrial(t.Context(), opening, []ledger.ReadMember{{Reference: emil}}))
	sent, err := opened.Send(t.Context(), chosen.Candidates)
	var refused *ledger.RefusedError
	require.ErrorAs(t, err, &refused)
	require.Empty(t, sent)
	require.Empty(t, w.bodies)
}
