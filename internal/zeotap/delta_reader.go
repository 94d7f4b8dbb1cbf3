package zeotap

import (
	"context"
	"errors"
	"fmt"
	"strconv"

	"audiencesync/internal/audience"
	"audiencesync/internal/ledger"
)

// deltaReader pages over the members that the ledger keeps. A cursor is the
// number of the member before.
type deltaReader struct {
	source   *delta
	audience string
	token    deltaToken
}

// Page implements Reader.
func (r *deltaReader) Page(ctx context.Context, at audience.Cursor) (audience.Page, error) {
	var after int64
	if at != "" {
		var err error
		if after, err = strconv.ParseInt(string(at), 10, 64); err != nil || after < 0 {
			return audience.Page{}, r.changed("the stored cursor is not of this source; the connection was changed while a run was reading: start a new run")
		}
	}
	members, next, last, err := r.source.kept.Ledger.Page(ctx, r.token.Version, after, r.source.settings.PageSize, pageBytes)
	if errors.Is(err, ledger.ErrMoved) {
		return audience.Page{}, r.changed("another set was applied after the snapshot was opened; start a new run")
	}
	if err != nil {
		return audience.Page{}, err
	}
	return audience.Page{Members: members, Next: audience.Cursor(strconv.FormatInt(next, 10)), Last: last}, nil
}

// Finish implements Reader: the read is complete when nothing was applied
// meanwhile and every member was read.
func (r *deltaReader) Finish(ctx context.Context, read int64) (audience.Completeness, error) {
	state, err := r.source.kept.Ledger.State(ctx)
	if err != nil {
		return audience.Completeness{}, err
	}
	switch last := state.Last(); {
	case state.Version != r.token.Version || last == nil || !last.Applied:
		return audience.Completeness{Why: "another set was applied while the members were read; start a new run"}, nil
	case read != r.token.Members:
		return audience.Completeness{Why: fmt.Sprintf("the ledger keeps %s members and %s were read; start a new run",
			audience.Thousands(r.token.Members), audience.Thousands(read))}, nil
	default:
		return audience.Completeness{Complete: true}, nil
	}
}

// Close implements Reader: nothing is held.
func (r *deltaReader) Close() error { return nil }

func (r *deltaReader) changed(text string) error {
	return &Error{Kind: SnapshotChanged, Connection: r.source.name, Place: "audience " + r.audience, Text: text}
}
