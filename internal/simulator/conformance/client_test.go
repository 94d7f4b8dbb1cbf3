package conformance_test

import (
	"context"
	"fmt"
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

// workspace is one of a configuration, with the real client.
type workspace struct {
	*simulator.Simulator
	account  *conformance.Account
	answers  *conformance.Watched
	settings config.HelloCharles
	api      hellocharles.API
	// changed, when given, changes what is sent from what is claimed.
	changed func(*audience.Contact)
}

// opened opens a workspace with an audience of so many members.
func opened(t *testing.T, c conformance.Configuration, members int64) *workspace {
	t.Helper()
	require.NoError(t, simulator.Options{Charles: c.Charles, Faults: c.Faults}.Validate())
	c.Charles.Limits = simulator.Limits{} // there is no budget here that waits
	c.Charles.Batch.QueueDelay, c.Faults.Rules = 0, nil
	w := &workspace{Simulator: simulator.New(simulator.Options{
		Zeotap: simulator.ZeotapOptions{Members: members, Seed: 1}, Charles: c.Charles, Faults: c.Faults,
	})}
	account, err := conformance.Open(c, w.Simulator)
	require.NoError(t, err)
	w.account, w.answers = account, conformance.Watch(w.CharlesHandler())
	w.connect(t, connection(t, c))
	return w
}

// connect lets the client have these settings.
func (w *workspace) connect(t *testing.T, settings config.HelloCharles) {
	t.Helper()
	server := httptest.NewServer(w.answers)
	t.Cleanup(server.Close)
	settings.BaseURL = server.URL
	key := func(context.Context, string) (string, error) { return simulator.DefaultKey, nil }
	api, err := hellocharles.New("charles-demo", settings, key)
	require.NoError(t, err)
	w.api, w.settings = api, settings
}

// contacts are what a sync sends for members without oddities.
func (w *workspace) contacts() (list []audience.Contact) {
	for i := range w.Crowd().Size() {
		if m := w.Crowd().Member(i); m.Kind == people.Plain {
			list = append(list, conformance.MemberContact(m))
		}
	}
	return list
}

// deliver sends the audience and claims what the client says of it.
func (w *workspace) deliver(ctx context.Context) ([]conformance.Claim, error) {
	results := map[string]hellocharles.Result{}
	contacts := w.contacts()
	for batch := range slices.Chunk(contacts, min(w.settings.Batch.MaxItems, 60)) {
		if err := w.send(ctx, batch, results); err != nil {
			return nil, err
		}
	}
	claims := make([]conformance.Claim, len(contacts))
	for i, contact := range contacts {
		result, sent := results[contact.Reference]
		if !sent {
			return nil, fmt.Errorf("contact %d has no result", i)
		}
		claims[i] = conformance.Claim{Contact: contact, Outcome: result.Outcome, Code: result.Code}
		if result.Outcome == "" {
			claims[i].Outcome = audience.Unresolved
		}
	}
	return claims, nil
}

// send sends contacts: in halves where a batch is refused as a whole, and some
// times alone where it is not known what became of one.
func (w *workspace) send(ctx context.Context, contacts []audience.Contact, into map[string]hellocharles.Result) error {
	results, err := w.upsert(ctx, contacts)
	if failed, ok := err.(*vendorhttp.Error); ok && len(contacts) > 1 { //nolint:errorlint // the client returns it as it is
		if failed.Kind != vendorhttp.Rejected && failed.Kind != vendorhttp.TooLarge {
			return err
		}
		if err := w.send(ctx, contacts[:len(contacts)/2], into); err != nil {
			return err
		}
		return w.send(ctx, contacts[len(contacts)/2:], into)
	}
	if err != nil {
		return err
	}
	var again []audience.Contact
	for i, result := range results {
		const tries = 3
		for try := 0; try < tries && !result.NotApplied && (result.Outcome == "" || result.Transient); try++ {
			alone, err := w.upsert(ctx, contacts[i:i+1])
			if err != nil {
				return err
			}
			result = alone[0]
		}
		if result.NotApplied {
			again = append(again, contacts[i])
			continue
		}
		into[contacts[i].Reference] = result
	}
	if len(again) == len(contacts) {
		return fmt.Errorf("a refusal of %d contacts names none of them", len(again))
	}
	if len(again) > 0 {
		return w.send(ctx, again, into)
	}
	return nil
}

// upsert sends contacts as the connection says.
func (w *workspace) upsert(ctx context.Context, contacts []audience.Contact) ([]hellocharles.Result, error) {
	leave := func(context.Context) error { return nil }
	sent := slices.Clone(contacts)
	for i := range sent {
		if w.changed != nil {
			sent[i].Properties = slices.Clone(sent[i].Properties)
			w.changed(&sent[i])
		}
	}
	if w.settings.Send != config.SendSingle {
		return w.api.Upsert(ctx, sent, leave)
	}
	results := make([]hellocharles.Result, len(sent))
	for i, one := range sent {
		var err error
		if results[i], err = w.api.UpsertOne(ctx, one, leave); err != nil {
			return nil, err
		}
	}
	return results, nil
}

// TestTheClientClaimsWhatTheStoreHolds sends an audience with the real client
// and its settings, and compares its results with the store, contact by contact.
func TestTheClientClaimsWhatTheStoreHolds(t *testing.T) {
	t.Parallel()
	for _, c := range conformance.All() {
		t.Run(c.Name, func(t *testing.T) {
			t.Parallel()
			w := opened(t, c, 300)
			claims, err := w.deliver(t.Context())
			require.NoError(t, err)
			require.NoError(t, w.account.Check(claims))
			taken := 0
			for _, claim := range claims {
				if claim.Outcome.Took() {
					taken++
				}
			}
			require.Greater(t, taken, len(claims)/2)
			if c.Charles.Limits == (simulator.Limits{}) {
				require.True(t, c.Shows(conformance.Seen{Simulator: w.Simulator, Answers: w.answers.Answers()}),
					"nothing to be seen of what the workspace is about")
			}
		})
	}
}
