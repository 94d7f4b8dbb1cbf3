package beginning

import (
	"context"
	"errors"
	"fmt"

	"audiencesync/internal/audience"
	"audiencesync/internal/hellocharles"
	"audiencesync/internal/preflight"
	"audiencesync/internal/trial"
	"audiencesync/internal/vendorhttp"
)

// Adopted is what an adoption came to.
type Adopted struct {
	Sync      string `json:"sync"`
	Workspace string `json:"workspace"`
	Segment   string `json:"segment,omitempty"`
	// Listed contacts of the segment, or lines of the file, were looked at.
	Listed int64 `json:"listed"`
	// Members are the references that are members of the sync now, New of them were
	// not before.
	Members int64 `json:"members"`
	New     int64 `json:"new"`
	// Merged contacts have several references, and Repeated references came again.
	Merged   int64 `json:"merged,omitempty"`
	Repeated int64 `json:"repeated,omitempty"`
	// OfOthers have references of other source types only, Unreferenced have none.
	OfOthers     int64 `json:"of_others"`
	Unreferenced int64 `json:"unreferenced"`
	// SpelledOtherwise of the members' references are not as the sync spells them: no
	// member of the audience has them.
	SpelledOtherwise int64 `json:"spelled_otherwise,omitempty"`
	// Counted is the segment's count afterwards, nil where it cannot be had; Why says
	// why.
	Counted *int64 `json:"counted"`
	Why     string `json:"why,omitempty"`
	// NotOurs of the segment's contacts were there before us and are no members: so
	// many more than expected may be counted from now on.
	NotOurs int64 `json:"not_ours"`
	// Moved says that the segment changed while it was listed.
	Moved bool `json:"moved,omitempty"`
}

// together is how many references one transaction takes.
const together = 5000

// adoption is an Adopt in the making.
type adoption struct {
	*teller
	normalise func(string) (string, error)
	done      Adopted
	waiting   []string
	begun     bool
}

func newAdoption(ctx context.Context, o Options) (*adoption, error) {
	t, err := newTeller(ctx, o)
	if err != nil {
		return nil, err
	}
	normalise, err := preflight.Normaliser(o.Spec)
	if err != nil {
		return nil, err
	}
	return &adoption{teller: t, normalise: normalise, done: Adopted{
		Sync: o.Spec.Sync, Workspace: t.opening.Workspace, Segment: o.Spec.Verification.Segment,
	}}, nil
}

// Adopt lists the segment, and records its contacts of the workspace's source type
// as members of the sync. It may be repeated, and goes on where it was broken off.
func Adopt(ctx context.Context, o Options) (Adopted, error) {
	if o.Spec.Verification.Segment == "" {
		return Adopted{}, &RefusedError{"the sync names no segment whose contacts could be listed: set verification.segment, or give the references in a file (--members-file)"}
	}
	a, err := newAdoption(ctx, o)
	if err != nil {
		return Adopted{}, err
	}
	nothing := a.done
	err = trial.Patiently(ctx, o.Say, func() error {
		added := a.done.New // What is recorded is recorded.
		a.done, a.waiting = nothing, nil
		a.done.New = added
		return a.list(ctx)
	})
	if err != nil {
		return Adopted{}, withFileHint(err)
	}
	a.done.NotOurs = a.done.OfOthers + a.done.Unreferenced
	return a.end(ctx)
}

// withFileHint adds to a listing that is not to be had that there is another way.
func withFileHint(err error) error {
	if vendor, ok := errors.AsType[*vendorhttp.Error](err); ok {
		switch vendor.Kind {
		case vendorhttp.Unauthorized, vendorhttp.Forbidden, vendorhttp.NotFound, vendorhttp.Unreadable:
			return fmt.Errorf("%w; where the segment cannot be listed, export its contacts in the app and name the file with --members-file", err)
		}
	}
	return err
}

func (a *adoption) list(ctx context.Context) error {
	read, err := a.sync.Workspace.API.SegmentMembers(ctx, a.Spec.Verification.Segment, func(members []hellocharles.SegmentMember) error {
		for _, member := range members {
			for _, reference := range member.References {
				if err := a.take(ctx, reference); err != nil {
					return err
				}
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	a.done.Listed, a.done.Merged, a.done.OfOthers, a.done.Unreferenced = read.Contacts, read.Merged, read.OfOthers, read.Unreferenced
	a.done.Counted, a.done.Moved = &read.CountedAfter, !read.Steady()
	return nil
}

// take takes one reference as Hello Charles spells it: under no other would the
// contact be found again.
func (a *adoption) take(ctx context.Context, reference string) error {
	a.done.Members++
	if spelled, err := a.normalise(reference); err != nil || spelled != reference {
		a.done.SpelledOtherwise++
	}
	a.waiting = append(a.waiting, reference)
	if len(a.waiting) < together {
		return nil
	}
	return a.record(ctx)
}

// record records what waits.
func (a *adoption) record(ctx context.Context) error {
	if err := a.begin(ctx); err != nil || len(a.waiting) == 0 {
		return err
	}
	added, err := a.Pool.Ledger.Adopt(ctx, a.Spec.Sync, a.waiting)
	if err != nil {
		return err
	}
	a.done.New += added
	a.waiting = a.waiting[:0]
	a.Say(fmt.Sprintf("%s recorded", contacts(a.done.Members)))
	return nil
}

// begin begins, unless most of what comes first is spelled otherwise than the sync
// spells references: the first run would unmark all and bring all again.
func (a *adoption) begin(ctx context.Context) error {
	if a.begun {
		return nil
	}
	if a.done.SpelledOtherwise*2 > a.done.Members {
		return &RefusedError{fmt.Sprintf(
			"of the first %s references of the segment %s are not spelled as this sync spells them (reference: %s as %s), so hardly a member of the audience would be known again; "+
				"set reference.from and reference.normalise to what Hello Charles holds (e164: +4915112345678, digits: 4915112345678, raw: as it is), or leave those contacts alone: audiencesync ignore",
			audience.Thousands(a.done.Members), audience.Thousands(a.done.SpelledOtherwise), a.Spec.Reference.Describe(), a.Spec.Reference.Normalise)}
	}
	if err := a.Pool.Ledger.BeginAdoption(ctx, a.opening); err != nil {
		return err
	}
	a.begun = true
	return nil
}

// end records the rest, and that this is all.
func (a *adoption) end(ctx context.Context) (Adopted, error) {
	if err := a.record(ctx); err != nil {
		return Adopted{}, err
	}
	return a.done, a.Pool.Ledger.EndAdoption(ctx, a.opening, a.done.NotOurs)
}
