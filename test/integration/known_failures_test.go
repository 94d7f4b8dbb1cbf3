package integration

import (
	"testing"

	"github.com/stretchr/testify/require"

	"audiencesync/internal/audience"
	"audiencesync/internal/config"
	"audiencesync/internal/ledger"
	"audiencesync/internal/simulator"
	"audiencesync/internal/simulator/faults"
	"audiencesync/internal/simulator/people"
)

// ledger opens the ledger of the world beside its worker.
func (w *world) ledger(t *testing.T) *ledger.Ledger {
	t.Helper()
	l, err := ledger.Open(t.Context(), w.address)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, l.Close()) })
	return l
}

// blocked refuses some contacts for ever.
var blocked = simulator.Faults{Seed: 1, Refuse: []faults.Refusal{{Share: 0.04, Code: "blocked", Message: "the contact is blocked"}}}

// tolerant is the demo's sync, for which refusals are no reason to stop.
func tolerant(t *testing.T) config.Sync {
	t.Helper()
	spec := demo(t)
	spec.Limits.Refused, spec.Accept.Refused, spec.Accept.Invalid = 1, 1, 1
	return spec
}

func failures(r *audience.Report) int64 {
	return r.Outcomes.Invalid + r.Outcomes.Refused + r.Outcomes.Unresolved
}

func TestARefusedMemberIsKnownAndNotSentAgainUntilSomebodySaysSo(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 300, withFaults(blocked))
	first := w.run(t, tolerant(t))
	refused := first.Outcomes.Refused
	require.Positive(t, refused)
	require.Equal(t, failures(first), first.NewFailures)
	require.Zero(t, first.KnownFailures)
	claimed := w.claims(t)

	sent := w.Stats().UpsertsReceived
	second := w.run(t, tolerant(t))
	require.Equal(t, sent, w.Stats().UpsertsReceived, "a known failure was sent again")
	require.Zero(t, second.Requests)
	require.Zero(t, second.NewFailures)
	require.Equal(t, failures(first), second.KnownFailures)
	require.Equal(t, first.Verdict, second.Verdict)
	require.Equal(t, first.Reasons, second.Reasons)
	require.Equal(t, claimed, w.claims(t), "the report of a later run names other members")

	require.NoError(t, w.SetFaults(simulator.Faults{}))
	retried, err := w.ledger(t).RetryFailures(t.Context(), demo(t).Sync, ledger.RetryQuery{Reason: string(audience.RefusedByHelloCharles)})
	require.NoError(t, err)
	require.Equal(t, refused, retried)
	third := w.run(t, tolerant(t))
	require.Equal(t, sent+refused, w.Stats().UpsertsReceived, "others were sent than those that were asked for")
	require.Equal(t, refused, third.Outcomes.Taken())
	require.Equal(t, first.Outcomes.Taken(), third.Outcomes.Unchanged)
	require.Zero(t, third.Outcomes.Refused)
	requireTrueClaims(t, w, w.claims(t))
}

func TestKnownFailuresAreSentInEveryRunWhereTheSyncSaysSo(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 300, withFaults(blocked))
	spec := tolerant(t)
	spec.Limits.RetryFailuresAfter = 0
	first := w.run(t, spec)
	sent := w.Stats().UpsertsReceived
	second := w.run(t, spec)
	require.Equal(t, sent+first.Outcomes.Refused, w.Stats().UpsertsReceived)
	require.Equal(t, first.Outcomes.Refused, second.Outcomes.Refused)
	require.Equal(t, first.Outcomes.Taken(), second.Outcomes.Unchanged)
	require.Equal(t, first.Verdict, second.Verdict)
}

func TestAMappingThatSparesRefusedMembersWhatTheyWereRefusedForSendsThem(t *testing.T) {
	t.Parallel()
	// The key may not read options, so nobody knows beforehand that one is missing.
	w := newWorld(t, 300, withoutOption("Leipzig"))
	first := w.run(t, tolerant(t))
	require.Positive(t, first.Outcomes.Refused)
	require.Equal(t, first.Outcomes.Refused, first.Reasons["refused_by_hello_charles:custom_property_option"])

	spec := tolerant(t)
	delete(spec.Mapping.Properties, "city")
	second := w.run(t, spec)
	require.Zero(t, second.Outcomes.Refused)
	require.Equal(t, first.Outcomes.Taken()+first.Outcomes.Refused, second.Outcomes.Taken())
	requireTrueClaims(t, w, w.claims(t))
}

// withoutOption is a workspace that knows every city but one, refuses members
// who live there, and does not let anybody read that.
func withoutOption(city string) func(*settings) {
	return func(s *settings) {
		properties := simulator.DefaultProperties(audience.Audience{ID: "984"})
		for i := range properties {
			if properties[i].Name != "city" {
				continue
			}
			properties[i].Input.Type = "select"
			for _, known := range people.Cities() {
				if known != city {
					properties[i].Input.Options = append(properties[i].Input.Options, simulator.PropertyOption{Label: known, Value: known})
				}
			}
		}
		s.simulator.Charles.Properties = properties
		s.simulator.Charles.UnknownOptions = simulator.RefuseContact
		s.simulator.Charles.ReadsForbidden = true
		s.overCharles = func(connection map[string]any) (map[string]any, error) {
			connection["read"] = map[string]any{
				"allowed": false, "known_tags": []string{"zeotap"},
				"known_properties": []string{"zeotap_audience_984", "city", "loyalty_points", "birthday"},
			}
			return connection, nil
		}
	}
}
