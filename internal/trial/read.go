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
		for _, member := range page.Members {
			read++
			if enough, err := use(member); enough || err != nil {
				return read, audience.Completeness{Complete: true}, err
			}
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

// NoMemberError says that nobody in the audience has the reference that was
// asked for.
type NoMemberError struct{ text string }

// Error implements error.
func (e *NoMemberError) Error() string { return e.text }
