package trial

import (
	"context"
	"errors"
	"fmt"
	"time"

	"audiencesync/internal/audience"
	"audiencesync/internal/zeotap"
)

// sayEvery is how often a long read tells how far it is.
const sayEvery = 10 * time.Second

// each reads the audience from its beginning until use has enough. read is the
// number of members that use got; whether the audience had more to give is for
// completeness to say.
func (o Options) each(ctx context.Context, use func(audience.Member) (enough bool, err error)) (read int64, ended audience.Completeness, err error) {
	return o.pages(ctx, func(members []audience.Member) (int, bool, error) {
		for i, member := range members {
			if enough, err := use(member); enough || err != nil {
				return i + 1, true, err
			}
		}
		return len(members), false, nil
	})
}

// pages is each for whole pages; use says how many of their members it took.
func (o Options) pages(ctx context.Context, use func([]audience.Member) (took int, enough bool, err error)) (read int64, ended audience.Completeness, err error) {
	reader, err := o.reader(ctx)
	if err != nil {
		return 0, ended, err
	}
	defer func() { err = errors.Join(err, reader.Close()) }()
	said := time.Now()
	for cursor := audience.Cursor(""); ; {
		var page audience.Page
		err := Patiently(ctx, o.Say, func() (err error) {
			page, err = reader.Page(ctx, cursor)
			return err
		})
		if err != nil {
			return read, ended, err
		}
		took, enough, err := use(page.Members)
		read += int64(took)
		if enough || err != nil {
			return read, audience.Completeness{Complete: true}, err
		}
		if page.Last {
			ended, err = reader.Finish(ctx, read)
			return read, ended, err
		}
		cursor = page.Next
		if time.Since(said) >= sayEvery {
			said = time.Now()
			o.Say(fmt.Sprintf("still reading: %s members so far", audience.Thousands(read)))
		}
	}
}

func (o Options) reader(ctx context.Context) (reader zeotap.Reader, err error) {
	source, err := o.Pool.Source(o.Spec)
	if err != nil {
		return nil, err
	}
	err = Patiently(ctx, o.Say, func() error {
		snapshot, err := source.Open(ctx, o.Spec.Audience.ID)
		if err != nil {
			return err
		}
		reader, err = source.Reader(ctx, snapshot)
		return err
	})
	return reader, err
}

// Sample reads the first members of an audience, at most so many. Of the spec only
// source and audience count, so that a sync may still be in the making.
func Sample(ctx context.Context, o Options, most int) (members []audience.Member, ended audience.Completeness, err error) {
	_, ended, err = o.each(ctx, func(member audience.Member) (bool, error) {
		members = append(members, member)
		return len(members) >= most, nil
	})
	return members, ended, err
}

// Find returns the first member of the audience with a normalised reference: a
// run takes that one, too.
func (t *Trial) Find(ctx context.Context, reference string) (found audience.Member, read int64, err error) {
	var without int64
	read, ended, err := t.options.each(ctx, func(member audience.Member) (bool, error) {
		has, rejected := t.Sync.Mapper.Reference(t.Sync.Mapper.Mapped(member))
		switch {
		case rejected != nil:
			without++
		case has == reference:
			found = member
		}
		return found != nil, nil
	})
	switch {
	case err != nil:
		return nil, read, err
	case found != nil:
		return found, read, nil
	}
	text := fmt.Sprintf("no member of audience %s has this reference: %s members were read, of whom %s have no usable one",
		t.Sync.Spec.Audience.ID, audience.Thousands(read), audience.Thousands(without))
	if !ended.Complete {
		text += "; the read was not complete: " + ended.Why
	}
	return nil, read, &NoMemberError{text}
}

// FindAt returns the member that stands at a place of the audience as it is now: the
// number of its page, and its own in it, both from 1 on.
func (t *Trial) FindAt(ctx context.Context, page, position int64) (found audience.Member, err error) {
	var at, here int64
	read, _, err := t.options.pages(ctx, func(members []audience.Member) (int, bool, error) {
		if at++; at < page {
			return len(members), false, nil
		}
		if here = int64(len(members)); position <= here {
			found = members[position-1]
		}
		return len(members), true, nil
	})
	switch {
	case err != nil || found != nil:
		return found, err
	case at < page:
		return nil, &NoMemberError{fmt.Sprintf("audience %s has no page %d now: %s members in %d pages were read", t.Sync.Spec.Audience.ID, page, audience.Thousands(read), at)}
	default:
		return nil, &NoMemberError{fmt.Sprintf("page %d of audience %s has no member %d now: it holds %s members", page, t.Sync.Spec.Audience.ID, position, audience.Thousands(here))}
	}
}

// NoMemberError says that nobody in the audience has the reference, or stands at the
// place, that was asked for.
type NoMemberError struct{ text string }

// Error implements error.
func (e *NoMemberError) Error() string { return e.text }
