package conformance_test

import (
	"context"
	"net/http/httptest"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"audiencesync/internal/audience"
	"audiencesync/internal/config"
	"audiencesync/internal/hellocharles"
	"audiencesync/internal/simulator"
	"audiencesync/internal/simulator/conformance"
	"audiencesync/internal/simulator/people"
	"audiencesync/internal/vendorhttp"
)

// TestTheClientClaimsWhatTheStoreHolds sends an audience with the real client
// and its settings, and compares its results with the store, contact by contact.
func TestTheClientClaimsWhatTheStoreHolds(t *testing.T) {
	t.Parallel()
	for _, c := range conformance.All() {
		t.Run(c.Name, func(t *testing.T) {
			t.Parallel()
			require.NoError(t, simulator.Options{Charles: c.Charles, Faults: c.Faults}.Validate())
			c.Charles.Limits = simulator.Limits{} // there is no budget here that waits
			c.Charles.Batch.QueueDelay = 0
			sim := simulator.New(simulator.Options{
				Zeotap: simulator.ZeotapOptions{Members: 150, Seed: 1}, Charles: c.Charles, Faults: c.Faults,
			})
			server := httptest.NewServer(sim.CharlesHandler())
			defer server.Close()
			settings := connection(t, c)
			settings.BaseURL = server.URL
			key := func(context.Context) (string, error) { return simulator.DefaultKey, nil }
			api, err := hellocharles.New("charles-demo", settings, key, nil)
			require.NoError(t, err)

			sent := plainContacts(sim.Crowd())
			results := map[string]hellocharles.Result{}
			for batch := range slices.Chunk(sent, min(settings.Batch.MaxItems, 60)) {
				deliver(t, api, settings, batch, results)
			}
			require.Len(t, results, len(sent))
			taken := 0
			for _, one := range sent {
				held, known := sim.Contact(one.Reference)
				switch outcome := results[one.Reference].Outcome; {
				case outcome.Took():
					taken++
					require.True(t, known || c.Silent, "a contact that was taken is held")
				case outcome == audience.Refused && !results[one.Reference].Transient:
					require.False(t, known, "a refused contact is not held")
					require.Positive(t, sim.Exceptions()[one.Reference].Refused)
				default:
					e := sim.Exceptions()[one.Reference]
					require.Positive(t, e.Hidden+e.Refused, "only what was hidden or refused for now has no answer")
				}
				if known && !c.Silent {
					require.Equal(t, one.FirstName, held.FirstName)
					require.Equal(t, `"member"`, string(held.Properties["zeotap_audience_984"]))
				}
			}
			require.Greater(t, taken, len(sent)/2)
			stats := sim.Stats()
			require.Equal(t, stats.UpsertsReceived, stats.UpsertsApplied+stats.UpsertsRefused+stats.UpsertsLost)
		})
	}
}

// plainContacts are what a sync sends for members without oddities.
func plainContacts(crowd *people.Crowd) (list []audience.Contact) {
	for i := range crowd.Size() {
		m := crowd.Member(i)
		if m.Kind != people.Plain {
			continue
		}
		list = append(list, audience.Contact{
			Reference: m.Number, FirstName: m.FirstName, Phone: m.Number, Email: m.Email, Tags: []string{"zeotap"},
			Properties: []audience.Property{{Name: "city", Value: m.City}, {Name: "zeotap_audience_984", Value: "member"}},
		})
	}
	return list
}

// deliver sends contacts, in halves where a batch is refused as a whole.
func deliver(t *testing.T, api hellocharles.API, settings config.HelloCharles, contacts []audience.Contact, into map[string]hellocharles.Result) {
	t.Helper()
	leave := func(context.Context) error { return nil }
	if settings.Send == config.SendSingle {
		for _, one := range contacts {
			result, err := api.UpsertOne(t.Context(), one, leave)
			require.NoError(t, err)
			into[one.Reference] = result
		}
		return
	}
	results, err := api.Upsert(t.Context(), contacts, leave)
	if err != nil {
		var failed *vendorhttp.Error
		require.ErrorAs(t, err, &failed)
		require.Contains(t, []vendorhttp.Kind{vendorhttp.Rejected, vendorhttp.TooLarge}, failed.Kind, "%s", err)
		require.Greater(t, len(contacts), 1)
		deliver(t, api, settings, contacts[:len(contacts)/2], into)
		deliver(t, api, settings, contacts[len(contacts)/2:], into)
		return
	}
	var again []audience.Contact
	for i, result := range results {
		if result.NotApplied {
			again = append(again, contacts[i])
			continue
		}
		into[contacts[i].Reference] = result
	}
	if len(again) > 0 {
		require.Less(t, len(again), len(contacts))
		deliver(t, api, settings, again, into)
	}
}
