package integration

import (
	"testing"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/client"

	"audiencesync/internal/audience"
	"audiencesync/internal/simulator/people"
	"audiencesync/workflows"
)

func TestEveryMemberOfTheAudienceHasItsOutcomeAndItsContact(t *testing.T) {
	t.Parallel()
	w := newWorld(t, manyMembers, pagesOf(manyMembers/7))
	report := w.run(t, demo(t))

	stats := w.Stats()
	requireTrueReport(t, w, report)
	require.Equal(t, audience.Explained, report.Verdict)
	require.True(t, report.Acceptable)
	require.Equal(t, stats.Batches, report.Requests)
	require.Equal(t, stats.Audience.Distinct()-stats.Audience.BadEmail, stats.UpsertsReceived, "somebody was sent twice")
	require.Zero(t, stats.DuplicateEffects)
	require.Zero(t, stats.ValuesDropped)
	requireContactByContact(t, w)
}

// requireTrueReport compares a report of a first run with what the vendors know.
func requireTrueReport(t *testing.T, w *world, report *audience.Report) {
	t.Helper()
	stats := w.Stats()
	odd := stats.Audience
	contacts := odd.Distinct() - odd.BadEmail
	require.Equal(t, odd.Members, report.Source.Read)
	require.Equal(t, odd.Members, *report.Source.Reported)
	require.Equal(t, odd.Members, report.Outcomes.Total())
	require.Equal(t, contacts, stats.Contacts)
	require.Equal(t, contacts, report.Outcomes.Taken())
	require.Equal(t, odd.Duplicates, report.Outcomes.Duplicate)
	require.Equal(t, odd.WithoutPhone+odd.HashedPhone+odd.InvalidPhone+odd.BadEmail, report.Outcomes.Invalid)
	require.Equal(t, odd.WithoutPhone, report.Reasons[string(audience.ReferenceMissing)])
	require.Equal(t, odd.HashedPhone, report.Reasons[string(audience.ReferenceHashed)])
	require.Equal(t, odd.InvalidPhone,
		report.Reasons[string(audience.ReferenceNotANumber)]+report.Reasons[string(audience.ReferenceTooShort)])
	require.Equal(t, odd.BadEmail, report.Reasons[string(audience.EmailNotAnAddress)])
	require.Equal(t, odd.Duplicates, report.Reasons[string(audience.ReferenceSeenBefore)])
	require.Equal(t, report.Segment.Expected, contacts)
	require.NotNil(t, report.Segment.Counted)
	require.Equal(t, contacts, *report.Segment.Counted)
}

// requireContactByContact walks the audience and finds the contact of every
// member, with all that the sync maps, and no other contact.
func requireContactByContact(t *testing.T, w *world) {
	t.Helper()
	expected := map[string]people.Member{}
	for i := range w.Crowd().Size() {
		member := w.Crowd().Member(i)
		if member.Kind == people.Plain {
			expected[member.Number] = member
		}
	}
	for contact := range w.Contacts() {
		member, known := expected[contact.Reference]
		require.True(t, known, "a contact that no member stands for, or a second one")
		delete(expected, contact.Reference)
		require.Equal(t, member.FirstName, contact.FirstName)
		require.Equal(t, member.LastName, contact.LastName)
		require.Equal(t, []string{"zeotap"}, contact.Tags)
		require.JSONEq(t, `"member"`, string(contact.Properties["zeotap_audience_984"]))
		require.Equal(t, 1, contact.Upserts)
	}
	require.Empty(t, expected, "members without a contact")
}

func TestContactsCanBeSentOneByOne(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 120, func(s *settings) {
		s.connections = []string{"send: batch", "send: single"}
	})
	report := w.run(t, demo(t))
	requireTrueReport(t, w, report)
	requireContactByContact(t, w)
	stats := w.Stats()
	require.Equal(t, report.Requests, stats.Requests["contact"]["200"]+stats.Requests["contact"]["201"])
	require.Equal(t, report.Requests, stats.UpsertsReceived)
	require.Zero(t, stats.Batches)
}

func TestASecondRunFindsEverythingUnchangedAndSendsNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 500)
	first := w.run(t, demo(t))
	sent := w.Stats().UpsertsReceived

	second := w.run(t, demo(t))
	require.Equal(t, int64(2), second.Run)
	require.Equal(t, sent, w.Stats().UpsertsReceived)
	require.Equal(t, first.Outcomes.Taken(), second.Outcomes.Unchanged)
	require.Zero(t, second.Outcomes.Taken())
	require.Zero(t, second.Requests)
	require.Equal(t, first.Outcomes.Invalid, second.Outcomes.Invalid)
	require.Equal(t, first.Outcomes.Duplicate, second.Outcomes.Duplicate)
	require.Equal(t, first.Segment.Expected, second.Segment.Expected)
	require.Equal(t, first.Verdict, second.Verdict)
}

func TestAFullRunSendsEverybodyAgain(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 500)
	first := w.run(t, demo(t))
	run, joined, err := w.start(t.Context(), workflows.AudienceSyncInput{Spec: demo(t), Full: true})
	require.NoError(t, err)
	require.False(t, joined)
	second, err := w.end(t, run)
	require.NoError(t, err)
	require.Zero(t, second.Outcomes.Unchanged)
	require.Equal(t, first.Outcomes.Taken(), second.Outcomes.Taken())
	require.Equal(t, 2*first.Outcomes.Taken(), w.Stats().UpsertsReceived)
}

func TestExportFilesGiveTheSameOutcomesAsPages(t *testing.T) {
	t.Parallel()
	pages := newWorld(t, 500)
	want := pages.run(t, demo(t))
	for _, format := range []string{"csv", "ndjson"} {
		t.Run(format, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, 500)
			require.NoError(t, w.WriteExport(t.Context(), w.dir+"/drops/"+format, format, true, 3))
			spec := demo(t)
			spec.Source = "zeotap-" + format
			report := w.run(t, spec)
			require.Equal(t, want.Outcomes, report.Outcomes)
			require.Equal(t, want.Reasons, report.Reasons)
			require.Equal(t, want.Segment, report.Segment)
			require.Equal(t, want.Batches, report.Batches)
			require.Equal(t, want.Source.Read, report.Source.Read)
			requireContactByContact(t, w)
		})
	}
}

func TestTwoStartsAtOnceAreOneRun(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 500)
	spec := demo(t)
	type started struct {
		run    client.WorkflowRun
		joined bool
		err    error
	}
	starts := make(chan started, 2)
	for range 2 {
		go func() {
			run, joined, err := w.start(t.Context(), workflows.AudienceSyncInput{Spec: spec})
			starts <- started{run, joined, err}
		}()
	}
	first, second := <-starts, <-starts
	require.NoError(t, first.err)
	require.NoError(t, second.err)
	require.NotEqual(t, first.joined, second.joined, "one starts, the other joins")
	require.Equal(t, first.run.GetRunID(), second.run.GetRunID())
	report, err := w.end(t, second.run)
	require.NoError(t, err)
	require.Equal(t, int64(1), report.Run)
	require.Equal(t, int64(1), w.Stats().Batches)
}
