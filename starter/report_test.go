package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"audiencesync/internal/audience"
	"audiencesync/internal/ledger"
	"audiencesync/internal/runreport"
	"audiencesync/internal/simulator"
	"audiencesync/internal/simulator/faults"
	"audiencesync/workflows"
)

// newReported makes a mirror with two runs. In the second, two have left the audience
// of 200, one of whom cannot be unmarked, and one member is refused.
func newReported(t *testing.T) (o *office, refused string, second audience.Report) {
	t.Helper()
	o = newMirror(t)
	refused, stays := o.Crowd().Member(0).Number, o.Crowd().Member(5).Number
	require.NoError(t, o.SetFaults(simulator.Faults{Refuse: []faults.Refusal{
		{References: []string{refused}, Code: "contact_blocked", Message: "Not this one."}, {References: []string{stays}, Code: "bad_name"},
	}}))
	o.keep(t, 2, 200)
	second = o.runs(t, workflows.AudienceSyncInput{Full: true})
	return o, refused, second
}

func TestTheReportOfARunIsThatOfTheLedger(t *testing.T) {
	t.Parallel()
	o, refused, second := newReported(t)

	shown := o.book(t, "report")
	require.Zero(t, shown.code, shown.stderr)
	var text bytes.Buffer
	require.NoError(t, writeReport(&text, &second))
	require.Equal(t, text.String(), shown.stdout)

	var doc runreport.Document
	asJSON := o.book(t, "report", "-o", "json")
	require.Zero(t, asJSON.code, asJSON.stderr)
	require.NoError(t, json.Unmarshal([]byte(asJSON.stdout), &doc))
	require.Equal(t, second, doc.Report)
	var failures, leavers runreport.FailureReason
	for _, f := range doc.FailuresByReason {
		sum := &failures
		if f.Leaver {
			sum = &leavers
		}
		sum.New, sum.Known = sum.New+f.New, sum.Known+f.Known
	}
	require.Equal(t, runreport.FailureReason{New: second.NewFailures, Known: second.KnownFailures}, failures)
	require.Equal(t, runreport.FailureReason{New: 1}, leavers)
	require.Equal(t, second.Requests, doc.Course.Requests)
	require.Equal(t, second.Outcomes.Taken()+1+second.Leavers.Removed+second.Leavers.Refused, doc.Course.Contacts, "one member was sent and refused")
	require.Len(t, doc.History, 2)
	require.Equal(t, []int64{2, 1}, []int64{doc.History[0].Run, doc.History[1].Run})
	require.Equal(t, second.Leavers.Removed, doc.History[0].Removed)

	var first runreport.Document
	require.NoError(t, json.Unmarshal([]byte(o.book(t, "report", "-o", "json", "--run", "1").stdout), &first))
	require.EqualValues(t, 1, first.Run)
	require.Len(t, first.History, 1)
	for _, usual := range []answer{shown, asJSON, o.book(t, "history"), o.book(t, "report", "--html", "-")} {
		require.Zero(t, usual.code, usual.stderr)
		require.NotContains(t, usual.stdout+usual.stderr, refused[1:], "no reference unless it is asked for")
	}
}

func TestThePageOfARunIsOneFile(t *testing.T) {
	t.Parallel()
	o, refused, _ := newReported(t)
	page := o.file("report.html")
	for _, test := range []struct {
		args []string
		mode os.FileMode
		has  bool
	}{
		{nil, 0o644, false},
		{[]string{"--with-references"}, 0o600, true}, // It takes the place of the other.
	} {
		written := o.book(t, "report", append(test.args, "--html", page)...)
		require.Equal(t, answer{stderr: "demo, run 2: " + page + "\n"}, written)
		content, err := os.ReadFile(page)
		require.NoError(t, err)
		info, err := os.Stat(page)
		require.NoError(t, err)
		require.Zero(t, info.Mode().Perm()&^test.mode, "readable by no more than these")
		require.Equal(t, test.has, bytes.Contains(content, []byte(refused[1:])))
	}
	left, err := filepath.Glob(o.file(".report.html*"))
	require.NoError(t, err)
	require.Empty(t, left)

	failed := o.book(t, "report", "--html", o.file("no/such/folder.html"))
	require.Equal(t, exitFailed, failed.code)
	require.Contains(t, failed.stderr, "no such file or directory")
}

func TestReferencesAreListedIfTheyAreAskedFor(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	withFailure(t, d, "")
	book := []string{"--ledger", "sqlite:" + d.file("ledger.db")}
	listed := call(t, append([]string{"report", "demo", "--with-references"}, book...)...)
	require.Zero(t, listed.code, listed.stderr)
	require.Contains(t, listed.stdout, " id-"+tamed+" ")
	require.Contains(t, listed.stdout, " "+tamed+"\n")
	require.NotContains(t, listed.stdout, "\x1b")

	var text bytes.Buffer
	doc := &runreport.Document{Report: *demoReport(nil), References: &runreport.References{More: 1234, Listed: []runreport.Failed{{
		Outcome: audience.Refused, Reason: "refused_by_hello_charles", Leaver: true, Known: true,
	}}}}
	require.NoError(t, writeReferences(&text, doc))
	require.Regexp(t, `(?m)^ - +leaver +refused +refused_by_hello_charles +known`, text.String())
	require.Contains(t, text.String(), "and 1,234 more: audiencesync failures demo --run 3\n")
}

func TestAReportThatIsNotThereIsNamedWithAHint(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	withFailure(t, d, "")
	book := "sqlite:" + d.file("ledger.db")
	for name, test := range map[string]struct {
		args []string
		says string
	}{
		"sync":            {[]string{"report", "spring", "--ledger", book}, "sync spring has never run on this ledger; those that have: demo"},
		"run":             {[]string{"report", "demo", "--run", "7", "--ledger", book}, "sync demo has no run 7: its runs are 1 only"},
		"ledger":          {[]string{"report", "demo", "--ledger", "sqlite:" + d.file("no.db")}, "there is no ledger at " + d.file("no.db")},
		"form":            {[]string{"report", "demo", "--html", "x.html", "-o", "json", "--ledger", book}, "--html and --output json: choose one form"},
		"history":         {[]string{"history", "spring", "--ledger", book}, "sync spring has never run on this ledger"},
		"history's limit": {[]string{"history", "demo", "--limit", "0", "--ledger", book}, "--limit 0: write a number of runs"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			refused := call(t, test.args...)
			require.Equal(t, exitUsage, refused.code)
			require.Empty(t, refused.stdout)
			require.Contains(t, refused.stderr, "error: "+test.says)
		})
	}
}

func TestAHistoryReadsLikeThis(t *testing.T) {
	t.Parallel()
	day := func(n int) time.Time { return time.Date(2026, time.March, n, 6, 0, 0, 0, time.Local) }
	number := func(n int64) *int64 { return &n }
	closed := func(run int64, a runreport.Account) runreport.Past {
		return runreport.Past{Run: run, State: ledger.RunClosed, StartedAt: day(int(run)), Account: &a}
	}
	history := []runreport.Past{
		{Run: 6, State: ledger.RunOpen, StartedAt: day(6)},
		closed(5, runreport.Account{Verdict: audience.Unverifiable, Ended: audience.EndedPlanned, Seconds: 9, Reported: number(1_048_576), Read: 1_048_576, Expected: 99_000}),
		closed(4, runreport.Account{
			Verdict: audience.Unexplained, Seconds: 75.25, Reported: number(102_000), Read: 102_000, Sent: 3120, NewFailures: 12, KnownFailures: 980, Removed: 430,
			Expected: 100_010, Counted: number(98_412), Drift: number(-1598),
		}),
		closed(3, runreport.Account{Verdict: audience.Explained, Acceptable: true, Seconds: 3723, Read: 99_000, Sent: 99_000, Expected: 99_000, Counted: number(99_000), Drift: number(0)}),
		closed(2, runreport.Account{Verdict: audience.Unverifiable, Ended: audience.EndedCancelled, Seconds: 4, Read: 7}),
		{Run: 1, State: ledger.RunDead, StartedAt: day(1)},
	}
	var text bytes.Buffer
	require.NoError(t, writeHistory(&text, history))
	requireText(t, "history.txt", text.String())
}
