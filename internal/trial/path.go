package trial

import (
	"context"
	"errors"
	"slices"
	"time"

	"audiencesync/internal/audience"
	"audiencesync/internal/config"
	"audiencesync/internal/hellocharles"
	"audiencesync/internal/ledger"
	"audiencesync/internal/mapping"
	"audiencesync/internal/readback"
)

// Path is the way of one member from the source to Hello Charles. It is contact
// data.
type Path struct {
	// Mapped are the fields of the member that the mapping or the filter uses.
	Mapped audience.Member
	// Others are the fields that neither of them uses, as the source gives them.
	Others audience.Member
	Trace  mapping.Trace
	// Stops are labels of the member for which the mapping says that no run sends
	// anything.
	Stops []audience.Withheld
	// Protected says that the request names no phone number and no email address: Hello
	// Charles has confirmed the contact, keeps what a request does not name, and a
	// contact that was erased meanwhile is not to be reachable again. A run names them
	// in a second request when they have changed.
	Protected bool
	// Request is what the contact is sent with, alone; nil when it is not sent,
	// or when NoRequest says why there is none.
	Request   *hellocharles.Rendered
	NoRequest string
	// Unmark is what the next run takes the marker away with; nil unless it does.
	Unmark *hellocharles.Rendered
	// ForgottenAt is when the person was forgotten, whom no sync sends any more; zero
	// if it was not.
	ForgottenAt time.Time
	// HasRun says that the ledger knows the sync. History is what it holds of the
	// reference.
	HasRun  bool
	History ledger.ContactHistory
	// Held compares what Hello Charles holds with what would be sent.
	Held readback.Comparison
	// CannotRead says why contacts cannot be read back; empty if they can.
	CannotRead string
}

// Follow follows one member, and sends nothing.
func (t *Trial) Follow(ctx context.Context, member audience.Member) (Path, error) {
	mapper := t.Sync.Mapper
	p := Path{Mapped: mapper.Mapped(member), Trace: mapper.Trace(member)}
	p.Others = others(member, mapper.Fields())
	p.Stops = mapper.Unknown(p.Mapped)
	if err := t.lookForgotten(ctx, &p); err != nil {
		return p, err
	}
	if p.Trace.Contact != nil {
		rendered, protected, err := t.Render(ctx, Candidate{Contact: *p.Trace.Contact})
		p.Protected = protected
		switch {
		case ctx.Err() != nil:
			return p, ctx.Err()
		case err != nil:
			p.NoRequest = err.Error()
		default:
			p.Request = &rendered
		}
	}
	if p.Trace.Reference == "" {
		return p, nil
	}
	left := p.Trace.Excluded != nil || p.Trace.Rejected != nil && t.Sync.Spec.OnInvalid == config.InvalidRemove
	err := t.lookBack(ctx, &p, left)
	return p, err
}

// others are the fields of a member that have a value and are not mapped.
func others(member audience.Member, mapped []string) audience.Member {
	rest := audience.Member{}
	for name, value := range member {
		if value != nil && value != "" && !slices.Contains(mapped, name) {
			rest[name] = value
		}
	}
	return rest
}

// FollowLeaver follows a reference that no member of the audience has, and sends
// nothing. The path has no fields and no steps.
func (t *Trial) FollowLeaver(ctx context.Context, reference string) (Path, error) {
	p := Path{Trace: mapping.Trace{Reference: reference}}
	if err := t.lookForgotten(ctx, &p); err != nil {
		return p, err
	}
	err := t.lookBack(ctx, &p, true)
	return p, err
}

// lookForgotten excludes from a path who was forgotten, as a run does.
func (t *Trial) lookForgotten(ctx context.Context, p *Path) (err error) {
	if p.Trace.Reference == "" {
		return nil
	}
	p.ForgottenAt, err = t.options.Pool.Ledger.ForgottenAt(ctx, p.Trace.Reference)
	if !p.ForgottenAt.IsZero() {
		p.Trace.Contact, p.Trace.Excluded = nil, &mapping.Rejection{Reason: audience.Forgotten}
	}
	return err
}

// lookBack adds to a path what the ledger and Hello Charles hold of its reference.
// left says that a run counts it among those who left, if it is marked.
func (t *Trial) lookBack(ctx context.Context, p *Path, left bool) error {
	var err error
	p.History, err = t.options.Pool.Ledger.Outcomes(ctx, t.Sync.Spec.Sync, p.Trace.Reference)
	if err != nil && !errors.Is(err, ledger.ErrNotFound) {
		return err
	}
	p.HasRun = err == nil
	marked := p.History.Membership == ledger.MemberYes || p.History.Membership == ledger.MemberUnknown
	if left && marked && t.Sync.Spec.Mode == config.ModeMirror {
		rendered, err := t.Sync.Workspace.API.Render(ctx, t.Sync.Mapper.Unmark(p.Trace.Reference))
		if err != nil {
			return err
		}
		p.Unmark = &rendered
	}
	p.Held, err = t.compareTraced(ctx, p.Trace)
	if cannot, ok := errors.AsType[*readback.CannotReadError](err); ok {
		p.CannotRead = cannot.Error()
		return nil
	}
	return err
}

// compareTraced reads back what is held for the reference. A member that is not
// sent is compared with nothing.
func (t *Trial) compareTraced(ctx context.Context, trace mapping.Trace) (readback.Comparison, error) {
	if trace.Contact != nil {
		return t.Compare(ctx, *trace.Contact)
	}
	return t.held.Read(ctx, trace.Reference)
}
