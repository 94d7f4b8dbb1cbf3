package activities

import (
	"context"
	"errors"
	"sync/atomic"

	"audiencesync/internal/audience"
	"audiencesync/internal/hellocharles"
	"audiencesync/internal/ledger"
	"audiencesync/internal/vendorhttp"
)

// CompareSegmentInput is the input of CompareSegment.
type CompareSegmentInput struct {
	Run RunRef `json:"run"`
}

// CompareSegmentResult is the result of CompareSegment.
type CompareSegmentResult struct {
	// Comparison is nil when the segment could not be listed; Why says why.
	Comparison *audience.Comparison `json:"comparison,omitempty"`
	Why        string               `json:"why,omitempty"`
}

// CompareSegment lists the contacts of the segment and compares them, reference by
// reference, with those that the ledger holds as marked. It holds bitmaps and one
// page of the list. A repeated call lists again.
func (a *Activities) CompareSegment(ctx context.Context, in CompareSegmentInput) (CompareSegmentResult, error) {
	var listed atomic.Int64
	defer keepAliveCounting(ctx, &listed)()
	result, err := a.compareSegment(ctx, in.Run, &listed)
	return result, fail(ctx, in.Run.Sync, err)
}

func (a *Activities) compareSegment(ctx context.Context, ref RunRef, listed *atomic.Int64) (CompareSegmentResult, error) {
	run, err := a.runs.get(ctx, ref)
	if err != nil {
		return CompareSegmentResult{}, err
	}
	comparing, err := a.ledger.Compare(ctx, ref)
	if err != nil {
		return CompareSegmentResult{}, err
	}
	read, err := run.workspace.API.SegmentMembers(ctx, run.spec.Verification.Segment, func(members []hellocharles.SegmentMember) error {
		contacts := make([]ledger.Listed, len(members))
		for i, member := range members {
			contacts[i] = ledger.Listed{References: member.References, OfOthers: len(member.OtherSources) > 0}
		}
		listed.Add(int64(len(members)))
		return comparing.Take(ctx, contacts)
	})
	if vendor, ok := errors.AsType[*vendorhttp.Error](err); ok {
		switch vendor.Kind {
		case vendorhttp.Unauthorized, vendorhttp.Forbidden, vendorhttp.NotFound, vendorhttp.Unreadable:
			return CompareSegmentResult{Why: vendor.Error()}, nil
		}
	}
	if err != nil {
		return CompareSegmentResult{}, err
	}
	comparison, err := comparing.End(ctx, !read.Steady())
	if err != nil {
		return CompareSegmentResult{}, err
	}
	return CompareSegmentResult{Comparison: &comparison}, nil
}
