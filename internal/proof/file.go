// Package proof proves a sync by a file that was exported in the Hello Charles app,
// where the key may neither list the segment nor count it. What it reads is contact
// data: it stays between the file, the ledger and whoever asked.
package proof

import (
	"context"
	"hash/maphash"
	"time"

	"audiencesync/internal/audience"
	"audiencesync/internal/config"
	"audiencesync/internal/ledger"
	"audiencesync/internal/membersfile"
)

// Proof is what a file has proved.
type Proof struct {
	audience.Report

	// Differences are up to 10,000 references of each kind.
	Differences []ledger.Difference `json:"differences"`
}

// together is how many contacts are compared by one query.
const together = 5000

// ByFile compares the contacts in a file with those that the ledger holds as marked for
// a sync. Nothing is written. A flaw in the file is a *membersfile.Error, a sync that
// the ledger does not know ledger.ErrNotFound.
func ByFile(ctx context.Context, l *ledger.Ledger, spec config.Sync, file membersfile.File) (*Proof, error) {
	started := time.Now().UTC()
	looking, err := l.LookInto(ctx, spec.Sync)
	if err != nil {
		return nil, err
	}
	beginning, err := l.Beginning(ctx, spec.Sync)
	if err != nil {
		return nil, err
	}
	repeated, err := take(ctx, looking, file)
	if err != nil {
		return nil, err
	}
	comparison, differences, err := looking.End(ctx)
	if err != nil {
		return nil, err
	}
	proof := &Proof{Differences: append([]ledger.Difference{}, differences...), Report: audience.Report{
		Sync: spec.Sync, Run: looking.Run, Verified: true, Audience: audience.Audience{ID: spec.Audience.ID, Name: spec.Audience.Name},
		Segment: audience.SegmentCount{
			ID: spec.Verification.Segment, Expected: comparison.Found + comparison.NotVisible + comparison.Gone, Before: beginning.NotOurs,
			Counted: &comparison.Listed, Evidence: audience.EvidenceFile, Comparison: &comparison,
		},
		StartedAt: started, FinishedAt: time.Now().UTC(),
	}}
	audience.Judge(&proof.Report, spec.Accept.Tolerance())
	if looking.Open {
		proof.Explanation = append(proof.Explanation, "a run is going, or was stopped and will be folded by the next one: what is marked may change")
	}
	if repeated > 0 {
		proof.Explanation = append(proof.Explanation, "file: "+audience.Thousands(repeated)+" lines repeat a reference; it counts once")
	}
	return proof, nil
}

// take gives the contacts of the file to the comparison, each reference once.
func take(ctx context.Context, looking *ledger.Looking, file membersfile.File) (repeated int64, err error) {
	seed, seen := maphash.MakeSeed(), map[uint64]struct{}{}
	contacts := make([]ledger.Listed, 0, together)
	err = file.Each(func(_ int, reference string) error {
		contact := ledger.Listed{}
		if reference != "" {
			digest := maphash.String(seed, reference)
			if _, again := seen[digest]; again {
				repeated++
				return nil
			}
			seen[digest] = struct{}{}
			contact.References = []string{reference}
		}
		if contacts = append(contacts, contact); len(contacts) < together {
			return nil
		}
		err := looking.Take(ctx, contacts)
		contacts = contacts[:0]
		return err
	})
	if err != nil {
		return 0, err
	}
	return repeated, looking.Take(ctx, contacts)
}
