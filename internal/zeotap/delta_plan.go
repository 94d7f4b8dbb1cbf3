package zeotap

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"time"

	"audiencesync/internal/ledger"
)

// step is the next thing to do before a snapshot can be taken; nil is nothing.
type step struct {
	do func(ctx context.Context) error
}

// planning is the choice of a step.
type planning struct {
	*delta

	id    string
	state *ledger.ExportState
	sets  []deltaSet
	// last was begun last; nil at the start.
	last *ledger.ExportSet
}

// anotherFull is the remedy where nothing else helps.
const anotherFull = "have Zeotap send the whole audience again, under a name that deltas.words.full matches"

// plan says what comes next, given what was applied and what is there.
func (d *delta) plan(ctx context.Context, id string, state *ledger.ExportState, sets []deltaSet) (step, error) {
	p := planning{delta: d, id: id, state: state, sets: sets, last: state.Last()}
	if p.last == nil {
		return p.first(ctx)
	}
	why, onlyFields := p.mismatch()
	useless := why != "" && !onlyFields
	if next, err := p.newestFull(ctx, p.isNewer); next.do != nil || err != nil {
		return next, err
	}
	if useless {
		return p.rebuild(why)
	}
	for _, find := range []func(context.Context) (step, error){p.repeated, p.resume, p.following} {
		if next, err := find(ctx); next.do != nil || err != nil {
			return next, err
		}
	}
	if why != "" {
		return p.rebuild(why)
	}
	return step{}, nil
}

// mismatch says why what was applied is of no use as it is.
func (p planning) mismatch() (why string, onlyFields bool) {
	now := p.basis()
	for i := range p.state.Sets {
		reason, fields := now.mismatch(p.state.Sets[i].Basis)
		if reason != "" && !fields {
			return reason, false
		}
		if why == "" {
			why, onlyFields = reason, fields
		}
	}
	return why, onlyFields
}

// isNewer reports whether a set follows all that was applied. Places are no
// help when pattern orders sets in another way than before.
func (p planning) isNewer(set deltaSet) bool {
	if p.basis().Sequence != sequenceIn(p.last.Basis) {
		return set.newest().After(p.last.AsOf)
	}
	return set.place > p.last.Place
}

// newestFull finds a full set that replaces all that was applied: whatever is
// older need not be there.
func (p planning) newestFull(ctx context.Context, among func(deltaSet) bool) (step, error) {
	for _, set := range slices.Backward(p.sets) {
		if !set.full() || !among(set) {
			continue
		}
		ready, _, err := p.ready(ctx, p.id, set)
		if err != nil {
			return step{}, err
		}
		if ready {
			return p.begin(set, wholeAudience), nil
		}
	}
	return step{}, nil
}

// first begins with the newest full set, or with the oldest set there is.
func (p planning) first(ctx context.Context) (step, error) {
	if len(p.sets) == 0 {
		return step{}, p.nothing(p.id)
	}
	if next, err := p.newestFull(ctx, func(deltaSet) bool { return true }); next.do != nil || err != nil {
		return next, err
	}
	oldest := p.sets[0]
	ready, why, err := p.ready(ctx, p.id, oldest)
	switch {
	case err != nil:
		return step{}, err
	case !ready:
		return step{}, p.late(oldest.of(p.id), "the first set is not complete: "+why, oldest.newest())
	default:
		return p.begin(oldest, mustBeWhole), nil
	}
}

// repeated looks for sets that were applied and were written again since, and for
// old ones that nobody knows.
func (p planning) repeated(ctx context.Context) (step, error) {
	base := p.state.Sets[0]
	for _, set := range p.sets {
		if set.place > p.last.Place || set.place < base.Place {
			continue
		}
		at := slices.IndexFunc(p.state.Sets, func(applied ledger.ExportSet) bool { return applied.Name == string(set.fileSetName) })
		if at < 0 {
			if ready, _, err := p.ready(ctx, p.id, set); err != nil || !ready {
				if err != nil {
					return step{}, err
				}
				continue
			}
			return step{}, p.broken(set.of(p.id), "it came after the set %s was applied, and belongs before it; to apply it now could bring back who has left: "+
				"remove it if nobody needs it, or %s", p.last.Name, anotherFull)
		}
		was, err := parseFiles(p.state.Sets[at].Files)
		if err != nil {
			return step{}, fmt.Errorf("files of set %s in the ledger: %w", p.state.Sets[at].Name, err)
		}
		if changed := differing(was, set.files); len(changed) > 0 {
			return step{func(ctx context.Context) error { return p.compare(ctx, p.id, p.state, at, was, changed) }}, nil
		}
	}
	return step{}, nil
}

// resume goes on with the set that is being applied.
func (p planning) resume(context.Context) (step, error) {
	if p.last.Applied {
		return step{}, nil
	}
	was, err := parseFiles(p.last.Files)
	if err != nil {
		return step{}, fmt.Errorf("files of set %s in the ledger: %w", p.last.Name, err)
	}
	at := slices.IndexFunc(p.sets, func(set deltaSet) bool { return string(set.fileSetName) == p.last.Name })
	for _, file := range was {
		if at < 0 || !slices.ContainsFunc(p.sets[at].files, func(f deltaFile) bool { return f.Key == file.Key }) {
			return step{}, p.broken(fileSetName(p.last.Name).of(p.id), "it was applied in part, and its file %s is no longer there; put it back, or %s", file.Key, anotherFull)
		}
	}
	return step{func(ctx context.Context) error { return p.apply(ctx, p.id, p.state, was) }}, nil
}

// following begins the set that follows, or says that it is late.
func (p planning) following(ctx context.Context) (step, error) {
	at := slices.IndexFunc(p.sets, func(set deltaSet) bool { return set.place > p.last.Place })
	if at < 0 {
		return step{}, nil
	}
	set, later := p.sets[at], p.sets[at+1:]
	if missing := p.gap(set); missing != "" {
		return step{}, p.late(set.of(p.id), fmt.Sprintf("%s was applied last, and %s before this one", "the set "+p.last.Name, missing), set.newest())
	}
	ready, why, err := p.ready(ctx, p.id, set)
	if err != nil {
		return step{}, err
	}
	if ready {
		return p.begin(set, changesOrWhole), nil
	}
	text := "the set is not complete: " + why
	if time.Since(set.newest()) >= p.settings.Deltas.LateAfter.D() {
		return step{}, p.late(set.of(p.id), text, set.newest())
	}
	// Nobody waits for the newest set: what was complete before it is a version of
	// the audience. A later one cannot be applied without it.
	for _, after := range later {
		if ready, _, err = p.ready(ctx, p.id, after); err != nil || ready {
			if err != nil {
				return step{}, err
			}
			return step{}, p.late(set.of(p.id), text, set.newest())
		}
	}
	return step{}, nil
}

// gap names the sets that are missing before a set; empty if there are none.
func (p planning) gap(set deltaSet) string {
	if !p.basis().Sequence {
		return ""
	}
	applied, errApplied := strconv.ParseInt(p.last.Place, 10, 64)
	next, errNext := strconv.ParseInt(set.place, 10, 64)
	switch missing := next - applied - 1; {
	case errApplied != nil || errNext != nil || missing <= 0:
		return ""
	case missing == 1:
		return fmt.Sprintf("number %d is missing", applied+1)
	default:
		return fmt.Sprintf("numbers %d to %d are missing", applied+1, next-1)
	}
}

// late waits for a set, and fails when it has waited too long.
func (p planning) late(place, what string, since time.Time) error {
	waited := time.Since(since)
	after := p.settings.Deltas.LateAfter.D()
	said := fmt.Sprintf("%s, since %s", what, since.Format(time.RFC3339))
	if waited < after {
		return &Error{
			Kind: NotSettled, Connection: p.name, Place: place,
			Text: fmt.Sprintf("%s; wait for it: until %s (deltas.late_after)", said, since.Add(after).Format(time.RFC3339)),
		}
	}
	return p.broken(place, "%s, which is longer than %s (deltas.late_after): have Zeotap deliver what is missing, or %s",
		said, after, anotherFull)
}

// rebuild applies everything again from the full set on, if it is all there.
func (p planning) rebuild(why string) (step, error) {
	base := -1
	for _, applied := range p.state.Sets {
		was, err := parseFiles(applied.Files)
		if err != nil {
			return step{}, fmt.Errorf("files of set %s in the ledger: %w", applied.Name, err)
		}
		at := slices.IndexFunc(p.sets, func(set deltaSet) bool { return string(set.fileSetName) == applied.Name })
		if at < 0 || len(p.sets[at].files) != len(was) || len(differing(was, p.sets[at].files)) > 0 {
			return step{}, p.broken("audience "+p.id, "the members that were read before cannot be used: %s; and the set %s that they came from is no longer there as it was: "+
				"put it back, or %s", why, applied.Name, anotherFull)
		}
		if base < 0 {
			base = at
		}
	}
	return p.begin(p.sets[base], wholeAudience), nil
}

// expectation is what a set has to be.
type expectation int

const (
	// changesOrWhole: its records say which.
	changesOrWhole expectation = iota
	// wholeAudience: it is known to be the whole audience.
	wholeAudience
	// mustBeWhole: nothing was applied before.
	mustBeWhole
)

func (p planning) begin(set deltaSet, expected expectation) step {
	return step{func(ctx context.Context) error { return p.check(ctx, p.id, p.state, set, expected) }}
}
