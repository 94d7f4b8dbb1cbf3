package integration

import (
	"testing"

	"github.com/stretchr/testify/require"

	"audiencesync/internal/audience"
	"audiencesync/internal/config"
	"audiencesync/internal/simulator/contacts"
)

// tagOnly is a sync that tags contacts and sends nothing else.
func tagOnly(t *testing.T) config.Sync {
	t.Helper()
	spec := tolerant(t)
	spec.Sync = "tags"
	spec.Marker = config.Marker{Tag: "vip"}
	spec.Mapping = config.Mapping{Tags: config.ConstantTags("newsletter")}
	spec.Verification.Segment = "seg-vip"
	return spec
}

func TestASyncOfTagsAloneTagsContactsThatExistAndCreatesNone(t *testing.T) {
	t.Parallel()
	// A contact needs phone and email to be created, and a tag changes nothing else.
	w := newWorld(t, 300, func(s *settings) {
		s.simulator.Charles.ChannelsToCreate = true
		s.simulator.Charles.Segments = []contacts.Segment{
			{ID: "seg-984", Name: "members", All: []contacts.Condition{{Property: "zeotap_audience_984", Equals: "member"}}},
			{ID: "seg-vip", Name: "tagged", All: []contacts.Condition{{Tag: "vip"}}},
		}
	})
	// Those without consent are in the audience, and no contacts.
	some := tolerant(t)
	yes := config.FilterValue("true")
	some.Filter = &config.Condition{Field: "consent.whatsapp", Is: &yes}
	w.run(t, some)
	before := map[string]contacts.Contact{}
	for contact := range w.Contacts() {
		before[contact.Reference] = contact
	}

	report := w.run(t, tagOnly(t))
	require.Equal(t, audience.Explained, report.Verdict, report.Explanation)
	require.Equal(t, int64(len(before)), report.Outcomes.Updated)
	require.Zero(t, report.Outcomes.Created)
	require.Positive(t, report.Outcomes.Refused)
	// Nobody is invalid for an email that is not mapped.
	require.Equal(t, w.Stats().Audience.Distinct(), report.Outcomes.Updated+report.Outcomes.Refused)
	require.Equal(t, report.Outcomes.Refused, report.Reasons["refused_by_hello_charles:phone_numbers_required"])

	for contact := range w.Contacts() {
		was, there := before[contact.Reference]
		require.True(t, there, "a contact was created")
		require.Equal(t, []string{"newsletter", "vip", "zeotap"}, contact.Tags)
		require.Equal(t, 1, contact.UpsertsWithoutChannels)
		contact.Tags, contact.Segments = was.Tags, was.Segments
		contact.Upserts, contact.UpsertsWithoutChannels = was.Upserts, was.UpsertsWithoutChannels
		require.Equal(t, was, contact)
		delete(before, contact.Reference)
	}
	require.Empty(t, before)

	again := w.run(t, tagOnly(t))
	require.Zero(t, again.Requests)
	require.Equal(t, report.Outcomes.Refused, again.Outcomes.Refused)
	require.Equal(t, failures(again), again.KnownFailures)
}
