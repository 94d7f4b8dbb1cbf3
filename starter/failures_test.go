package main

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"audiencesync/internal/audience"
	"audiencesync/internal/host"
	"audiencesync/internal/ledger"
)

// wild is what a vendor or a source may say to move a terminal.
const wild = "gone\x1b[2J\n\u009b1A\rfar"

const tamed = `gone\u001b[2J\u000a\u009b1A\u000dfar`

// withFailure writes a run into the desk's ledger in which one member was
// refused with wild words, and one label left out.
func withFailure(t *testing.T, d *desk, key string) {
	t.Helper()
	with, err := host.FailureKey(t.Context(), commandStore, key)
	require.NoError(t, err)
	book, err := ledger.Open(t.Context(), "sqlite:"+d.file("ledger.db"), with...)
	require.NoError(t, err)
	defer func() { require.NoError(t, book.Close()) }()
	ref, err := book.OpenRun(t.Context(), ledger.Opening{
		Token: "one", Sync: "demo", Workspace: "w", AudienceID: "984", Reference: "id raw", Spec: []byte("{}"), BatchSize: 2,
	})
	require.NoError(t, err)
	reading, err := book.Reading(t.Context(), ref, 1<<20, 0)
	require.NoError(t, err)
	_, err = reading.Commit(t.Context(), ledger.PageInput{Members: []ledger.ReadMember{
		{Reference: "id-" + wild, Fingerprint: []byte("one"), Mapped: audience.Member{"city": wild}},
		{Reference: "id-2", Fingerprint: []byte("two")},
	}, Last: true})
	require.NoError(t, err)
	require.NoError(t, reading.Finish(t.Context()))
	batch, err := book.Batch(t.Context(), ref, 1)
	require.NoError(t, err)
	require.NoError(t, book.MarkSent(t.Context(), ref, 1, 1))
	_, err = book.Settle(t.Context(), ref, batch, []ledger.MemberOutcome{
		{Outcome: audience.Refused, Reason: "refused_by_hello_charles", Message: wild, Permanent: true},
		{Outcome: audience.Created, Withheld: []audience.Withheld{{Target: "tags", Label: "vip" + wild}}},
	})
	require.NoError(t, err)
	require.NoError(t, book.CloseRun(t.Context(), ref, ledger.Closing{Report: []byte("{}"), Complete: true}))
}

// failures lists the failures of the desk's ledger.
func (d *desk) failures(t *testing.T, args ...string) answer {
	t.Helper()
	return call(t, append([]string{"failures", "demo", "--ledger", "sqlite:" + d.file("ledger.db")}, args...)...)
}

func TestFailuresOfForeignWordsMoveNoTerminal(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	withFailure(t, d, "")
	list := d.failures(t)
	require.Zero(t, list.code, list.stderr)
	require.Len(t, strings.Split(strings.TrimSpace(list.stdout), "\n"), 2, "a header and a row")
	require.Contains(t, list.stdout, " id-"+tamed+" ")
	require.Contains(t, list.stdout, " "+tamed+"\n")

	withheld := d.failures(t, "--withheld")
	require.Zero(t, withheld.code, withheld.stderr)
	require.Contains(t, withheld.stdout, " vip"+tamed+" ")
	require.NotContains(t, list.stdout+withheld.stdout, "\x1b")
	require.NotContains(t, list.stdout+withheld.stdout, "\u009b")

	var shown []shownFailure
	require.NoError(t, json.Unmarshal([]byte(d.failures(t, "-o", "json").stdout), &shown))
	require.Len(t, shown, 1)
	require.Equal(t, wild, shown[0].Message, "a program gets it as it is")
}

func TestFieldsThatWereKeptAreShownWithTheKeyAndMoveNoTerminal(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	require.NoError(t, os.WriteFile(d.file("failure.key"), []byte("0123456789abcdef0123456789abcdef"), 0o600))
	key := "file:" + d.file("failure.key")
	withFailure(t, d, key)
	list := d.failures(t, "--raw", "--failure-key", key)
	require.Zero(t, list.code, list.stderr)
	require.Contains(t, list.stdout, `{"city":"gone\u001b[2J\n\u009b1A\rfar"}`)
	require.Len(t, strings.Split(strings.TrimSpace(list.stdout), "\n"), 2, "a header and a row")

	without := d.failures(t, "--raw")
	require.Equal(t, exitUsage, without.code)
	require.Contains(t, without.stderr, "--raw: name the failure key of the worker with --failure-key env:NAME or file:PATH")
	require.Empty(t, without.stdout)

	d = newDesk(t)
	withFailure(t, d, "")
	list = d.failures(t, "--raw", "--failure-key", key)
	require.Zero(t, list.code, list.stderr)
	require.Contains(t, list.stdout, " not kept\n")
}

func TestAFailureKeyThatIsNotThereSaysWhereItWasLookedFor(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	here, err := os.Getwd()
	require.NoError(t, err)
	missing := d.failures(t, "--failure-key", "file:nobody.key")
	require.Equal(t, answer{
		code:   exitUsage,
		stderr: "error: failure key file:nobody.key: there is no file " + filepath.Join(here, "nobody.key") + "; a path starts at the current directory\n",
	}, missing)
}

func TestWhatWasLeftOutIsListedAsCSV(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	withFailure(t, d, "")
	list := d.failures(t, "--withheld", "-o", "csv")
	require.Zero(t, list.code, list.stderr)
	lines, err := csv.NewReader(strings.NewReader(list.stdout)).ReadAll()
	require.NoError(t, err)
	require.Equal(t, [][]string{{"of", "label", "rest", "members", "why"}, {"tags", "vip" + wild, "false", "1", "withheld"}}, lines)

	var text bytes.Buffer
	require.NoError(t, writeWithheldTable(&text, []shownWithheld{
		{Of: "tags", Rest: true, Members: 2000, Why: ledger.LabelUnknown},
		{Of: "size", Label: "XXL", Members: 7, Why: ledger.LabelWithheld},
		{Of: "email", Members: 60, Why: ledger.LabelWithheld},
		{Of: "changed_phone", Members: 1, Why: ledger.LabelWithheld},
	}))
	require.Equal(t, `
 field  left out          members  why
 tags   (further labels)  2,000    not allowed or not in Hello Charles: nothing is sent (unknown: stop)
 size   XXL               7        not allowed or not in Hello Charles
 email  its value         60       not usable
 phone  its value         1        changed, and Hello Charles does not confirm that it still holds the contact
`, "\n"+text.String())
}

func TestWhatWasLeftOutIsNotChosenAsFailuresAre(t *testing.T) {
	t.Parallel()
	for _, flag := range []string{"--new", "--reason=x", "--limit=1", "--raw"} {
		t.Run(flag, func(t *testing.T) {
			t.Parallel()
			refused := newDesk(t).failures(t, "--withheld", flag)
			require.Equal(t, exitUsage, refused.code)
			require.Contains(t, refused.stderr, "if any flags in the group [withheld ")
			require.Contains(t, refused.stderr, "; see: audiencesync failures --help")
			require.Empty(t, refused.stdout)
		})
	}
}

func TestASyncThatTheLedgerDoesNotKnowIsToldOnce(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	withFailure(t, d, "")
	unknown := call(t, "failures", "nosuch", "--ledger", "sqlite:"+d.file("ledger.db"))
	require.Equal(t, answer{code: exitUsage, stderr: "error: sync nosuch has never run on this ledger; those that have: demo\n"}, unknown)
}

func TestFailuresAreChosenByTheCodeOfTheirReasonAndByTheWordsOfReports(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	withFailure(t, d, "")
	for reason, n := range map[string]int{
		"refused_by_hello_charles": 1, "Hello Charles refused the contact": 1, "Hello Charles refused the contact (contact_blocked)": 0, "reference_missing": 0,
	} {
		list := d.failures(t, "--reason", reason, "-o", "json")
		require.Zero(t, list.code, list.stderr)
		var shown []shownFailure
		require.NoError(t, json.Unmarshal([]byte(list.stdout), &shown))
		require.Len(t, shown, n, reason)
	}
}

// withPlan opens a run in the desk's ledger that sends nothing, and closes it.
func withPlan(t *testing.T, d *desk, report string, opening ledger.Opening) {
	t.Helper()
	book, err := ledger.Open(t.Context(), "sqlite:"+d.file("ledger.db"))
	require.NoError(t, err)
	defer func() { require.NoError(t, book.Close()) }()
	opening.Sync, opening.Workspace, opening.AudienceID, opening.Reference = "demo", "w", "984", "id raw"
	opening.Token, opening.Spec, opening.BatchSize = report, []byte("{}"), 2
	ref, err := book.OpenRun(t.Context(), opening)
	require.NoError(t, err)
	require.NoError(t, book.CloseRun(t.Context(), ref, ledger.Closing{Report: []byte(report), Complete: true}))
}

func TestFailuresAreThoseOfTheNewestRunThatSends(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	withPlan(t, d, `{"ended": "planned"}`, ledger.Opening{PlanOnly: true})
	require.Equal(t, answer{stderr: "plan 1 has no failures\n"}, d.failures(t), "there is nothing else yet")
	withFailure(t, d, "")
	withPlan(t, d, `{"verified": true}`, ledger.Opening{PlanOnly: true})
	withPlan(t, d, `{"audited": true}`, ledger.Opening{Audit: true})
	list := d.failures(t)
	require.Zero(t, list.code, list.stderr)
	require.Contains(t, list.stdout, " id-"+tamed+" ")
	require.Equal(t, "run 2 has 1 failure\n", list.stderr)
	require.Contains(t, d.failures(t, "--withheld").stderr, "run 2 has left out:\n")
	require.Equal(t, answer{stderr: "proof 3 has no failures\n"}, d.failures(t, "--run", "3"))
	require.Equal(t, answer{stderr: "audit 4 has left nothing out: every member that it sent had all of its tags, options and fields\n"},
		d.failures(t, "--withheld", "--run", "4"))
	require.Equal(t, answer{stderr: "nothing was compared in audit 4\n"}, d.differences(t), "audits and proofs compare")
	withPlan(t, d, `{"ended": "declined"}`, ledger.Opening{})
	require.Equal(t, answer{stderr: "run 5 has no failures\n"}, d.failures(t), "it tried to")
	withPlan(t, d, `{"ended": "cancelled", "reasons": {"not_sent_before_the_run_ended": 4525}, "leaver_reasons": {"not_sent_before_the_run_ended": 1}}`, ledger.Opening{})
	require.Equal(t, answer{stderr: "run 6 has no failures\n" +
		"besides, it ended before 4,525 members and 1 leaver were sent, who are not listed: the next run sends whom there still is reason to send\n"}, d.failures(t))
}

func TestTheTotalOfFailuresSaysWhatIsNotListed(t *testing.T) {
	t.Parallel()
	run := ledger.RunRecord{Number: 3}
	reasons := []ledger.FailureReason{
		{Reason: "reference_missing", New: 2, Known: 1000}, {Reason: "refused_by_hello_charles:contact_blocked", New: 1}, {Reason: "refused_by_hello_charles", Leaver: true, Known: 4},
	}
	for _, test := range []struct {
		flags  failuresFlags
		listed int64
		total  string
	}{
		{failuresFlags{}, 1007, "run 3 has 1,007 failures"},
		{failuresFlags{limit: 20}, 20, "run 3 has 1,007 failures; --limit 20 shows the first 20"},
		{failuresFlags{limit: 2000}, 1007, "run 3 has 1,007 failures"},
		{failuresFlags{newOnly: true}, 3, "run 3 has 3 failures of those asked for"},
		{failuresFlags{reason: "refused_by_hello_charles"}, 5, "run 3 has 5 failures of those asked for"},
		{failuresFlags{reason: "refused_by_hello_charles:contact_blocked"}, 1, "run 3 has 1 failure of those asked for"},
		{failuresFlags{reason: "email_missing"}, 0, "run 3 has 1,007 failures, but none of those asked for"},
	} {
		require.Equal(t, test.total, test.flags.total(run, reasons, test.listed))
	}
	require.Equal(t, "run 3, which is going, has no failures", failuresFlags{}.total(ledger.RunRecord{Number: 3, State: ledger.RunOpen}, nil, 0))
}
