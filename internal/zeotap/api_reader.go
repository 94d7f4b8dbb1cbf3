package zeotap

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strconv"

	"github.com/dustin/go-humanize"

	"audiencesync/internal/audience"
	"audiencesync/internal/vendorhttp"
)

// maxEmptyPages is how many pages in a row may be empty: an endpoint that
// filters sends some, one that never ends sends more.
const maxEmptyPages = 1000

// apiReader pages a snapshot. All it knows is in the cursor, so that any
// process can go on where another stopped.
type apiReader struct {
	source   *api
	snapshot audience.Snapshot
}

// apiPosition is the content of a cursor.
type apiPosition struct {
	// Page counts from 1.
	Page int64 `json:"page"`
	// Empty is how many pages just before this one were empty.
	Empty int `json:"empty,omitempty"`
	// Seen is the digest of the endpoint's cursor of the last page whose number
	// is a power of two. A cursor that comes back meets it (Brent's algorithm),
	// after at most about three times the pages of the circle.
	Seen string `json:"seen,omitempty"`
	// Members and SeenMembers are digests of the members of the newest page that was not
	// empty, and of the page of Seen: pages that go round under fresh cursors meet them.
	Members     string `json:"members,omitempty"`
	SeenMembers string `json:"seen_members,omitempty"`
	// Cursor is the endpoint's own cursor; empty for the first page.
	Cursor string `json:"cursor,omitempty"`
}

func (r *apiReader) Page(ctx context.Context, at audience.Cursor) (audience.Page, error) {
	position, err := r.parse(at)
	if err != nil {
		return audience.Page{}, err
	}
	reply, err := r.read(ctx, position)
	if err != nil {
		return audience.Page{}, err
	}
	if reply.version != r.snapshot.Version {
		return audience.Page{}, r.fail(SnapshotChanged, position,
			"the page is of another version of the audience than the snapshot; start a new run, and see that the endpoint keeps a snapshot still while it is paged")
	}
	if len(reply.members) > 1 && (reply.digest == position.Members || reply.digest == position.SeenMembers) {
		return audience.Page{}, r.fail(BrokenData, position,
			"the page holds the same members as an earlier one: others may be missing, or the pages have no end; the endpoint must give every member on one page only")
	}
	page := audience.Page{Members: reply.members, Last: reply.last}
	if reply.last {
		return page, nil
	}
	next, err := r.following(position, reply)
	if err != nil {
		return audience.Page{}, err
	}
	page.Next = next
	return page, nil
}

func (r *apiReader) Finish(_ context.Context, read int64) (audience.Completeness, error) {
	total := r.snapshot.Total
	if total == nil || *total == read {
		return audience.Completeness{Complete: true}, nil
	}
	return audience.Completeness{Why: fmt.Sprintf(
		"the snapshot announced %s members and its pages held %s; the endpoint must page exactly what it announces, or announce no total",
		humanize.Comma(*total), humanize.Comma(read))}, nil
}

// Close implements Reader; a page over HTTP leaves nothing open.
func (r *apiReader) Close() error { return nil }

func (r *apiReader) read(ctx context.Context, position apiPosition) (membersReply, error) {
	settings := r.source.settings
	query := url.Values{
		settings.Names.SnapshotParam: {r.snapshot.Token},
		settings.Names.LimitParam:    {strconv.Itoa(settings.PageSize)},
	}
	if position.Cursor != "" {
		query.Set(settings.Names.CursorParam, position.Cursor)
	}
	body, err := r.source.do(ctx, vendorhttp.Request{
		Operation: "reading " + pagePlace(position.Page, 0) + " of audience " + r.snapshot.Audience.ID,
		Method:    http.MethodGet,
		Path:      path(settings.Paths.Members, r.snapshot.Audience.ID),
		Query:     query,
	})
	switch status(err) {
	case http.StatusGone:
		return membersReply{}, r.fail(SnapshotChanged, position,
			"the snapshot has expired (status 410); start a new run, and let the endpoint keep snapshots for as long as a run takes")
	case http.StatusNotFound:
		return membersReply{}, r.source.unknownAudience(pagePlace(position.Page, 0))
	}
	if err != nil {
		return membersReply{}, err
	}
	reply, member, err := decodeMembers(body, settings.Names)
	if err != nil {
		return membersReply{}, r.source.broken(pagePlace(position.Page, member), err)
	}
	return reply, nil
}

// following returns the cursor of the next page, or an error if the pages lead
// nowhere.
func (r *apiReader) following(position apiPosition, reply membersReply) (audience.Cursor, error) {
	next := apiPosition{
		Page: position.Page + 1, Seen: position.Seen, Members: position.Members, SeenMembers: position.SeenMembers, Cursor: reply.next,
	}
	if len(reply.members) > 0 {
		next.Members = reply.digest
	}
	digest := cursorDigest(reply.next)
	if reply.next == position.Cursor || digest == position.Seen {
		return "", r.fail(BrokenData, position, fmt.Sprintf(
			"%q repeats the cursor of an earlier page: the pages go round in a circle; the endpoint must give every page a cursor of its own and null after the last",
			r.source.settings.Names.CursorKey))
	}
	if next.Page&(next.Page-1) == 0 {
		next.Seen, next.SeenMembers = digest, reply.digest
	}
	if len(reply.members) == 0 {
		next.Empty = position.Empty + 1
	}
	if next.Empty > maxEmptyPages {
		return "", r.fail(BrokenData, position, fmt.Sprintf(
			"more than %s pages in a row hold no member; the endpoint must say null in %q after the last page",
			humanize.Comma(maxEmptyPages), r.source.settings.Names.CursorKey))
	}
	text, err := json.Marshal(next)
	if err != nil {
		return "", fmt.Errorf("connection %s: writing a cursor: %w", r.source.name, err)
	}
	return audience.Cursor(text), nil
}

func (r *apiReader) parse(at audience.Cursor) (apiPosition, error) {
	if at == "" {
		return apiPosition{Page: 1}, nil
	}
	var position apiPosition
	if err := json.Unmarshal([]byte(at), &position); err != nil || position.Page < 2 || position.Cursor == "" {
		return apiPosition{}, &Error{
			Kind: SnapshotChanged, Connection: r.source.name, Place: "audience " + r.snapshot.Audience.ID,
			Text: "the stored cursor is not of this source; the connection was changed while a run was reading: start a new run",
		}
	}
	return position, nil
}

func (r *apiReader) fail(kind Kind, position apiPosition, text string) error {
	return &Error{Kind: kind, Connection: r.source.name, Place: pagePlace(position.Page, 0), Text: text}
}

// cursorDigest stands for a cursor where its length does not matter.
func cursorDigest(cursor string) string { return digestOf([]byte(cursor)) }

func digestOf(text []byte) string {
	sum := sha256.Sum256(text)
	return base64.RawURLEncoding.EncodeToString(sum[:12])
}
