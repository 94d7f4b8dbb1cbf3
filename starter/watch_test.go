package main

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"audiencesync/internal/audience"
	"audiencesync/internal/temporalclient"
	"audiencesync/workflows"
)

var noon = time.Date(2026, time.March, 2, 12, 0, 0, 0, time.UTC)

func TestEveryPhaseIsToldInOneLine(t *testing.T) {
	t.Parallel()
	counted, expected := int64(98_000), int64(98_412)
	for want, progress := range map[string]workflows.Progress{
		"open: checking connections, tags, properties and the segment": {Phase: workflows.PhaseOpen},
		"read: waiting for the first page":                             {Phase: workflows.PhaseRead},
		"read: 40,000 members in 4 pages":                              {Phase: workflows.PhaseRead, Read: 40_000, Pages: 4},
		"read: 40,000 members in 4 pages, 12,500 a second":             {Phase: workflows.PhaseRead, Read: 40_000, Pages: 4, Rate: 12_500},
		"decide": {Phase: workflows.PhaseDecide},
		"send: 12,000 of 98,412 members settled, 11,990 accepted, 10 failures, 16 batches under way, 950 a second (2,000 allowed), about 1 min 31 s left": {
			Phase: workflows.PhaseSend, Settled: 12_000, ToSend: 98_412, InFlight: 16,
			Outcomes: audience.Outcomes{Created: 11_000, Updated: 900, Accepted: 90, Refused: 10}, Rate: 950, Allowed: 2000, SecondsLeft: 91,
		},
		"send: 700 of 1,200 members and leavers settled, 500 accepted, 190 of 300 leavers unmarked, 4 batches under way": {
			Phase: workflows.PhaseSend, Settled: 700, ToSend: 1200, InFlight: 4, Outcomes: audience.Outcomes{Created: 500},
			Plan: &audience.Plan{Leavers: 310, KnownLeavers: 10}, Leavers: audience.Leavers{Removed: 190, Refused: 10},
		},
		"send: 1 of 3 members settled, 0 accepted, 1 failure, 1 batch under way": {
			Phase: workflows.PhaseSend, Settled: 1, ToSend: 3, InFlight: 1, Outcomes: audience.Outcomes{Refused: 1},
		},
		"prove: counting the segment":                                    {Phase: workflows.PhaseProve},
		"prove: the segment counts 98,000 contacts, 98,412 are expected": {Phase: workflows.PhaseProve, Counted: &counted, Expected: &expected},
	} {
		require.Equal(t, want, describe(progress))
		require.NotContains(t, want, "\n")
	}
}

// late is why a run waits.
func late(attempt int32) *temporalclient.Waiting {
	return &temporalclient.Waiting{Why: "Hello Charles is late", Attempt: attempt, Activities: 1}
}

func TestALogGetsALineForEachPhaseAndNotForEachQuestion(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	view := &logView{app: &app{stderr: &log}, began: time.Now()}
	sending := workflows.Progress{Phase: workflows.PhaseSend, ToSend: 20}
	stalled := sending
	stalled.Stalled = &workflows.Stall{Since: noon, Why: "Hello Charles is late"}
	for _, s := range []standing{
		{Progress: workflows.Progress{Phase: workflows.PhaseRead, Read: 10}},
		{Progress: workflows.Progress{Phase: workflows.PhaseRead, Read: 20}},
		{Progress: sending, Waiting: late(2)},
		{Progress: sending, Waiting: late(3)},
		{Progress: stalled, Waiting: late(4)},
		{Progress: stalled, Waiting: late(5)},
		{Progress: sending},
	} {
		require.NoError(t, view.show(s))
	}
	require.Equal(t, []string{
		"read: 10 members in 0 pages",
		"waiting: Hello Charles is late (attempt 2)",
		"send: 0 of 20 members settled, 0 accepted, 0 batches under way",
		"the run stands still: nothing has moved since 2026-03-02 12:00 UTC: Hello Charles is late",
		"the run moves again",
	}, strings.Split(strings.TrimSpace(log.String()), "\n"))

	said := log.Len()
	view.lastSaid = time.Now().Add(-time.Hour)
	require.NoError(t, view.show(standing{Progress: sending}))
	require.Equal(t, said, log.Len(), "nothing is new")
	sending.Settled = 9
	require.NoError(t, view.show(standing{Progress: sending}))
	require.Contains(t, log.String(), "send: 9 of 20 members settled")

	view.began, view.lastSaid = time.Now().Add(-20*time.Minute), time.Now().Add(-time.Minute)
	said, sending.Settled = log.Len(), 10
	require.NoError(t, view.show(standing{Progress: sending}))
	require.Equal(t, said, log.Len(), "a log of a long run has a line every some minutes")
}

func TestJSONIsALineForEachChange(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	view := &jsonView{app: &app{stdout: &out}}
	show := func(s standing) {
		view.at = time.Time{}
		require.NoError(t, view.show(s))
	}
	p := workflows.Progress{Sync: "demo", Phase: workflows.PhaseSend, ToSend: 20, Rate: 1}
	show(standing{Progress: p})
	p.Rate, p.SecondsLeft = 2, 30
	show(standing{Progress: p})
	show(standing{Progress: p, Waiting: late(2)})
	show(standing{Progress: p, Waiting: late(3)})
	p.Settled = 7
	show(standing{Progress: p})
	p.Settled = 8
	require.NoError(t, view.show(standing{Progress: p}), "it comes within a second")
	lines := strings.Split(strings.TrimSpace(out.String()), "\n")
	require.Len(t, lines, 3)
	var seen printed
	require.NoError(t, json.Unmarshal([]byte(lines[1]), &seen))
	require.Equal(t, "Hello Charles is late (attempt 2)", seen.Waiting)
	require.Equal(t, "demo", seen.Sync)
	seen = printed{}
	require.NoError(t, json.Unmarshal([]byte(lines[2]), &seen))
	require.Empty(t, seen.Waiting)
	require.Equal(t, int64(7), seen.Settled)
}

func TestATerminalShowsEveryStepOfTheRun(t *testing.T) {
	t.Parallel()
	counted, expected := int64(98_000), int64(98_412)
	p := workflows.Progress{Sync: "spring", Run: 12, Phase: workflows.PhaseOpen, StartedAt: noon, MovedAt: noon.Add(time.Minute)}
	at := noon.Add(70 * time.Second)
	require.Equal(t, []string{
		"spring, run 12, for 1 min 10 s",
		"> open     checking connections, tags, properties and the segment",
	}, liveLines(standing{Progress: p}, at))
	p.Phase, p.Read, p.Pages, p.Rate = workflows.PhaseRead, 40_000, 4, 12_500
	require.Equal(t, []string{
		"spring, run 12, for 1 min 10 s",
		"> read     40,000 members in 4 pages, 12,500 a second",
	}, liveLines(standing{Progress: p}, at))
	p.Phase, p.Read, p.Pages, p.Rate, p.Allowed, p.SecondsLeft = workflows.PhaseSend, 100_000, 10, 950, 2000, 91
	p.Plan = &audience.Plan{ToSend: 98_412, Joiners: 3000, Unchanged: 1588, Leavers: 20, KeepsLeavers: true}
	p.Settled, p.ToSend, p.InFlight, p.Outcomes = 49_206, 98_412, 16, audience.Outcomes{Created: 49_196, Refused: 10}
	require.Equal(t, []string{
		"spring, run 12, for 4 min 10 s",
		"  read     100,000 members in 10 pages",
		"  decide   98,412 to send (3,000 new), 1,588 unchanged, 20 left",
		"> send     [===============               ]  50% 49,206 of 98,412 members settled",
		"           49,196 accepted, 10 failures, 16 batches under way, 950 a second (2,000 allowed), about 1 min 31 s left",
		"  waiting: Hello Charles is late (attempt 2)",
		"  nothing has moved for 3 min 10 s",
	}, liveLines(standing{Progress: p, Waiting: late(2)}, noon.Add(250*time.Second)))
	p.Phase, p.Settled, p.Expected, p.Counted = workflows.PhaseProve, 98_412, &expected, &counted
	p.Stalled = &workflows.Stall{Since: noon}
	lines := liveLines(standing{Progress: p}, at)
	require.Equal(t, "> prove    the segment counts 98,000 contacts, 98,412 are expected", lines[len(lines)-2])
	require.Equal(t, "  the run stands still: nothing has moved since 2026-03-02 12:00 UTC", lines[len(lines)-1])
}

func TestATerminalIsDrawnOverAndLeftClean(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	s := screen{out: &out, width: func() int { return 12 }}
	s.draw([]string{"one", "a line that is too long"})
	require.Equal(t, "one\na line tha~\n", out.String())
	out.Reset()
	s.draw([]string{"two"})
	require.Equal(t, "\x1b[2A\r\x1b[Jtwo\n", out.String())
	out.Reset()
	s.above("something happened")
	require.Equal(t, "\x1b[1A\r\x1b[Jsomething happened\ntwo\n", out.String())
	out.Reset()
	s.clear()
	s.clear()
	require.Equal(t, "\x1b[1A\r\x1b[J", out.String())
}

func TestAnAnswerFromThePastIsNotShownButARunThatRepairsAnotherIs(t *testing.T) {
	t.Parallel()
	var a answers
	came := func(startedAt time.Time, phase workflows.Phase) bool {
		return a.came(workflows.Progress{StartedAt: startedAt, Phase: phase})
	}
	require.True(t, came(noon, workflows.PhaseSend))
	require.False(t, came(noon, workflows.PhaseRead))
	require.True(t, came(noon, workflows.PhaseProve))
	require.True(t, came(noon.Add(time.Minute), workflows.PhaseOpen))
	require.False(t, came(noon, workflows.PhaseDone))
}
