package main

import (
	"context"
	"encoding/csv"
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"audiencesync/internal/audience"
	"audiencesync/internal/ledger"
	"audiencesync/internal/simulator"
	"audiencesync/internal/simulator/faults"
	"audiencesync/workflows"
)

// newMirror makes an office whose sync takes the marker from those who left, and has
// marked its audience of 200.
func newMirror(t *testing.T) *office {
	t.Helper()
	o := newOffice(t, "  member: member\n", "  member: member\n  left: left\nmode: mirror\n")
	require.Equal(t, audience.Explained, o.runs(t, workflows.AudienceSyncInput{}).Verdict)
	return o
}

// runs runs the sync to its end.
func (o *office) runs(t *testing.T, in workflows.AudienceSyncInput) audience.Report {
	t.Helper()
	in.Spec = o.spec
	run, joined, err := startSync(t.Context(), o.client, in)
	require.NoError(t, err)
	require.False(t, joined)
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	var report audience.Report
	err = run.Get(ctx, &report)
	if end := outcomeOf("demo", &report, err); end.report != nil {
		return *end.report
	}
	require.NoError(t, err)
	return report
}

// keep lets only some of the first members stay in the audience.
func (o *office) keep(t *testing.T, from, to int64) {
	t.Helper()
	var members []map[string]any
	for i := from; i < to; i++ {
		var member map[string]any
		require.NoError(t, json.Unmarshal(o.Crowd().Member(i).AppendJSON(nil), &member))
		members = append(members, member)
	}
	require.NoError(t, o.SetMembers(members))
}

// book is a data command on the ledger.
func (o *office) book(t *testing.T, verb string, args ...string) answer {
	t.Helper()
	return call(t, append([]string{verb, "demo", "--ledger", "sqlite:" + o.file("ledger.db")}, args...)...)
}

func TestALeaverWhoCannotBeUnmarkedIsToldFromMembers(t *testing.T) {
	t.Parallel()
	o := newMirror(t)
	refused, removed, stays := o.Crowd().Member(0).Number, o.Crowd().Member(1).Number, o.Crowd().Member(5).Number
	require.NoError(t, o.SetFaults(simulator.Faults{Refuse: []faults.Refusal{
		{References: []string{refused}, Code: "contact_blocked", Message: "Not this one."}, {References: []string{stays}, Code: "bad_name"},
	}}))
	o.keep(t, 2, 200)
	report := o.runs(t, workflows.AudienceSyncInput{})
	require.Equal(t, audience.Leavers{Removed: 1, Refused: 1}, report.Leavers)

	table := o.book(t, "failures", "--reason", "refused_by_hello_charles")
	require.Zero(t, table.code, table.stderr)
	require.Regexp(t, `(?m)^ reference +who +outcome +reason`, table.stdout)
	require.Regexp(t, `(?m)^ \`+refused+` +leaver +refused +refused_by_hello_charles:contact_blocked +left the audience +1 +new +Not this one\.$`, table.stdout)

	list := o.book(t, "failures", "-o", "csv")
	lines, err := csv.NewReader(strings.NewReader(list.stdout)).ReadAll()
	require.NoError(t, err)
	last := len(lines[0]) - 1
	require.Equal(t, "leaver", lines[0][last])
	leavers := map[string]string{}
	for _, line := range lines[1:] {
		leavers[line[last]] += line[1] + " "
	}
	require.Equal(t, refused+" ", leavers["true"])
	require.NotEmpty(t, leavers["false"], "members without a usable reference")

	var refusals []shownFailure
	require.NoError(t, json.Unmarshal([]byte(o.book(t, "failures", "--reason", "refused_by_hello_charles", "-o", "json").stdout), &refusals))
	require.Len(t, refusals, 1)
	require.True(t, refusals[0].Leaver)

	traced := o.call(t, "trace", "--reference", refused)
	require.Zero(t, traced.code, traced.stderr)
	require.Contains(t, traced.stdout, "sync demo: the reference "+refused+", which is that of no member\n\nrequest\nnone: no member of audience 984 has this reference: 198 members were read, ")
	require.Contains(t, traced.stdout, "\na run that reads the audience as it is now takes the marker away:\nPOST /api/v1beta/contacts/batch\n")
	require.Contains(t, traced.stdout, `"zeotap_audience_984": "left"`)
	require.Contains(t, traced.stdout, "\npast runs\ntaken, last in run 1\nconfirmed: Hello Charles was seen to hold the contact\nknown failure since run 2: refused, refused_by_hello_charles:contact_blocked\n")
	require.Regexp(t, `(?m)^ +2  leaver  refused  `, traced.stdout)
	require.NotContains(t, traced.stdout, "\nmapping\n")

	traced = o.call(t, "trace", "--reference", removed)
	require.Contains(t, traced.stdout, "\npast runs\nnot marked by this sync: never taken, or unmarked since\n")
	require.NotContains(t, traced.stdout, "takes the marker away")
	require.Contains(t, traced.stdout, " zeotap_audience_984  left\n", "what Hello Charles holds")

	nobody := o.call(t, "trace", "--reference", "+4915100000000")
	require.Equal(t, exitUsage, nobody.code)
	require.Contains(t, nobody.stderr, "error: sync demo: no member of audience 984 has this reference: 198 members were read, ")
}

func TestATraceSaysWhoIsGoneAndWhoseMarkerIsTakenAway(t *testing.T) {
	t.Parallel()
	o := newMirror(t)
	gone, excluded := o.Crowd().Member(0), o.Crowd().Member(1)
	o.Erase(gone.Number)
	o.keep(t, 1, 200)
	require.Equal(t, audience.Leavers{Gone: 1}, o.runs(t, workflows.AudienceSyncInput{}).Leavers)
	o.keep(t, 0, 200)
	traced := o.call(t, "trace", "--reference", gone.Number)
	require.Zero(t, traced.code, traced.stderr)
	require.Contains(t, traced.stdout, "\ngone: Hello Charles held the contact and holds it no more; no run creates it again unless told to (run --recreate)\n")
	var shown shownPath
	require.NoError(t, json.Unmarshal([]byte(o.call(t, "trace", "--reference", gone.Number, "-o", "json").stdout), &shown))
	require.True(t, shown.History.Gone)
	require.False(t, shown.History.Confirmed)
	require.Equal(t, ledger.MemberNo, shown.History.Member)

	o.edit(t, "sync.yaml", "verification:\n", "filter: {field: first_name, is_not: "+excluded.FirstName+"}\nverification:\n")
	traced = o.call(t, "trace", "--reference", excluded.Number)
	require.Contains(t, traced.stdout, "\nnone: suppressed, the filter of the sync excludes the member (field first_name)\n"+
		"a run that reads the audience as it is now takes the marker away:\nPOST ")
	o.edit(t, "sync.yaml", "mode: mirror\n", "mode: add\n")
	traced = o.call(t, "trace", "--reference", excluded.Number)
	require.Contains(t, traced.stdout, "(field first_name)\nit stays marked: mode add unmarks nobody\n")
	require.NotContains(t, traced.stdout, "takes the marker away")
}

func TestWhatATraceSaysOfDoubt(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		path shownPath
		says string
	}{
		"in doubt":            {shownPath{History: shownHistory{HasRun: true, Member: ledger.MemberYes, AcceptedRun: 3, Doubtful: true}}, "taken, last in run 3\nin doubt: Hello Charles may hold other content"},
		"unknown":             {shownPath{History: shownHistory{HasRun: true, Member: ledger.MemberUnknown, Doubtful: true}}, "sent, and not known to be taken: the next run sends it again\n"},
		"unknown, and left":   {shownPath{NoMember: "nobody", History: shownHistory{HasRun: true, Member: ledger.MemberUnknown, Doubtful: true}}, "sent, and not known to be taken\n"},
		"met, and not marked": {shownPath{History: shownHistory{HasRun: true, Member: ledger.MemberNo, known: true}}, "not marked by this sync: never taken, or unmarked since\n"},
		"not met":             {shownPath{History: shownHistory{HasRun: true, Member: ledger.MemberNo}}, "never taken\n"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var text strings.Builder
			require.NoError(t, c.path.writeHistory(&text))
			require.True(t, strings.HasPrefix(text.String(), "past runs\n"+c.says), text.String())
			require.Equal(t, name == "in doubt", strings.Contains(text.String(), "in doubt"))
		})
	}
}

func TestTheGateIsShownWithItsNumbersAndIsAnswered(t *testing.T) {
	t.Parallel()
	o := newMirror(t)
	before := o.runs(t, workflows.AudienceSyncInput{})
	marked := before.Segment.Expected
	o.keep(t, 0, 80)
	planned := o.runs(t, workflows.AudienceSyncInput{PlanOnly: true})
	left := planned.Plan.ToUnmark()
	require.Equal(t, marked-planned.Plan.Unchanged, left)

	run := o.tell(t, "run", o.file("sync.yaml"))
	require.Equal(t, exitWaiting, run.code)
	require.Contains(t, run.stderr, " contacts would be unmarked, ")
	require.Contains(t, run.stderr, ": audiencesync approve demo, or decline; the numbers: audiencesync status demo\n")

	status := o.order(t, "status")
	require.Equal(t, exitWaiting, status.code)
	require.Regexp(t, `^sync demo, run 4: waits for a decision since \d{4}-\S+ \S+, and has sent nothing\n`, status.stdout)
	require.Regexp(t, `(?m)^ marked before +`+audience.Thousands(marked)+` `, status.stdout)
	require.Regexp(t, `(?m)^   to unmark +`+audience.Thousands(left)+`  left the audience, or are kept out by filter or on_invalid$`, status.stdout)
	require.Contains(t, status.stdout, "\nthe run asks because\n  "+planned.Plan.Beyond[0]+"\n\nsend it, this once:  audiencesync approve demo --why \"...\"\n"+
		"end the run:         audiencesync decline demo --why \"...\"\nno decision:         the run ends as failed at ")
	require.Contains(t, status.stdout, ":  an approved run decides anew, and asks again if more than this would change\n")
	var progress workflows.Progress
	require.NoError(t, json.Unmarshal([]byte(o.order(t, "status", "-o", "json").stdout), &progress))
	require.Equal(t, left, progress.Plan.ToUnmark())

	declined := o.order(t, "decline", "--why", "too many")
	require.Equal(t, "demo: run 4 declined: nothing was sent, and the run ends\n", declined.stdout)
	o.end(t, o.client.GetWorkflow(t.Context(), workflows.SyncID("demo"), ""))
	ended := o.order(t, "status")
	require.Equal(t, exitCancelled, ended.code)
	require.Contains(t, ended.stdout, "; declined by ")
	require.Contains(t, ended.stdout, ": too many\n")

	require.Equal(t, exitWaiting, o.tell(t, "run", o.file("sync.yaml")).code)
	approved := o.order(t, "approve", "--why", "the campaign is over")
	require.Zero(t, approved.code, approved.stderr)
	require.Equal(t, "demo: run 5 approved: 0 members to send, "+audience.Thousands(left)+" contacts to unmark; the run goes on\n", approved.stdout)
	require.Contains(t, approved.stderr, "demo waits: "+planned.Plan.Beyond[0])
	o.end(t, o.client.GetWorkflow(t.Context(), workflows.SyncID("demo"), ""))
	done := o.order(t, "status")
	require.Contains(t, done.stdout, "  before anything was sent the run asked, because\n    "+planned.Plan.Beyond[0]+"\n")
	require.Contains(t, done.stdout, ": the campaign is over\n")
	require.Regexp(t, `(?m)^   removed +`+audience.Thousands(left)+`  the marker was taken away$`, done.stdout)
}

func TestRunAndPlanSayThatTheScheduleHasAnotherFile(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	require.Zero(t, o.tell(t, "schedule", "create", o.file("sync.yaml"), "--cron", "0 6 29 2 *").code)
	o.edit(t, "sync.yaml", "  invalid: 5%\n", "  invalid: 6%\n")
	const note = "note: the schedule of sync demo goes on with another sync file than this one (accept.invalid); bring this one over with: audiencesync schedule update "
	for _, verb := range []string{"plan", "run"} {
		ended := o.tell(t, verb, o.file("sync.yaml"))
		require.Zero(t, ended.code, ended.stderr)
		require.Equal(t, 1, strings.Count(ended.stderr, note), ended.stderr)
	}
}
