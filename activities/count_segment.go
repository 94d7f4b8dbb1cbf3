package activities

import (
	"context"
	"errors"

	"audiencesync/internal/vendorhttp"
)

// CountSegmentInput is the input of CountSegment.
type CountSegmentInput struct {
	Run RunRef `json:"run"`
}

// CountSegmentResult is the result of CountSegment.
type CountSegmentResult struct {
	// Counted is nil when there is no count to be had; Why says why.
	Counted *int64 `json:"counted,omitempty"`
	Why     string `json:"why,omitempty"`
}

// CountSegment asks Hello Charles for the number of contacts in the segment.
func (a *Activities) CountSegment(ctx context.Context, in CountSegmentInput) (CountSegmentResult, error) {
	defer keepAlive(ctx)()
	result, err := a.countSegment(ctx, in.Run)
	return result, fail(ctx, in.Run.Sync, err)
}

func (a *Activities) countSegment(ctx context.Context, ref RunRef) (CountSegmentResult, error) {
	run, err := a.runs.get(ctx, ref)
	if err != nil {
		return CountSegmentResult{}, err
	}
	count, err := run.workspace.API.SegmentCount(ctx, run.spec.Verification.Segment)
	if vendor, ok := errors.AsType[*vendorhttp.Error](err); ok {
		switch vendor.Kind {
		case vendorhttp.Unauthorized, vendorhttp.Forbidden, vendorhttp.NotFound:
			return CountSegmentResult{Why: vendor.Error()}, nil
		}
	}
	if err != nil {
		return CountSegmentResult{}, err
	}
	return CountSegmentResult{Counted: &count}, nil
}

// ExpectSegmentInput is the input of ExpectSegment.
type ExpectSegmentInput struct {
	Run RunRef `json:"run"`
}

// ExpectSegment counts the references that the ledger holds as marked: what
// the segment should hold.
func (a *Activities) ExpectSegment(ctx context.Context, in ExpectSegmentInput) (int64, error) {
	defer keepAlive(ctx)()
	expected, err := a.ledger.Expected(ctx, in.Run)
	return expected.Marked, fail(ctx, in.Run.Sync, err)
}
