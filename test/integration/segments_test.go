package integration

import (
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"audiencesync/activities"
	"audiencesync/internal/audience"
	"audiencesync/internal/beginning"
	"audiencesync/internal/ledger"
	"audiencesync/internal/simulator"
	"audiencesync/internal/simulator/faults"
)

// segmentPath is where segments are counted and listed.
const segmentPath = "/api/v1/contact_lists/"

// What several runs have to say.
const (
	notVisible   = " accepted references are not in the segment, and were never seen there (not visible yet); the next run sends them again"
	stillVisible = " contacts that were unmarked are in the segment all the same (still visible); the next run unmarks them again"

	oneNotVisible   = "Hello Charles: 1 accepted reference is not in the segment, and was never seen there (not visible yet); the next run sends it again"
	oneStillVisible = "Hello Charles: 1 contact that was unmarked is in the segment all the same (still visible); the next run unmarks it again"
	// A merged contact has the phone number of whoever was sent last.
	changedPhones  = " contacts read back 2 do not hold any more what was sent earlier: phone 2; who they are: audiencesync differences demo"
	sharedContacts = "Hello Charles: 2 references share a contact with another one (merged)"
	noCount        = "Hello Charles: no count to be had"
	noHeader       = "the segment could not be counted: sync demo: connection charles-demo: counting segment seg-984: " +
		"the answer is not what the connection's settings say: the header X-Resource-Count is missing"
	mayNotCount = "connection charles-demo: counting segment seg-984: the credential lacks the permission for this call (status 403): " +
		"the key may not count segments; give one that may read as read.credential, because without a count no run can be proved"
	mayNotList = "connection charles-demo: listing the contacts of segment seg-984: the credential lacks the permission for this call (status 403): " +
		"the key may not list the contacts of segments; give one that may read as read.credential, or be content with numbers (verification.compare: never)"
)

// behaviours are all ways in which the simulator lets a segment behave, and what is
// proved then, by the first run and by the fifth after four good ones.
func behaviours() []behaviour {
	return slices.Concat(lateSegments(), wrongSegments(), closedSegments())
}

// lateSegments come to hold the audience, and nobody may be told before that they do
// not: each would be unexplained, or be followed by another run, without the waiting.
func lateSegments() []behaviour {
	return []behaviour{
		{
			name: "lag", faults: counting(faults.Counts{Delay: seconds(3)}),
			first: allOf(20, proof{outcomes: audience.Outcomes{Created: 20}, sent: 20}),
			// As many come as go: the count never moves.
			fifth: allOf(20, proof{
				members: everyone(3, 23), outcomes: audience.Outcomes{Unchanged: 17, Created: 3}, removed: 3, sent: 6,
			}),
		},
		{
			name: "steps", world: []func(*settings){batchesOf(5), inFlight(1)},
			faults: simulator.Faults{
				Counts: &faults.Counts{Delay: seconds(1), Step: seconds(0.7)},
				// Batches apart from each other, so that there are several steps.
				Rules: []faults.Rule{{Match: faults.Match{Side: faults.Charles, Path: contactsPath}, Latency: seconds(0.3)}},
			},
			first: allOf(20, proof{outcomes: audience.Outcomes{Created: 20}, sent: 20}),
			fifth: allOf(30, proof{
				members: everyone(2, 32), outcomes: audience.Outcomes{Unchanged: 18, Created: 12}, removed: 2, sent: 14,
			}),
		},
		{
			name: "dip", faults: counting(faults.Counts{Delay: seconds(0.5), Dip: 0.5}),
			first: allOf(20, proof{outcomes: audience.Outcomes{Created: 20}, sent: 20}),
			fifth: allOf(24, proof{
				members: everyone(1, 25), outcomes: audience.Outcomes{Unchanged: 19, Created: 5}, removed: 1, sent: 6,
			}),
		},
		{
			// Those who were lost once are sent again by a run that follows at once.
			name: "dropped contact", stuck: true, faults: losing(1),
			first: allOf(20, proof{
				number: 2, earlier: differing(ledger.DifferenceNotVisible, 0), outcomes: audience.Outcomes{Unchanged: 19, Created: 1},
				sent: 21, whole: []int{0},
			}),
			// One does not come and one does not go: the numbers are equal.
			fifth: allOf(20, proof{
				members: everyone(1, 21),
				number:  6, earlier: slices.Concat(differing(ledger.DifferenceNotVisible, 20), differing(ledger.DifferenceStillVisible, 0)),
				outcomes: audience.Outcomes{Unchanged: 19, Created: 1}, removed: 1, sent: 4, whole: []int{20},
			}),
		},
	}
}

// allOf is a good run that finds all members in the segment, and nobody else.
func allOf(members int64, p proof) proof {
	p.verdict, p.evidence, p.expected, p.counted = audience.Equal, audience.EvidenceCompared, members, members
	p.comparison = &audience.Comparison{Listed: members, Found: members}
	p.summary = "All " + audience.Thousands(members) + " members are in the segment."
	return p
}

// wrongSegments never hold the audience, the whole audience and nobody else.
func wrongSegments() []behaviour {
	return []behaviour{
		{
			name: "never reaches", stuck: true, faults: counting(faults.Counts{Delay: seconds(3600)}),
			first: compared(activities.TypeVerdictUnexplained, 20, audience.Comparison{NotVisible: 20}, proof{
				number: 2, earlier: differing(ledger.DifferenceNotVisible, everyone(0, 20)...), differences: differing(ledger.DifferenceNotVisible, everyone(0, 20)...),
				outcomes: audience.Outcomes{Updated: 20}, sent: 40,
				explanation: []string{
					"Hello Charles: 20" + notVisible + "; none of ours is: check that the segment asks for the marker, and that verification.segment is its id",
				},
				summary: "The segment lists 0 contacts: of 20 expected references 20 are not in it, and 0 of its contacts are not ours.",
			}),
			fifth: compared(activities.TypeVerdictUnexplained, 22, audience.Comparison{Listed: 20, Found: 17, NotVisible: 5, StillVisible: 3}, proof{
				members: everyone(3, 25), number: 6, earlier: lateOnes(everyone(20, 25), everyone(0, 3)), differences: lateOnes(everyone(20, 25), everyone(0, 3)),
				outcomes: audience.Outcomes{Unchanged: 17, Updated: 5}, removed: 3, sent: 16,
				explanation: []string{"Hello Charles: 5" + notVisible, "Hello Charles: 3" + stillVisible},
				summary:     "The segment lists 20 contacts: of 22 expected references 5 are not in it, and 0 of its contacts are not ours. 3 who left the audience are still in the segment.",
			}),
		},
		{
			name: "contact that is dropped each time", stuck: true, faults: losing(0),
			first: compared(activities.TypeVerdictUnexplained, 20, audience.Comparison{Listed: 19, Found: 19, NotVisible: 1}, proof{
				number: 2, earlier: lateOnes([]int{0}, nil), differences: lateOnes([]int{0}, nil),
				outcomes: audience.Outcomes{Unchanged: 19, Created: 1}, sent: 21,
				explanation: []string{oneNotVisible},
				summary:     "The segment lists 19 contacts: of 20 expected references 1 is not in it, and 0 of its contacts are not ours.",
			}),
			fifth: compared(activities.TypeVerdictUnexplained, 20, audience.Comparison{Listed: 20, Found: 19, NotVisible: 1, StillVisible: 1}, proof{
				members: everyone(1, 21), number: 6, earlier: lateOnes([]int{20}, []int{0}), differences: lateOnes([]int{20}, []int{0}),
				outcomes: audience.Outcomes{Unchanged: 19, Created: 1}, removed: 1, sent: 4,
				explanation: []string{oneNotVisible, oneStillVisible},
				summary:     "The segment lists 20 contacts: of 20 expected references 1 is not in it, and 0 of its contacts are not ours. 1 who left the audience is still in the segment.",
			}),
		},
		{
			name: "foreign member present", stuck: true,
			meanwhile: meanwhile{http.MethodPost, contactsPath, 0, addForeign},
			first: compared(activities.TypeVerdictUnexplained, 20, audience.Comparison{Listed: 23, Found: 20, Foreign: 1, OfOthers: 1, Unreferenced: 1}, proof{
				differences: differing(ledger.DifferenceForeign, 999), outcomes: audience.Outcomes{Created: 20}, sent: 20,
				explanation: []string{"Hello Charles: 3 contacts are in the segment that the ledger does not hold as marked (foreign): 1 with a reference of ours, 1 of other systems, 1 without any"},
				summary:     "The segment lists 23 contacts: of 20 expected references 0 are not in it, and 3 of its contacts are not ours.",
			}),
			fifth: compared(activities.TypeVerdictUnexplained, 21, audience.Comparison{Listed: 24, Found: 21, Foreign: 1, OfOthers: 1, Unreferenced: 1}, proof{
				members: everyone(0, 21), differences: differing(ledger.DifferenceForeign, 999), outcomes: audience.Outcomes{Unchanged: 20, Created: 1}, sent: 1,
				explanation: []string{"Hello Charles: 3 contacts are in the segment that the ledger does not hold as marked (foreign): 1 with a reference of ours, 1 of other systems, 1 without any"},
				summary:     "The segment lists 24 contacts: of 21 expected references 0 are not in it, and 3 of its contacts are not ours.",
			}),
		},
		{
			name: "foreign member present before the first run, and ignored", stuck: true, good: audience.Explained,
			begin: func(t *testing.T, w *world) {
				t.Helper()
				addForeign(w)
				w.tell(t, mirror(t), func(o beginning.Options) error {
					_, err := beginning.Ignore(t.Context(), o)
					return err
				})
			},
			first: compared("", 20, audience.Comparison{Listed: 23, Found: 20, Foreign: 1, OfOthers: 1, Unreferenced: 1}, proof{
				differences: differing(ledger.DifferenceForeign, 999), outcomes: audience.Outcomes{Created: 20}, sent: 20,
				explanation: []string{"Hello Charles: 3 contacts are in the segment that are not ours; 3 were there before the first run"},
				summary:     "All 20 members are in the segment. The segment holds 3 more; 3 others were there before the first run.",
			}),
			// One more than were there.
			fifth: compared(activities.TypeVerdictUnexplained, 20, audience.Comparison{Listed: 24, Found: 20, Foreign: 2, OfOthers: 1, Unreferenced: 1}, proof{
				before: func(w *world) { w.addMarked("zeotap", someone(998)) }, differences: differing(ledger.DifferenceForeign, 998, 999),
				outcomes: audience.Outcomes{Unchanged: 20},
				explanation: []string{
					"Hello Charles: 4 contacts are in the segment that the ledger does not hold as marked (foreign): 2 with a reference of ours, 1 of other systems, 1 without any" +
						"; 3 were there before the first run and are not ours",
				},
				summary: "The segment lists 24 contacts: of 20 expected references 0 are not in it, and 4 of its contacts are not ours.",
			}),
		},
		{
			name: "merged contacts", stuck: true, world: []func(*settings){func(s *settings) { s.simulator.Charles.StitchEmail = true }},
			first: compared("", 20, audience.Comparison{Listed: 18, Found: 20, Merged: 2}, proof{
				family: []int{17, 18, 19}, differences: mergedOnes([]int{17, 18}, []int{18, 19}), fields: map[string]int64{"phone": 2}, outcomes: audience.Outcomes{Created: 18, Updated: 2}, sent: 20,
				explanation: []string{"Hello Charles: of 20" + changedPhones, sharedContacts},
				summary:     "All 20 members are in the segment. Of 20 contacts read back 2 do not hold any more what was sent earlier.",
			}),
			fifth: compared("", 22, audience.Comparison{Listed: 20, Found: 22, Merged: 2}, proof{
				members: everyone(0, 22), family: []int{5, 20, 21}, differences: mergedOnes([]int{5, 20}, []int{20, 21}), fields: map[string]int64{"phone": 2},
				outcomes: audience.Outcomes{Unchanged: 20, Updated: 2}, sent: 2,
				explanation: []string{"Hello Charles: of 22" + changedPhones, sharedContacts},
				summary:     "All 22 members are in the segment. Of 22 contacts read back 2 do not hold any more what was sent earlier.",
			}),
		},
		{
			// After the requests were answered, before the segment is counted.
			name: "erased contact", stuck: true, world: []func(*settings){erasing},
			meanwhile: meanwhile{http.MethodHead, segmentPath, 1, func(w *world) { w.Erase(someone(4)) }},
			// No proof has seen it, so nobody can tell it from one that was lost.
			first: allOf(20, proof{
				number: 2, earlier: differing(ledger.DifferenceNotVisible, 4), outcomes: audience.Outcomes{Unchanged: 19, Created: 1}, sent: 21, whole: []int{4},
			}),
			fifth: compared(activities.TypeVerdictOutside, 21, audience.Comparison{Listed: 20, Found: 20, Gone: 1}, proof{
				members: everyone(0, 21), differences: differing(ledger.DifferenceGone, 4), absent: []int{4},
				outcomes: audience.Outcomes{Unchanged: 20, Created: 1}, sent: 1,
				explanation: []string{
					"Hello Charles: 1 reference was in the segment and is not any more (gone); it is left alone: run --recreate would bring it back",
					"gone: 1 of 21 is more than accept.gone allows (0%)",
				},
				summary: "20 of 21 are in the segment; 1 is not, for 1 reason.",
			}),
		},
	}
}

// compared is a run that ends so, and counts as many contacts as it lists.
func compared(fails string, expected int64, found audience.Comparison, p proof) proof {
	p.verdict = audience.Explained
	if fails == activities.TypeVerdictUnexplained {
		p.verdict = audience.Unexplained
	}
	p.fails, p.evidence, p.expected, p.counted, p.comparison = fails, audience.EvidenceCompared, expected, found.Listed, &found
	return p
}

// closedSegments cannot be counted, or not be listed.
func closedSegments() []behaviour {
	lacking := func(p proof, why string) proof {
		p.verdict, p.evidence, p.counted, p.explanation = audience.Unverifiable, audience.EvidenceNone, uncounted, []string{noCount, why}
		return p
	}
	first := proof{
		expected: 20, outcomes: audience.Outcomes{Created: 20}, sent: 20,
		summary: "20 of 20 were accepted by Hello Charles; whether they are in the segment is not known, because there is no count.",
	}
	fifth := proof{
		members: everyone(1, 22), expected: 21, outcomes: audience.Outcomes{Unchanged: 19, Created: 2}, removed: 1, sent: 3,
		summary: "21 of 21 were accepted by Hello Charles; whether they are in the segment is not known, because there is no count.",
	}
	numbers := func(p proof) proof {
		p.verdict, p.evidence, p.counted, p.notCompared = audience.Equal, audience.EvidenceCounted, p.expected, mayNotList
		p.summary = "All " + audience.Thousands(p.expected) + " members are in the segment. Only numbers were compared, not contact by contact."
		return p
	}
	return []behaviour{
		{
			name: "header missing", faults: simulator.Faults{Preview: faults.Preview{NoCount: true}},
			first: lacking(first, noHeader), fifth: lacking(fifth, noHeader),
		},
		{
			name: "count forbidden", faults: simulator.Faults{Rules: []faults.Rule{{
				Match: faults.Match{Side: faults.Charles, Method: http.MethodHead, Path: segmentPath}, Do: faults.Status, Status: http.StatusForbidden,
			}}},
			first: lacking(first, mayNotCount), fifth: lacking(fifth, mayNotCount),
		},
		{
			name: "listing forbidden", faults: simulator.Faults{Preview: faults.Preview{Forbidden: true}},
			first: numbers(first), fifth: numbers(fifth),
		},
	}
}

func seconds(n float64) faults.Duration { return faults.Duration(n * float64(time.Second)) }

func counting(counts faults.Counts) simulator.Faults { return simulator.Faults{Counts: &counts} }

// losing drops requests for 0 and 20 in silence: the first ones, or all of them.
func losing(attempts int) simulator.Faults {
	return simulator.Faults{Lose: []faults.Selection{{References: []string{someone(0), someone(20)}, Attempts: attempts}}}
}

// lateOnes have not come, or not gone.
func lateOnes(members, leavers []int) []ledger.Difference {
	return slices.Concat(differing(ledger.DifferenceNotVisible, members...), differing(ledger.DifferenceStillVisible, leavers...))
}

// mergedOnes do not hold their phone number any more, or share a contact with another.
func mergedOnes(changed, merged []int) []ledger.Difference {
	return slices.Concat(differing(ledger.DifferenceChangedSince, changed...), differing(ledger.DifferenceMerged, merged...))
}

// addForeign puts contacts into the segment that no run brought: one with a reference
// of ours, one of a shop, and one without any.
func addForeign(w *world) {
	w.addMarked("zeotap", someone(999))
	w.addMarked("shop", "s1")
	w.addMarked("", "")
}

func TestEverySegmentIsProvedForWhatItIs(t *testing.T) {
	t.Parallel()
	for _, b := range behaviours() {
		if b.good == "" {
			b.good = audience.Equal
		}
		t.Run(b.name+", first run", func(t *testing.T) {
			t.Parallel()
			p := b.first
			p.number = max(p.number, 1)
			require.Empty(t, p.members)
			p.members = everyone(0, 20)
			b.check(t, b.after(t, 0), p)
		})
		t.Run(b.name+", fifth run", func(t *testing.T) {
			t.Parallel()
			p := b.fifth
			p.number = max(p.number, 5)
			if p.members == nil {
				p.members = everyone(0, 20)
			}
			b.check(t, b.after(t, 4), p)
		})
	}
}
