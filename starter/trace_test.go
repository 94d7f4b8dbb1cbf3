package main

import (
	"encoding/json"
	"os"
	"testing"

	"github.com/stretchr/testify/require"

	"audiencesync/internal/audience"
	"audiencesync/internal/ledger"
	"audiencesync/internal/readback"
)

func TestATraceFollowsAMemberOfTheAudience(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	before := d.call(t, "trace", "--reference", d.first())
	require.Zero(t, before.code, before.stderr)
	require.Empty(t, before.stderr)
	require.Contains(t, before.stdout, "sync demo: the member with the reference "+d.first()+"\n")
	require.Regexp(t, `\nfields that are not mapped\n[^\n]+\n(?: .+\n)* customer_id +\S+\n`, before.stdout)
	require.Contains(t, before.stdout, "\nrequest\nPOST /api/v1beta/contacts/batch\n{\n")
	require.Contains(t, before.stdout, "\npast runs\nthe sync has not run on this ledger\n")
	require.Contains(t, before.stdout, "\nHello Charles holds\nnothing\n")

	require.Zero(t, d.call(t, "try", "--reference", d.first()).code)
	after := d.call(t, "trace", "--reference", d.first())
	require.Contains(t, after.stdout, "\npast runs\ntaken in a trial\n")
	require.Contains(t, after.stdout, " zeotap_audience_984  member\n")
	require.NotContains(t, after.stdout, "not held as it would be sent")

	var shown shownPath
	require.NoError(t, json.Unmarshal([]byte(d.call(t, "trace", "--reference", d.first(), "-o", "json").stdout), &shown))
	require.Equal(t, d.first(), shown.Reference)
	require.NotEmpty(t, shown.OtherFields["customer_id"])
	require.NotContains(t, shown.Fields, "customer_id")
	require.NotContains(t, shown.OtherFields, "phone")
	require.True(t, shown.Sent)
	require.Equal(t, ledger.MemberYes, shown.History.Member)
	require.Equal(t, readback.Same, shown.Held.State)
	require.Equal(t, d.Crowd().Member(0).FirstName, shown.Held.Contact.FirstName)
}

func TestATraceFollowsAMemberByItsPlace(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	placed, named := d.call(t, "trace", "--place", "page 1, member 1"), d.call(t, "trace", "--reference", d.first())
	require.Zero(t, placed.code, placed.stderr)
	require.Equal(t, named.stdout, placed.stdout)

	tried := d.call(t, "trace", "--place", "page 1, member 100000")
	require.Equal(t, exitUsage, tried.code)
	require.Contains(t, tried.stderr, "page 1 of audience 984 has no member 100000 now: it holds ")
	tried = d.call(t, "trace", "--place", "page 900, member 1")
	require.Equal(t, exitUsage, tried.code)
	require.Contains(t, tried.stderr, "audience 984 has no page 900 now: ")
	for _, wrong := range []string{"147", "page 0, member 1", "page 1, member 0", "page one"} {
		tried = d.call(t, "trace", "--place", wrong)
		require.Equal(t, exitUsage, tried.code)
		require.Contains(t, tried.stderr, `write it as failures lists it: "page 1, member 147"`)
	}
	tried = d.call(t, "trace", "--reference", "12")
	require.Equal(t, exitUsage, tried.code)
	require.Contains(t, tried.stderr, `name its place: audiencesync trace SYNC.yaml --place "page 1, member 147", as failures lists it`)
}

func TestATraceOfAMemberFromAFileSaysEverythingThatIsWrong(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	path := d.file("member.json")
	require.NoError(t, os.WriteFile(path, []byte(`{"phone": "`+d.first()+`", "first_name": "A\u009bda", "email": "none", "loyalty_points": "many"}`), 0o600))
	require.Zero(t, d.call(t, "try", "--reference", d.first()).code)
	traced := d.call(t, "trace", "--member", path)
	require.Zero(t, traced.code, traced.stderr)
	require.Contains(t, traced.stdout, "the email address is not an address\n")
	require.Contains(t, traced.stdout, "a custom property of type number has a value that is not a number\n")
	require.Contains(t, traced.stdout, `first_name: A\u009bda`, "nothing reaches the terminal that would move it")
	require.Contains(t, traced.stdout, "\nrequest\nnone: invalid, the email address is not an address (field email)\n")

	require.NoError(t, os.WriteFile(path, []byte(`{"phone": "`+d.first()+`", "first_name": "Somebody", "city": "Atlantis"}`), 0o600))
	traced = d.call(t, "trace", "--member", path)
	require.Contains(t, traced.stdout, "\nnot held as it would be sent\n field       would be sent  held\n first_name  Somebody       ")
}

func TestATraceShowsWhatPastRunsSaid(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	refuse(t, d)
	traced := d.call(t, "trace", "--reference", d.first())
	require.Zero(t, traced.code, traced.stderr)
	require.Contains(t, traced.stdout, "not marked by this sync: never taken, or unmarked since\nknown failure since run 1: refused, refused_by_hello_charles:bad_name\n")
	require.Contains(t, traced.stdout, "Not this name.\n")

	var shown shownPath
	require.NoError(t, json.Unmarshal([]byte(d.call(t, "trace", "--reference", d.first(), "-o", "json").stdout), &shown))
	require.Equal(t, int64(1), shown.History.KnownFailure.FirstRun)
	require.Equal(t, audience.Refused, shown.History.Failures[0].Outcome)
}

func TestATraceSaysWhoIsForgotten(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	require.Zero(t, call(t, "ledger", "forget", "--reference", d.first(), "--ledger", "sqlite:"+d.file("ledger.db")).code)
	traced := d.call(t, "trace", "--reference", d.first())
	require.Zero(t, traced.code, traced.stderr)
	require.Contains(t, traced.stdout, "\nrequest\nnone: suppressed, the person was forgotten (audiencesync ledger forget) and is sent by no sync\n")
	require.Contains(t, traced.stdout, "\npast runs\nforgotten at ")

	var shown shownPath
	require.NoError(t, json.Unmarshal([]byte(d.call(t, "trace", "--reference", d.first(), "-o", "json").stdout), &shown))
	require.False(t, shown.Sent)
	require.Equal(t, audience.Forgotten, shown.NotSent.Reason)
	require.NotNil(t, shown.ForgottenAt)
}

// refuse writes a run into the ledger in which the first member was refused.
func refuse(t *testing.T, d *desk) {
	t.Helper()
	book, err := ledger.Open(t.Context(), "sqlite:"+d.file("ledger.db"))
	require.NoError(t, err)
	defer func() { require.NoError(t, book.Close()) }()
	spec, err := loadSync(d.file("sync.yaml"))
	require.NoError(t, err)
	var shown shownTrial
	require.NoError(t, json.Unmarshal([]byte(d.call(t, "try", "--dry-run", "--limit", "1", "-o", "json").stdout), &shown))
	ref, err := book.OpenRun(t.Context(), ledger.Opening{
		Token: "one", Sync: spec.Sync, Workspace: shown.Workspace, AudienceID: spec.Audience.ID, Reference: "phone as e164", Spec: []byte("{}"), BatchSize: 1,
	})
	require.NoError(t, err)
	reading, err := book.Reading(t.Context(), ref, 1<<20, 0)
	require.NoError(t, err)
	_, err = reading.Commit(t.Context(), ledger.PageInput{Members: []ledger.ReadMember{{Reference: d.first(), Fingerprint: []byte("print")}}, Last: true})
	require.NoError(t, err)
	require.NoError(t, reading.Finish(t.Context()))
	batch, err := book.Batch(t.Context(), ref, 1)
	require.NoError(t, err)
	require.NoError(t, book.MarkSent(t.Context(), ref, 1, 1))
	_, err = book.Settle(t.Context(), ref, batch, []ledger.MemberOutcome{{
		Outcome: audience.Refused, Reason: "refused_by_hello_charles:bad_name", Message: "Not this name.", Permanent: true,
	}})
	require.NoError(t, err)
	require.NoError(t, book.CloseRun(t.Context(), ref, ledger.Closing{Report: []byte("{}"), Complete: true}))
}
