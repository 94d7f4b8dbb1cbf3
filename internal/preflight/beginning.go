package preflight

import (
	"context"
	"fmt"

	"audiencesync/internal/audience"
	"audiencesync/internal/ledger"
)

// beginning finds that the segment is another one than before, or contacts in the segment
// of a sync that has sent nothing yet.
// Nobody but a person knows what they are.
func (i *inspection) beginning(ctx context.Context) error {
	b, err := i.Beginning(ctx)
	if err != nil {
		return err
	}
	if segment := i.Spec.Verification.Segment; segment != "" && b.Segment != "" && segment != b.Segment {
		i.note("verification.segment is %s, and the contacts of sync %s were seen in %s before: if that is not meant, correct it", segment, i.Spec.Sync, b.Segment)
	}
	if b.Settled() {
		return nil
	}
	switch {
	case b.Kind == ledger.BeginningAdopting:
		i.found.Beginning = fmt.Sprintf("the adoption of the contacts in the segment of sync %s was begun and not finished: %s", i.Spec.Sync, Remedies(i.Spec.Sync))
	case i.inSegment != nil && *i.inSegment > b.Held:
		i.found.Beginning = fmt.Sprintf(
			"sync %s has sent nothing by this ledger, which knows of %s, and its segment %s counts %s in Hello Charles: "+
				"Zeotap's own connector ran before, the ledger was lost, this is a new installation, the worker (or audiencesync up) was started in another folder than before, "+
				"or another sync marks the same; "+
				"those who are not in the audience would stay marked for ever, and no count could be explained; %s",
			i.Spec.Sync, contacts(b.Held), i.Spec.Verification.Segment, contacts(*i.inSegment), Remedies(i.Spec.Sync))
	default:
		return nil
	}
	i.note("%s", i.found.Beginning)
	return nil
}

// Remedies are the commands that say what the contacts in a segment are. How the file of
// the sync is called is known to who runs them.
func Remedies(sync string) string {
	return fmt.Sprintf(
		"say what they are, where the worker's ledger and connections file are, with the file of %s in place of SYNC.yaml: "+
			"\"audiencesync adopt SYNC.yaml\" records them as members of the sync, so that those who are not in the audience count as leavers; "+
			"\"audiencesync ignore SYNC.yaml\" records that they are not ours", sync)
}

func contacts(n int64) string {
	if n == 1 {
		return "1 contact"
	}
	return audience.Thousands(n) + " contacts"
}
