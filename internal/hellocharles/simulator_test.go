package hellocharles_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http/httptest"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"audiencesync/internal/audience"
	"audiencesync/internal/config"
	"audiencesync/internal/hellocharles"
	"audiencesync/internal/simulator"
	store "audiencesync/internal/simulator/contacts"
	"audiencesync/internal/simulator/faults"
	"audiencesync/internal/vendorhttp"
)

// simulate starts a simulated workspace and a client of it.
func simulate(
	t *testing.T, o simulator.CharlesOptions, change ...func(*config.HelloCharles),
) (hellocharles.API, *simulator.Simulator) {
	t.Helper()
	sim := simulator.New(simulator.Options{Charles: o})
	server := httptest.NewServer(sim.CharlesHandler())
	t.Cleanup(server.Close)
	settings := settingsFor(server.URL)
	settings.Read.ContactPath = "/api/v1beta/contacts/{reference}"
	for _, apply := range change {
		apply(&settings)
	}
	api, err := hellocharles.New("acme", settings, credential(simulator.DefaultKey))
	require.NoError(t, err)
	return api, sim
}

func TestContactThatWasSentToTheSimulatorIsReadBack(t *testing.T) {
	t.Parallel()
	api, _ := simulate(t, simulator.CharlesOptions{})
	_, err := api.Contact(t.Context(), plantedReference)
	require.ErrorIs(t, err, hellocharles.ErrNoContact)

	_, err = api.Upsert(t.Context(), []audience.Contact{{
		Reference: plantedReference, FirstName: plantedName, LastName: "Example", Phone: plantedReference, Email: plantedEmail,
		Tags:       []string{"zeotap"},
		Properties: []audience.Property{{Name: "loyalty_points", Value: json.Number("12")}},
	}}, nil)
	require.NoError(t, err)
	held, err := api.Contact(t.Context(), plantedReference)
	require.NoError(t, err)
	require.Equal(t, &hellocharles.Held{
		Reference: plantedReference, FirstName: plantedName, LastName: "Example",
		Phones: []string{plantedReference}, Emails: []string{plantedEmail}, Tags: []string{"zeotap"},
		Properties: map[string]any{"loyalty_points": json.Number("12")},
	}, held)
}

const (
	segment984 = "seg-984"
	marker984  = "zeotap_audience_984"
)

// joiner is a contact with all that a new one needs, leaver what is sent of
// somebody who left: reference, source type and marker.
func joiner(reference, phone string) audience.Contact {
	return audience.Contact{
		Reference: reference, FirstName: plantedName, Phone: phone, Email: "e" + phone[1:] + "@example.com",
		Properties: []audience.Property{{Name: marker984, Value: "member"}},
	}
}

func leaver(reference string) audience.Contact {
	return audience.Contact{Reference: reference, Properties: []audience.Property{{Name: marker984, Value: "left"}}}
}

// joiners are n contacts with phone numbers of their own.
func joiners(n int) []audience.Contact {
	list := make([]audience.Contact, n)
	for i := range list {
		list[i] = joiner(fmt.Sprint("r", i), fmt.Sprintf("+49151%08d", i))
	}
	return list
}

// references are those of ours in a segment, sorted.
func references(t *testing.T, api hellocharles.API) ([]string, hellocharles.SegmentRead, error) {
	t.Helper()
	var all []string
	read, err := api.SegmentMembers(t.Context(), segment984, func(members []hellocharles.SegmentMember) error {
		for _, member := range members {
			all = append(all, member.References...)
		}
		return nil
	})
	slices.Sort(all)
	return all, read, err
}

func TestContactsOfASimulatedSegmentAreListedWithThoseOfOthers(t *testing.T) {
	t.Parallel()
	api, sim := simulate(t, simulator.CharlesOptions{StitchPhone: true}, pagesOf(30))
	sent := joiners(100)
	_, err := api.Upsert(t.Context(), sent, nil)
	require.NoError(t, err)
	marked := map[string]json.RawMessage{marker984: json.RawMessage(`"member"`)}
	sim.AddContacts(
		store.Contact{FirstName: "In the app", Properties: marked},
		store.Contact{SourceType: "shop", Reference: "s1", Properties: marked},
		store.Contact{SourceType: "shop", Reference: "s2", Phones: []string{"+447700900001"}, Properties: marked},
	)
	merged := joiner("merged", "+447700900001")
	_, err = api.Upsert(t.Context(), []audience.Contact{merged, joiner("moved", sent[0].Phone), leaver("r1")}, nil)
	require.NoError(t, err)

	want := append(make([]string, 0, 101), "merged", "moved", "r0")
	for _, contact := range sent[2:] {
		want = append(want, contact.Reference)
	}
	slices.Sort(want)
	got, read, err := references(t, api)
	require.NoError(t, err)
	require.Equal(t, want, got)
	require.Equal(t, hellocharles.SegmentRead{
		Contacts: 102, Ours: 100, Merged: 1, OfOthers: 1, Unreferenced: 1, CountedBefore: 102, CountedAfter: 102,
	}, read)
	require.True(t, read.Steady())
}

func TestAListOfASimulatedSegmentThatIsWrongIsNoticed(t *testing.T) {
	t.Parallel()
	api, sim := simulate(t, simulator.CharlesOptions{}, pagesOf(4))
	_, err := api.Upsert(t.Context(), joiners(10), nil)
	require.NoError(t, err)
	for text, test := range map[string]struct {
		preview faults.Preview
		kind    vendorhttp.Kind
	}{
		"cut short: it has 7 contacts, and the count says 10":                 {faults.Preview{CutAfter: 7}, vendorhttp.Unreadable},
		"it has 4 contacts, and the count says 10; after these the same ones": {faults.Preview{IgnoreOffset: true}, vendorhttp.Unreadable},
		"the key may not list the contacts of segments":                       {faults.Preview{Forbidden: true}, vendorhttp.Forbidden},
		"counting segment seg-984":                                            {faults.Preview{NoCount: true}, vendorhttp.Unreadable},
	} {
		require.NoError(t, sim.SetFaults(simulator.Faults{Preview: test.preview}))
		_, _, err := references(t, api)
		failed(t, err, test.kind)
		require.ErrorContains(t, err, text)
	}
	require.NoError(t, sim.SetFaults(simulator.Faults{Preview: faults.Preview{PageMax: 3}}))
	got, _, err := references(t, api)
	require.NoError(t, err)
	require.Len(t, got, 10, "smaller pages than asked for are no cut")
}

// Who was erased in Hello Charles must be known as such by every form in which a
// workspace may say it, and must not come back.
func TestWhoWasErasedIsToldByTheAnswerToAnUpsertOfTheMarker(t *testing.T) {
	t.Parallel()
	const code = "contact_not_found"
	tests := map[string]struct {
		batch    simulator.BatchOptions
		no       simulator.NoContact
		settings func(*config.HelloCharles)
	}{
		"by the code that phone is needed": {
			settings: goneBy([]string{"phone_numbers_required", "email_address_required"}),
		},
		"by a code": {no: simulator.NoContact{Code: code}, settings: goneBy([]string{code})},
		"by a status": {
			batch: simulator.BatchOptions{Items: simulator.ItemOptions{Status: simulator.StatusHTTP}},
			no:    simulator.NoContact{Status: 404}, settings: goneBy(nil, 404),
		},
		"by a status in errors": {
			batch: simulator.BatchOptions{Reply: simulator.ReplyErrors}, no: simulator.NoContact{Status: 410, Code: code},
			settings: func(s *config.HelloCharles) { s.Batch.Reply = config.RepliesErrors; goneBy([]string{code}, 410)(s) },
		},
		"by the refusal of the whole batch": {
			batch: simulator.BatchOptions{AllOrNothing: true, Names: simulator.NameReference},
			no:    simulator.NoContact{Status: 404, Code: code}, settings: goneBy([]string{code}, 404),
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			api, sim := simulate(t, simulator.CharlesOptions{
				ChannelsToCreate: true, NoContact: test.no, Batch: test.batch,
			}, test.settings)
			_, err := api.Upsert(t.Context(), joiners(3), nil)
			require.NoError(t, err)
			require.Equal(t, hellocharles.Exists, existence(t, api, "r1"))
			require.Equal(t, 1, sim.Erase("r1"))
			require.Equal(t, hellocharles.Absent, existence(t, api, "r1"))

			results, err := api.Upsert(t.Context(), []audience.Contact{leaver("r0"), leaver("r1")}, nil)
			require.NoError(t, err)
			require.Equal(t, []bool{false, true}, goneOnes(results))
			require.Equal(t, refused, results[1].Outcome)
			one, err := api.UpsertOne(t.Context(), leaver("r1"), nil)
			require.NoError(t, err)
			require.True(t, one.Gone)
			one, err = api.UpsertOne(t.Context(), leaver("r2"), nil)
			require.NoError(t, err)
			require.False(t, one.Gone)
			require.Zero(t, sim.Stats().Returned)

			// A request that could create does, and says so.
			one, err = api.UpsertOne(t.Context(), joiner("r1", "+4915100000001"), nil)
			require.NoError(t, err)
			require.Equal(t, created, one.Outcome)
			require.EqualValues(t, 1, sim.Stats().Returned)
		})
	}
}

func existence(t *testing.T, api hellocharles.API, reference string) hellocharles.Existence {
	t.Helper()
	answer, err := hellocharles.ExistenceOf(t.Context(), api, reference)
	require.NoError(t, err)
	return answer
}

// A beta that is switched off must not look like everybody was erased.
func TestABetaThatIsSwitchedOffIsNoErasure(t *testing.T) {
	t.Parallel()
	api, _ := simulate(t, simulator.CharlesOptions{BetaStatus: 404}, goneBy([]string{"contact_not_found"}, 404, 410))
	for name, send := range map[string]func(context.Context) error{
		"batch": func(ctx context.Context) error {
			_, err := api.Upsert(ctx, []audience.Contact{leaver("r0")}, nil)
			return err
		},
		"single": func(ctx context.Context) error {
			_, err := api.UpsertOne(ctx, leaver("r0"), nil)
			return err
		},
	} {
		err := send(t.Context())
		failed(t, err, vendorhttp.NotFound)
		require.ErrorContains(t, err, "closed beta", name)
	}
}

// What moves guard against: the old reference names the contact of the new one.
func TestALeaverUnderTheOldReferenceTakesTheMarkerFromTheMergedContact(t *testing.T) {
	t.Parallel()
	api, sim := simulate(t, simulator.CharlesOptions{StitchPhone: true})
	_, err := api.Upsert(t.Context(), []audience.Contact{joiner("old", "+4915112345678")}, nil)
	require.NoError(t, err)
	results, err := api.Upsert(t.Context(), []audience.Contact{joiner("new", "+4915112345678")}, nil)
	require.NoError(t, err)
	require.Equal(t, updated, results[0].Outcome, "the new reference is one more of the contact")
	got, read, err := references(t, api)
	require.NoError(t, err)
	require.Equal(t, []string{"new", "old"}, got)
	require.EqualValues(t, 1, read.Merged)

	_, err = api.Upsert(t.Context(), []audience.Contact{leaver("old")}, nil)
	require.NoError(t, err)
	got, _, err = references(t, api)
	require.NoError(t, err)
	require.Empty(t, got, "the member is in the audience, and out of the segment")
	require.Equal(t, sim.Truth("old")[0].Contacts, sim.Truth("new")[0].Contacts)
}
