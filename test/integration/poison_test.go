package integration

import (
	"maps"
	"net/http"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"audiencesync/internal/audience"
	"audiencesync/internal/simulator"
	"audiencesync/internal/simulator/faults"
)

// refusing is a way in which a workspace refuses contacts.
type refusing struct {
	name string
	how  simulator.BatchOptions
	// mostExtra is the most requests that one refused contact may cost.
	mostExtra int64
}

// waysToRefuse are all that differ in what a client has to do.
var waysToRefuse = []refusing{
	{"all or nothing, naming nobody", simulator.BatchOptions{AllOrNothing: true}, 20},
	{"all or nothing, naming the contact", simulator.BatchOptions{AllOrNothing: true, Names: simulator.NameReference}, 1},
	{"contact by contact", simulator.BatchOptions{}, 0},
}

// by lets the workspace refuse contacts in this way.
func (r refusing) by(refuse ...faults.Refusal) func(*settings) {
	return func(s *settings) {
		s.simulator.Charles.Batch = r.how
		s.simulator.Faults.Refuse = refuse
	}
}

// requireEachRefusalNamed compares the refused contacts of the newest run with
// those that the workspace refused, and returns how many there are.
func requireEachRefusalNamed(t *testing.T, w *world, claims map[string]claim, reason string) int64 {
	t.Helper()
	var claimed []string
	for reference, claim := range claims {
		if claim.outcome == audience.Refused {
			require.Equal(t, reason, claim.reason)
			claimed = append(claimed, reference)
		}
	}
	require.ElementsMatch(t, slices.Collect(maps.Keys(w.Exceptions())), claimed)
	return int64(len(claimed))
}

func TestOneRefusedContactAmongAThousandIsFoundAndNoOtherIsLost(t *testing.T) {
	t.Parallel()
	for _, way := range waysToRefuse {
		for place, at := range map[string]int{"the first": 0, "in the middle": 500, "the last": -1} {
			t.Run(way.name+", "+place, func(t *testing.T) {
				t.Parallel()
				// A full batch, and some members more.
				w := newWorld(t, 1020, way.by(faults.Refusal{Places: []int{at}, Code: "poison"}))
				report := w.run(t, demo(t))
				require.Equal(t, audience.Explained, report.Verdict, report.Explanation)
				require.Equal(t, report.Source.Read, report.Outcomes.Total())
				require.Equal(t, int64(1), report.Outcomes.Refused)

				claims := w.claims(t)
				requireTrueClaims(t, w, claims)
				require.Equal(t, int64(1), requireEachRefusalNamed(t, w, claims, "refused_by_hello_charles:poison"))
				stats := w.Stats()
				require.Equal(t, stats.Contacts, report.Outcomes.Taken())
				require.Equal(t, stats.Contacts, stats.UpsertsApplied, "a good contact was taken twice")
				require.Equal(t, stats.Batches, report.Requests)
				require.LessOrEqual(t, report.Requests-2, way.mostExtra)
			})
		}
	}
}

func TestATenthOfTheContactsIsRefusedAndEachOfThemIsNamed(t *testing.T) {
	t.Parallel()
	for _, way := range waysToRefuse {
		t.Run(way.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, 300, batchesOf(40), way.by(faults.Refusal{Share: 0.1, Code: "blocked"}))
			spec := demo(t)
			spec.Limits.Refused, spec.Accept.Refused = 1, 0.2
			report := w.run(t, spec)
			require.Equal(t, audience.Explained, report.Verdict, report.Explanation)
			require.Equal(t, report.Source.Read, report.Outcomes.Total())

			claims := w.claims(t)
			requireTrueClaims(t, w, claims)
			refused := requireEachRefusalNamed(t, w, claims, "refused_by_hello_charles:blocked")
			require.Equal(t, refused, report.Outcomes.Refused)
			require.InDelta(t, 30, refused, 15)
			stats := w.Stats()
			require.Equal(t, stats.Contacts, stats.UpsertsApplied, "a good contact was taken twice")
			require.Equal(t, stats.Audience.Distinct()-stats.Audience.BadEmail, stats.Contacts+refused)
		})
	}
}

// sends returns the requests with contacts that the workspace has seen.
func (w *world) sends(t *testing.T) []simulator.Entry {
	t.Helper()
	return slices.DeleteFunc(w.journal(t), func(entry simulator.Entry) bool {
		return entry.Side != faults.Charles || entry.Method != http.MethodPost
	})
}
