package integration

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"audiencesync/activities"
	"audiencesync/internal/audience"
	"audiencesync/internal/simulator"
	"audiencesync/internal/simulator/faults"
	"audiencesync/workflows"
)

// mostInVain is the most requests of a first batch before a run asks.
const mostInVain = 16

// enveloped lets the connection put contacts under this key.
func enveloped(key string) func(*settings) {
	return func(s *settings) { s.connections = append(s.connections, "envelope: contacts", "envelope: "+key) }
}

func TestAWrongEnvelopeStopsTheRunAtAGateAndCostsNothingOnceItIsRight(t *testing.T) {
	t.Parallel()
	// The simulator answers 400 to everything.
	w := newWorld(t, 600, batchesOf(100), enveloped("people"))
	run := w.started(t, demo(t))
	hold := w.awaitHold(t, demo(t))
	require.Equal(t, workflows.HoldApproval, hold.Kind)
	require.Contains(t, hold.Why, "requests in a row and took nothing")
	require.Contains(t, hold.Why, "envelope")
	require.LessOrEqual(t, len(w.sends(t)), mostInVain)

	require.Error(t, w.steer(t, demo(t), workflows.UpdateApprove, "something else"), "an approval is bound to what the run waits for")
	require.NoError(t, w.steer(t, demo(t), workflows.UpdateDecline, hold.ID))
	_, err := w.end(t, run)
	report := failed(t, err, activities.TypeDeclined)
	require.Equal(t, audience.EndedDeclined, report.Ended)
	require.Len(t, report.Decisions, 1)
	require.Equal(t, report.Source.Read, report.Outcomes.Total())
	require.Zero(t, report.Outcomes.Taken())
	require.Zero(t, w.Stats().Contacts)

	w.reconnect(t, batchesOf(100))
	requireTrueReport(t, w, w.run(t, demo(t)))
}

func TestAnApprovedRunGoesOnAndAsksAgainWhenItIsInVain(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 600, batchesOf(100), withFaults(simulator.Faults{Rules: []faults.Rule{{
		Match: faults.Match{Side: faults.Charles, Path: contactsPath}, Do: faults.Status, Status: http.StatusUnprocessableEntity,
	}}}))
	spec := demo(t)
	spec.Limits.Refused, spec.Accept.Refused = 1, 1
	run := w.started(t, spec)
	first := w.awaitHold(t, spec)
	require.NoError(t, w.steer(t, spec, workflows.UpdateApprove, first.ID))
	require.NoError(t, w.steer(t, spec, workflows.UpdateApprove, first.ID), "the same decision again is no error")
	second := w.awaitOtherHold(t, spec, first)
	require.Equal(t, workflows.HoldApproval, second.Kind)
	require.LessOrEqual(t, len(w.sends(t)), 2*mostInVain)
	require.Zero(t, w.Stats().Contacts)

	require.NoError(t, w.SetFaults(simulator.Faults{}))
	require.NoError(t, w.steer(t, spec, workflows.UpdateApprove, second.ID))
	report, err := w.end(t, run)
	require.NoError(t, err)
	require.Equal(t, audience.Explained, report.Verdict, report.Explanation)
	require.Len(t, report.Decisions, 2)
	stats := w.Stats()
	require.Equal(t, stats.Contacts, report.Outcomes.Taken())
	require.Equal(t, stats.Audience.Distinct()-stats.Audience.BadEmail, stats.Contacts+report.Outcomes.Refused,
		"somebody was neither taken nor refused")
	require.Less(t, report.Outcomes.Refused, int64(mostInVain))
}
