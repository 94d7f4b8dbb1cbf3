package main

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"audiencesync/activities"
	"audiencesync/internal/audience"
	"audiencesync/internal/beginning"
	"audiencesync/internal/ledger"
	"audiencesync/internal/runreport"
	"audiencesync/internal/simulator"
	"audiencesync/workflows"
)

// inBothForms runs a command as text and then as JSON, both of which end with one code.
func inBothForms[T any](t *testing.T, code int, do func(args ...string) answer) (text string, value T) {
	t.Helper()
	asText, asJSON := do(), do("-o", "json")
	require.Equal(t, code, asText.code, asText.stderr)
	require.Equal(t, code, asJSON.code, asJSON.stderr)
	require.NotEmpty(t, asText.stdout)
	asJSON.code = exitGood
	return asText.stdout, decoded[T](t, asJSON)
}

// onFile runs a command about the office's sync file.
func (o *office) onFile(t *testing.T, verb string, flags ...string) func(args ...string) answer {
	t.Helper()
	return func(args ...string) answer {
		t.Helper()
		return o.tell(t, append(append([]string{verb, o.file("sync.yaml")}, flags...), args...)...)
	}
}

func TestACheckSaysInBothFormsWhetherASyncCanRun(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	text, result := inBothForms[activities.CheckSyncResult](t, exitGood, o.onFile(t, "check"))
	require.Contains(t, text, "\nready to run\n")
	require.Empty(t, result.Problems)
	require.Equal(t, "984", result.Audience.ID)

	o.edit(t, "sync.yaml", "tags: [zeotap]", "tags: [zeotop]")
	text, result = inBothForms[activities.CheckSyncResult](t, exitUsage, o.onFile(t, "check"))
	require.Contains(t, text, "\nproblem: tag \"zeotop\" does not exist")
	require.NotContains(t, text, "ready to run")
	require.Len(t, result.Problems, 1)
	require.Equal(t, "error: the sync cannot run as it is; nothing was sent\n", o.tell(t, "check", o.file("sync.yaml"), "--quiet").stderr)
}

func TestRunsPlansProofsAndAuditsEndInBothForms(t *testing.T) {
	t.Parallel()
	o := newOffice(t, "max_lag: 20s", "max_lag: 1s")
	text, report := inBothForms[audience.Report](t, exitUnexplained, o.onFile(t, "audit"))
	require.Contains(t, text, "\nverdict: unexplained")
	require.True(t, report.Audited)
	require.Positive(t, report.Segment.Comparison.Missing)
	require.Empty(t, o.Stats().Contacts, "an audit sends nothing")

	text, report = inBothForms[audience.Report](t, exitGood, o.onFile(t, "plan"))
	require.Contains(t, text, "sync demo, plan ")
	require.Equal(t, audience.EndedPlanned, report.Ended)
	text, report = inBothForms[audience.Report](t, exitGood, o.onFile(t, "run", "--full"))
	require.Contains(t, text, "\nverdict: explained")
	require.Equal(t, audience.Explained, report.Verdict)
	text, report = inBothForms[audience.Report](t, exitGood, o.onFile(t, "verify"))
	require.Contains(t, text, "Nothing was sent.")
	require.True(t, report.Verified)
	_, report = inBothForms[audience.Report](t, exitGood, o.onFile(t, "audit"))
	require.Zero(t, report.Segment.Comparison.Missing)

	text, runs := inBothForms[[]runreport.Past](t, exitGood, func(args ...string) answer { return o.book(t, "history", args...) })
	require.Contains(t, text, "explained")
	require.EqualValues(t, 1, runs[len(runs)-1].Run)

	o.edit(t, "sync.yaml", "  invalid: 5%\n", "  invalid: 0%\n")
	text, report = inBothForms[audience.Report](t, exitOutside, o.onFile(t, "run"))
	require.Contains(t, text, "\nverdict: explained")
	require.False(t, report.Acceptable)
	require.Equal(t, exitOutside, o.order(t, "status").code)
	require.Equal(t, exitOutside, o.order(t, "watch").code)
	run := report.Run
	o.fill(0)
	text, report = inBothForms[audience.Report](t, exitUnexplained, o.onFile(t, "verify"))
	require.EqualValues(t, 1, report.Segment.Comparison.Foreign)
	require.Regexp(t, `^sync demo, proof \d+: `, text)

	after := o.order(t, "status")
	require.Equal(t, exitOutside, after.code, "a proof is no run")
	require.Regexp(t, fmt.Sprintf(`^sync demo, run %d: `, run), after.stdout)
	require.Equal(t, fmt.Sprintf("since then proof %[1]d has ended: unexplained (audiencesync report demo --run %[1]d)\n", report.Run), after.stderr)
	o.edit(t, "sync.yaml", "segment: seg-984", "segment: seg-000")
	refused := o.tell(t, "run", o.file("sync.yaml"))
	require.Equal(t, exitUsage, refused.code, refused.stderr)
	after = o.order(t, "status")
	require.Equal(t, exitUsage, after.code)
	require.Regexp(t, fmt.Sprintf(`^sync demo, run %d: `, run), after.stdout, "the last run is not hidden by a start that was refused")
	require.Contains(t, after.stderr, "seg-000")
}

func TestTwoRunsThatAreStartedAtOnceAreOne(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	answers := make(chan answer, 2)
	var together sync.WaitGroup
	for range cap(answers) {
		together.Go(func() { answers <- o.tell(t, "run", o.file("sync.yaml"), "-o", "json") })
	}
	together.Wait()
	joined := 0
	for range cap(answers) {
		ended := <-answers
		joined += strings.Count(ended.stderr, "A run of demo is going already; this command joins it and starts no second one.\n")
		require.EqualValues(t, 1, decoded[audience.Report](t, ended).Run)
	}
	require.Equal(t, 1, joined)
	_, runs := inBothForms[[]runreport.Past](t, exitGood, func(args ...string) answer { return o.book(t, "history", args...) })
	require.Len(t, runs, 1)
}

func TestAPlanThatWouldAskEndsLikeARunThatWaits(t *testing.T) {
	t.Parallel()
	o := newMirror(t)
	o.keep(t, 0, 80)
	text, report := inBothForms[audience.Report](t, exitWaiting, o.onFile(t, "plan"))
	require.NotEmpty(t, report.Plan.Beyond)
	require.Contains(t, text, report.Plan.Beyond[0])
	expecting := o.tell(t, "plan", o.file("sync.yaml"), "--expect", "7")
	require.Equal(t, exitWaiting, expecting.code)
	require.Contains(t, expecting.stdout, "7")
}

func TestAPlanOfARunThatWouldBeRefusedEndsAsThatRunDoes(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	o.fill(3)
	text, report := inBothForms[audience.Report](t, exitUsage, o.onFile(t, "plan"))
	require.Contains(t, text, "a run would be refused: sync demo has sent nothing by this ledger")
	require.NotEmpty(t, report.Notes)
	refused := o.tell(t, "run", o.file("sync.yaml"))
	require.Equal(t, exitUsage, refused.code)
	require.Contains(t, refused.stderr, report.Notes[0])
}

func TestOrdersToARunAreAcknowledgedAsJSON(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	run := o.start(t, http.StatusUnprocessableEntity)
	progress := decoded[workflows.Progress](t, o.order(t, "pause", "-o", "json"))
	require.NotNil(t, progress.Paused)
	require.Equal(t, "demo", progress.Sync)
	require.Nil(t, decoded[workflows.Progress](t, o.order(t, "resume", "-o", "json")).Paused)
	require.NoError(t, o.SetFaults(simulator.Faults{}))
	require.Nil(t, decoded[workflows.Progress](t, o.order(t, "approve", "-o", "json")).Hold)
	o.end(t, run)

	run = o.start(t, http.StatusUnprocessableEntity)
	shown := o.order(t, "status", "-o", "json")
	require.Equal(t, exitWaiting, shown.code)
	require.NoError(t, asDocumented("status", shown.stdout))
	require.EqualValues(t, 2, decoded[workflows.Progress](t, o.order(t, "decline", "-o", "json")).Run)
	o.end(t, run)
	require.Equal(t, exitCancelled, o.order(t, "status", "-o", "json").code)
}

func TestARetiredSyncIsClosedForEver(t *testing.T) {
	t.Parallel()
	o := newMirror(t)
	retire := o.onFile(t, "retire")
	require.Zero(t, o.tell(t, "schedule", "create", o.file("sync.yaml"), "--every", "720h", "--verify").code)
	waits := retire()
	require.Contains(t, waits.stderr, "note: the schedule of proofs of sync demo is still there, and what it starts is refused once the sync is retired: "+
		"delete it with audiencesync schedule delete demo --verify\n")
	require.NotContains(t, waits.stderr, "note: the schedule of sync demo")
	require.Zero(t, o.tell(t, "schedule", "delete", "demo", "--verify").code)
	require.Equal(t, exitWaiting, waits.code)
	require.Empty(t, waits.stdout, "its report is that of status, when somebody has approved")
	require.Contains(t, waits.stderr, "retiring the sync unmarks all ")
	require.Contains(t, waits.stderr, "audiencesync approve demo")
	again := retire("-o", "json")
	require.Equal(t, answer{code: exitUsage, stderr: "error: sync demo: a run is going: retire when it has ended (audiencesync status)\n"}, again)

	require.Zero(t, o.order(t, "approve").code)
	o.end(t, o.client.GetWorkflow(t.Context(), workflows.SyncID("demo"), ""))
	retired := o.order(t, "status")
	require.Zero(t, retired.code)
	require.Regexp(t, `\nThe sync is retired: of \d+ contacts that it had marked, \d+ were unmarked\.`, retired.stdout)
	require.Regexp(t, `(?m)^ marked before +\d+  whoever is in the audience$`, retired.stdout)
	require.NotContains(t, retired.stdout, "left the audience")
	closed := o.tell(t, "run", o.file("sync.yaml"))
	require.Equal(t, exitUsage, closed.code, closed.stderr)
	require.Contains(t, closed.stderr, "sync demo")
	require.Contains(t, closed.stderr, "retired")
}

func TestIgnoringTellsWhatItHasCountedAsJSON(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.fill(3)
	text, done := inBothForms[beginning.Ignored](t, exitGood, func(args ...string) answer { return d.call(t, "ignore", args...) })
	require.Contains(t, text, "6")
	require.EqualValues(t, 6, done.NotOurs)
	d.edit(t, "sync.yaml", "segment: seg-984", "segment: seg-000")
	require.Equal(t, exitFailed, d.call(t, "ignore").code)
}

func TestAPersonIsForgottenByTheCommandLine(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	withFailure(t, d, "")
	forget := func(reference string) func(args ...string) answer {
		return func(args ...string) answer {
			return call(t, append([]string{"ledger", "forget", "--ledger", "sqlite:" + d.file("ledger.db"), "--reference", reference}, args...)...)
		}
	}
	text, done := inBothForms[ledger.Forgetting](t, exitGood, forget(" id-2 "))
	require.Equal(t, "no sync sends this person from now on\nthe reference and all that belongs to it are erased; only a keyed digest is kept\n"+
		"the marker stays in Hello Charles, erase or unmark the contact there: demo\n", text)
	require.True(t, done.Erased)
	require.NotContains(t, call(t, "ledger", "export", "demo", "--ledger", "sqlite:"+d.file("ledger.db")).stdout, "id-2")
}

func TestFailuresAreRetriedByTheCommandLine(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	withFailure(t, d, "")
	retry := func(flags ...string) func(args ...string) answer {
		return func(args ...string) answer {
			return call(t, append(append([]string{"retry-failures", "demo", "--ledger", "sqlite:" + d.file("ledger.db")}, flags...), args...)...)
		}
	}
	text, retried := inBothForms[retriedFailures](t, exitGood, retry())
	require.Equal(t, "demo: the next run sends 1 known failure again\n", text)
	require.EqualValues(t, 1, retried.Retried)
	_, retried = inBothForms[retriedFailures](t, exitGood, retry("--reason", "reference_missing"))
	require.Zero(t, retried.Retried)
	_, retried = inBothForms[retriedFailures](t, exitGood, retry("--reason", audience.RefusedByHelloCharles.Explain()))
	require.EqualValues(t, 1, retried.Retried)
	_, retried = inBothForms[retriedFailures](t, exitGood, retry("--reference", "id-2"))
	require.Zero(t, retried.Retried)
}

func TestAnUnknownReasonIsRefusedWithThoseThatThereAre(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	withFailure(t, d, "")
	for verb, whose := range map[string]string{"failures": "run 1", "retry-failures": "the known failures"} {
		refused := call(t, verb, "demo", "--ledger", "sqlite:"+d.file("ledger.db"), "--reason", "another")
		require.Equal(t, answer{code: exitUsage, stderr: "error: --reason \"another\": there is no such reason; the reasons of " + whose +
			" are refused_by_hello_charles (Hello Charles refused the contact)\n"}, refused)
	}
}

func TestALedgersTablesAreToldAsJSON(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	text, version := inBothForms[migratedLedger](t, exitGood, func(args ...string) answer {
		return call(t, append([]string{"ledger", "migrate", "--ledger", "sqlite:" + d.file("ledger.db")}, args...)...)
	})
	require.Contains(t, text, "up to date")
	require.Equal(t, version.Version, version.VersionBefore)
}

func TestTheSimulatorsServeUntilTheyAreStopped(t *testing.T) {
	t.Parallel()
	zeotap, err := loopback(t.Context(), "0")
	require.NoError(t, err)
	charles, err := loopback(t.Context(), "0")
	require.NoError(t, err)
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	var stdout, stderr bytes.Buffer
	args := []string{"simulate", "--zeotap", zeotap, "--charles", charles, "--members", "3"}
	ended := make(chan int, 1)
	go func() { ended <- (&app{stdout: &stdout, stderr: &stderr}).run(ctx, args) }()
	require.Eventually(t, func() bool {
		request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+charles+"/_sim/stats", http.NoBody)
		require.NoError(t, err)
		response, err := http.DefaultClient.Do(request)
		return err == nil && response.Body.Close() == nil && response.StatusCode == http.StatusOK
	}, patience, 20*time.Millisecond)

	taken := call(t, "simulate", "--zeotap", zeotap, "--charles", "127.0.0.1:0")
	require.Equal(t, exitFailed, taken.code)
	require.Contains(t, taken.stderr, "address already in use")
	require.NotContains(t, taken.stderr, "simulating", "it does not listen")
	stop()
	served := answer{code: <-ended, stdout: stdout.String(), stderr: stderr.String()}
	see(t, args, served)
	require.Equal(t, answer{stderr: "simulating Zeotap at http://" + zeotap + " and Hello Charles at http://" + charles + "; stop with Ctrl-C\n" +
		"key: demo-key; audience: 984 Spring campaign, 3 members; segments: seg-984, seg-984-shared, seg-zeotap\n"}, served)
	for _, address := range []string{"0.0.0.0:0", "127.0.0.1"} {
		refused := call(t, "simulate", "--zeotap", address)
		require.Equal(t, exitUsage, refused.code, refused.stderr)
		require.Contains(t, refused.stderr, "the simulator's address \""+address+"\"")
	}
}
