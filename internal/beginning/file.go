package beginning

import (
	"context"
	"errors"
	"hash/maphash"

	"audiencesync/internal/membersfile"
)

// AdoptFile records the references in a file as members of the sync, for a workspace
// whose key may not list. All of the file is read before anything is recorded; one
// bad line refuses it.
func AdoptFile(ctx context.Context, o Options, file membersfile.File) (Adopted, error) {
	a, err := newAdoption(ctx, o)
	if err != nil {
		return Adopted{}, err
	}
	if err := file.Each(a.check); err != nil {
		return Adopted{}, refusedFile(err)
	}
	seed, seen := maphash.MakeSeed(), map[uint64]struct{}{}
	err = file.Each(func(_ int, reference string) error {
		a.done.Listed++
		if reference == "" {
			a.done.Unreferenced++
			return nil
		}
		seen[maphash.String(seed, reference)] = struct{}{}
		return a.take(ctx, reference)
	})
	if err != nil {
		return Adopted{}, refusedFile(err)
	}
	if err := a.record(ctx); err != nil {
		return Adopted{}, err
	}
	a.done.Repeated = a.done.Members - int64(len(seen))
	a.done.Members = int64(len(seen))
	if a.done.Counted, a.done.Why, err = a.count(ctx); err != nil {
		return Adopted{}, err
	}
	a.done.NotOurs = a.done.Unreferenced
	if a.done.Counted != nil {
		a.done.NotOurs = max(*a.done.Counted-a.done.Members, 0)
	}
	return a.end(ctx)
}

// check refuses a line whose reference no contact of the sync can have. An empty
// cell of a table is a contact without a reference.
func (a *adoption) check(line int, reference string) error {
	if reference == "" {
		return nil
	}
	spelled, err := a.normalise(reference)
	switch {
	case err != nil:
		return membersfile.BadLine(line, "%w; every line holds one external reference id: a header, or other columns, need --column NAME", err)
	case spelled != reference:
		return membersfile.BadLine(line, "the reference is not spelled as this sync spells references (reference.normalise: %s); export the external reference id as Hello Charles holds it, "+
			"and not the phone number: a spreadsheet changes both", a.Spec.Reference.Normalise)
	}
	return nil
}

// refusedFile says of a file with a flaw that nothing was recorded.
func refusedFile(err error) error {
	flaw, ok := errors.AsType[*membersfile.Error](err)
	switch {
	case !ok:
		return err
	case flaw == membersfile.ErrEmpty:
		return &RefusedError{flaw.Text + "; for a segment without contacts of this sync use audiencesync ignore"}
	default:
		return &RefusedError{flaw.Text + "; nothing was recorded"}
	}
}
