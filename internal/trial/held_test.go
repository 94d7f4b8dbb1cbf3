package trial_test

import (
	"encoding/json"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"audiencesync/internal/audience"
	"audiencesync/internal/config"
	"audiencesync/internal/readback"
	"audiencesync/internal/simulator"
	"audiencesync/internal/simulator/faults"
)

func TestWhatIsNotHeldAsItWasSentIsADifference(t *testing.T) {
	t.Parallel()
	// A null clears nothing here, and labels of tags are not understood.
	w := newWorld(t, simulator.CharlesOptions{IgnoreNull: true, TagsByID: true}, nil)
	opened := w.ready(t, "birthday: {from: birth_date, type: date}", "birthday: {from: birth_date, type: date, empty: clear}")
	upsert(t, w, audience.Contact{Reference: emil, Properties: []audience.Property{{Name: "birthday", Value: "1980-02-01"}}})
	sent := try(t, opened, 2)
	tags := readback.Difference{Field: "tags", Sent: []string{"zeotap", "vip"}}
	require.Equal(t, readback.Differs, sent[0].Held.State)
	require.Equal(t, []readback.Difference{tags}, sent[0].Held.Differences)
	require.Equal(t, []readback.Difference{tags, {Field: "birthday", Held: "1980-02-01"}}, sent[1].Held.Differences)
	require.False(t, sent[1].Good())
}

// upsert sends a contact as somebody else did before.
func upsert(t *testing.T, w *world, contact audience.Contact) {
	t.Helper()
	workspace, err := w.pool.Workspace(t.Context(), "charles")
	require.NoError(t, err)
	_, err = workspace.API.UpsertOne(t.Context(), contact, nil)
	require.NoError(t, err)
}

func TestAContactThatWasLostIsAbsent(t *testing.T) {
	t.Parallel()
	w := newWorld(t, simulator.CharlesOptions{}, nil)
	require.NoError(t, w.SetFaults(simulator.Faults{Lose: []faults.Selection{{References: []string{ada}}}}))
	sent := try(t, w.ready(t), 2)
	require.True(t, sent[0].Outcome.Took(), "Hello Charles said so")
	require.Equal(t, readback.Absent, sent[0].Held.State)
	require.False(t, sent[0].Good())
	require.True(t, sent[1].Good())
}

func TestWhatIsHeldLaterIsReadAgain(t *testing.T) {
	t.Parallel()
	w := newWorld(t, simulator.CharlesOptions{}, nil)
	require.NoError(t, w.SetFaults(simulator.Faults{Rules: []faults.Rule{{
		Match: faults.Match{Side: faults.Charles, Method: http.MethodGet, Path: contactsPath, To: 1}, Do: faults.Status, Status: http.StatusNotFound,
	}}}))
	sent := try(t, w.ready(t), 1)
	require.Equal(t, readback.Same, sent[0].Held.State)
}

func TestAnAnswerThatCannotBeReadProvesNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t, simulator.CharlesOptions{}, func(c *config.HelloCharles) { c.Read.Contact.Reference = "reference" })
	sent := try(t, w.ready(t), 1)
	require.Equal(t, readback.Unread, sent[0].Held.State)
	require.Contains(t, sent[0].Held.Why, "read.contact.reference")
	require.NotContains(t, sent[0].Held.Why, "12345601")
	require.False(t, sent[0].Good())
}

func TestContactsThatCannotBeReadAreNotCompared(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		options simulator.CharlesOptions
		change  func(*config.HelloCharles)
		says    string
	}{
		"no such call is known": {
			change: func(c *config.HelloCharles) { c.Read.ContactPath = "" }, says: "read.contact_path",
		},
		"the key may not read": {
			options: simulator.CharlesOptions{ReadsForbidden: true},
			change: func(c *config.HelloCharles) {
				c.Read.Allowed = new(false)
				c.Read.KnownTags = []string{"zeotap", "vip"}
				c.Read.KnownProperties = []config.KnownProperty{{Name: "zeotap_audience_984"}, {Name: "city"}, {Name: "loyalty_points"}, {Name: "birthday"}}
			},
			says: "read.allowed",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, test.options, test.change)
			opened := w.ready(t)
			chosen, err := opened.Choose(t.Context(), 2)
			require.NoError(t, err)
			sent, err := opened.Send(t.Context(), chosen.Candidates)
			require.NoError(t, err)
			var cannot *readback.CannotReadError
			require.ErrorAs(t, opened.ReadBack(t.Context(), sent), &cannot)
			require.ErrorContains(t, cannot, test.says)
			require.True(t, sent[0].Good(), "nothing speaks against it")
		})
	}
}

func TestTagsAreHeldByLabelOrById(t *testing.T) {
	t.Parallel()
	w := newWorld(t, simulator.CharlesOptions{TagsByID: true}, func(c *config.HelloCharles) { c.Tags = config.TagID })
	sent := try(t, w.ready(t), 1)
	require.Equal(t, readback.Same, sent[0].Held.State, "%v", sent[0].Held.Differences)
	require.NotContains(t, sent[0].Held.Held.Tags, "vip", "ids are held")
}

// Numbers keep what they are, however they are written.
func TestNumbersAreComparedAsNumbers(t *testing.T) {
	t.Parallel()
	w := newWorld(t, simulator.CharlesOptions{}, nil)
	upsert(t, w, audience.Contact{Reference: ada, Properties: []audience.Property{{Name: "loyalty_points", Value: json.Number("7.0")}}})
	opened := w.ready(t)
	found, err := opened.Compare(t.Context(), audience.Contact{Reference: ada, Properties: []audience.Property{{Name: "loyalty_points", Value: json.Number("7")}}})
	require.NoError(t, err)
	require.Equal(t, readback.Same, found.State)
	found, err = opened.Compare(t.Context(), audience.Contact{Reference: ada, Properties: []audience.Property{{Name: "loyalty_points", Value: json.Number("7.01")}}})
	require.NoError(t, err)
	require.Equal(t, []readback.Difference{{Field: "loyalty_points", Sent: json.Number("7.01"), Held: json.Number("7.0")}}, found.Differences)
}
