package model

import (
	"slices"
	"strings"

	"github.com/stretchr/testify/require"

	"audiencesync/internal/audience"
	"audiencesync/internal/simulator/contacts"
)

// check compares Hello Charles with the model after a run of a sync that came to
// its end, or that did not.
func (w *world) check(s *modelSync, report *audience.Report) {
	w.checkStrangers()
	for reference := range w.erased {
		require.Empty(w, w.sources[0].Truth(reference)[0].Contacts, "%s was erased and came back", reference)
	}
	if report == nil {
		return
	}
	belongs := w.belongs(s)
	for reference := range w.seen {
		truth := w.sources[0].Truth(reference)[0]
		member, in := belongs[reference]
		if len(truth.Contacts) == 0 {
			if in && member != nil && !w.refused[reference] {
				require.True(w, w.erased[reference] || truth.Erased, "%s is missing", reference)
			}
			continue
		}
		contact := truth.Contacts[0]
		marked := w.isMarked(s, contact)
		switch {
		case in && member != nil && !w.refused[reference]:
			require.True(w, marked, "%s belongs to %s and is not marked", reference, s.spec.Sync)
			if len(contact.Keys) == 1 {
				w.checkContent(s, contact, member)
			}
		case !in && !w.refused[reference]:
			// It shares its contact with one that belongs, or whose mark was not to be taken away.
			keeps := slices.ContainsFunc(w.aliases(reference), func(alias string) bool { _, in := belongs[alias]; return in || w.refused[alias] })
			require.True(w, !marked || keeps, "%s left %s and is marked", reference, s.spec.Sync)
		}
	}
	w.checkReport(report)
}

func (w *world) checkContent(s *modelSync, contact contacts.Contact, member map[string]any) {
	require.Equal(w, member["first_name"], contact.FirstName)
	require.Equal(w, member["phone"], strings.Join(contact.Phones, " "))
	require.Equal(w, member["email"], strings.Join(contact.Emails, " "))
	for name, origin := range s.spec.Mapping.Properties {
		require.Equal(w, `"`+*origin.Value+`"`, string(contact.Properties[name]))
	}
}

func (w *world) checkStrangers() {
	for i, stranger := range w.strangers {
		now := w.sources[0].Truth(stranger.Reference)[0]
		require.Equal(w, []contacts.Contact{stranger}, now.Contacts, "stranger %d was touched", i)
	}
}

func (w *world) checkReport(report *audience.Report) {
	require.Equal(w, report.Source.Read, report.Outcomes.Total())
	require.Zero(w, report.Outcomes.Unresolved)
	require.NotNil(w, report.Plan)
	require.Equal(w, report.Plan.Leavers, report.Leavers.Total())
	require.Zero(w, report.Leavers.Unresolved)
	// Whose marker could not be sent again is not unchanged.
	require.Equal(w, report.Plan.Unchanged-(report.Plan.MarkedAgain-report.MarkedAgain), report.Outcomes.Unchanged)
	require.Equal(w, report.Plan.Invalid, report.Outcomes.Invalid)
	require.NotNil(w, report.Segment.Counted)
	if !w.disturbed && !w.merges() {
		require.Contains(w, []audience.Verdict{audience.Equal, audience.Explained}, report.Verdict, "%v", report.Explanation)
	}
}

// checkPlan compares what was planned with what was done.
func (w *world) checkPlan(planned *audience.Plan, report *audience.Report) {
	if planned == nil {
		return
	}
	require.Equal(w, planned, report.Plan)
	o := report.Outcomes
	require.Equal(w, planned.Read, report.Source.Read)
	notMarked := planned.MarkedAgain - report.MarkedAgain // They were unchanged.
	require.Equal(w, planned.Unchanged-notMarked, o.Unchanged)
	require.Equal(w, planned.Invalid, o.Invalid)
	require.Equal(w, planned.Suppressed, o.Suppressed)
	require.Equal(w, planned.Duplicate, o.Duplicate)
	require.Equal(w, planned.ToSend+notMarked, o.Created+o.Updated+o.Accepted+o.Refused-planned.Refused)
	require.Equal(w, planned.Leavers, report.Leavers.Total())
	if len(w.refused) == 0 && !w.disturbed {
		require.LessOrEqual(w, planned.Requests, report.Requests)
		require.LessOrEqual(w, report.Requests, planned.Requests+planned.FurtherRequests)
	}
}
