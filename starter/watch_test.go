package main

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	failurepb "go.temporal.io/api/failure/v1"
	workflowpb "go.temporal.io/api/workflow/v1"

	"audiencesync/internal/audience"
	"audiencesync/workflows"
)

func TestEveryPhaseIsToldInOneLine(t *testing.T) {
	t.Parallel()
	counted, expected := int64(98_000), int64(98_412)
	for want, progress := range map[string]workflows.Progress{
		"open: checking connections, tags, properties and the segment": {Phase: workflows.PhaseOpen},
		"read: 40,000 members in 4 pages":                              {Phase: workflows.PhaseRead, Read: 40_000, Pages: 4},
		"decide":                                                       {Phase: workflows.PhaseDecide},
		"send: 12,000 of 98,412 members settled, 11,990 accepted, 16 batches under way": {
			Phase: workflows.PhaseSend, Settled: 12_000, ToSend: 98_412, InFlight: 16,
			Outcomes: audience.Outcomes{Created: 11_000, Updated: 900, Accepted: 90, Refused: 10},
		},
		"send: 700 of 1,200 members settled, 500 accepted, 190 of 300 leavers unmarked, 4 batches under way": {
			Phase: workflows.PhaseSend, Settled: 700, ToSend: 1200, InFlight: 4, Outcomes: audience.Outcomes{Created: 500},
			Plan: &audience.Plan{Leavers: 310, KnownLeavers: 10}, Leavers: audience.Leavers{Removed: 190, Refused: 10},
		},
		"prove: counting the segment":                                    {Phase: workflows.PhaseProve},
		"prove: the segment counts 98,000 contacts, 98,412 are expected": {Phase: workflows.PhaseProve, Counted: &counted, Expected: &expected},
	} {
		require.Equal(t, want, describe(progress))
		require.NotContains(t, want, "\n")
	}
}

func TestALogGetsALineForEachPhaseAndNotForEachQuestion(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	view := (&app{stderr: &log}).newView()
	view.show(workflows.Progress{Phase: workflows.PhaseRead, Read: 10}, "")
	view.show(workflows.Progress{Phase: workflows.PhaseRead, Read: 20}, "")
	view.show(workflows.Progress{Phase: workflows.PhaseSend, ToSend: 20}, "Hello Charles is late (attempt 2)")
	view.show(workflows.Progress{Phase: workflows.PhaseSend, ToSend: 20}, "Hello Charles is late (attempt 2)")
	require.Equal(t, []string{
		"read: 10 members in 0 pages",
		"waiting: Hello Charles is late (attempt 2)",
		"send: 0 of 20 members settled, 0 accepted, 0 batches under way",
	}, strings.Split(strings.TrimSpace(log.String()), "\n"))

	view.lastSaid = time.Now().Add(-sayEvery)
	view.show(workflows.Progress{Phase: workflows.PhaseSend, ToSend: 20, Settled: 9}, "")
	require.Contains(t, log.String(), "send: 9 of 20 members settled")
}

func TestTheReasonToWaitIsThatOfTheActivityTriedMostOften(t *testing.T) {
	t.Parallel()
	pending := func(attempt int32, message string) *workflowpb.PendingActivityInfo {
		return &workflowpb.PendingActivityInfo{Attempt: attempt, LastFailure: &failurepb.Failure{Message: message}}
	}
	require.Empty(t, longestWait(nil))
	require.Empty(t, longestWait([]*workflowpb.PendingActivityInfo{pending(1, "first try"), pending(9, "")}))
	require.Equal(t, "cannot be reached (attempt 4)",
		longestWait([]*workflowpb.PendingActivityInfo{pending(2, "too many requests"), pending(4, "cannot be reached"), pending(3, "late")}))
}
