package hellocharles

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"audiencesync/internal/config"
	"audiencesync/internal/vendorhttp"
)

// SegmentMember is one contact of a segment.
type SegmentMember struct {
	// ID is Hello Charles' own id of the contact; empty where the row has none.
	ID string
	// References are those of the connection's source type, as Hello Charles
	// spells them: several where contacts were merged, none where the contact is
	// not ours.
	References []string
	// OtherSources are the source types of its other references, each once; an
	// empty one was not told. Without it and References no sending system owns
	// the contact.
	OtherSources []string
}

// SegmentRead is what reading the contacts of a segment came to.
type SegmentRead struct {
	// Contacts were listed, each counted once: they are Ours, OfOthers and
	// Unreferenced.
	Contacts int64
	// Ours have a reference of the connection's source type, Merged of them have
	// several.
	Ours, Merged int64
	// OfOthers have references of other source types only, Unreferenced have none.
	OfOthers, Unreferenced int64
	// Repeated rows came again and were left out: the list moved under the read.
	Repeated int64
	// CountedBefore and CountedAfter are the counts of the segment before and
	// after the read.
	CountedBefore, CountedAfter int64
}

// Steady reports whether the segment had as many contacts before and after the
// read as were listed. If not, contacts joined or left meanwhile, or the count
// lags behind, and one may have been missed.
func (r SegmentRead) Steady() bool {
	return r.CountedBefore == r.CountedAfter && r.Contacts == r.CountedBefore && r.Repeated == 0
}

// add counts a contact.
func (r *SegmentRead) add(member SegmentMember) {
	r.Contacts++
	switch {
	case len(member.References) > 0:
		r.Ours++
		if len(member.References) > 1 {
			r.Merged++
		}
	case len(member.OtherSources) > 0:
		r.OfOthers++
	default:
		r.Unreferenced++
	}
}

// SegmentMembers implements API by GET api/v1/contact_lists/{id}/preview with
// limit and offset, as charles' public SDK does (see docs/hello-charles.md A21).
func (c *client) SegmentMembers(
	ctx context.Context, segment string, visit func([]SegmentMember) error,
) (read SegmentRead, err error) {
	operation := "listing the contacts of segment " + segment
	if err := c.checkSegment(operation, segment); err != nil {
		return read, err
	}
	if read.CountedBefore, err = c.SegmentCount(ctx, segment); err != nil {
		return read, err
	}
	path := strings.ReplaceAll(c.settings.Read.SegmentMembersPath, segmentPlaceholder, url.PathEscape(segment))
	rows := newSegmentRows(c.settings)
	for offset := 0; ; {
		page, err := c.page(ctx, segmentMembersCall, operation, path, listPage{
			key: c.settings.Read.SegmentMember.Data, limit: c.settings.Read.SegmentPageSize, offset: offset,
		})
		if err != nil {
			return read, listHint(err)
		}
		members, err := rows.take(page)
		if err != nil {
			return read, c.reads.Fail(operation, vendorhttp.Unreadable, err.Error())
		}
		if len(members) == 0 {
			break
		}
		for _, member := range members {
			read.add(member)
		}
		if most := read.CountedBefore*2 + spareRows; read.Contacts > most {
			return read, c.reads.Fail(operation, vendorhttp.Unreadable,
				fmt.Sprintf("the list does not end: it has more than %d contacts, and the count says %d", most, read.CountedBefore))
		}
		if err := visit(members); err != nil {
			return read, err
		}
		offset += len(page)
	}
	read.Repeated = rows.repeated
	if read.CountedAfter, err = c.SegmentCount(ctx, segment); err != nil {
		return read, err
	}
	if counted := min(read.CountedBefore, read.CountedAfter); read.Contacts < counted {
		return read, c.reads.Fail(operation, vendorhttp.Unreadable, rows.cutShort(read.Contacts, counted))
	}
	return read, nil
}

// spareRows is how many contacts a list may have beyond twice the count, which
// lags behind: a list that goes on is one that never ends.
const spareRows = 10_000

// listHint adds to a failed read what an operator can do.
func listHint(err error) error {
	var failed *vendorhttp.Error
	if errors.As(err, &failed) && failed.Kind == vendorhttp.Rejected && failed.Detail == "" {
		failed.Detail = "lower read.segment_page_size, the largest page is not public, and check read.segment_members_path"
	}
	return segmentHint(err, "read.segment_members_path",
		"the key may not list the contacts of segments; give one that may read as read.credential, or be content with numbers (verification.compare: never)")
}

// segmentRows reads the rows of one segment, page by page. It remembers two
// pages, the first and the last: a server that ignores offset, or has a largest
// one, gives one of these again.
type segmentRows struct {
	names       config.SegmentMemberNames
	ours        string
	first, last map[string]bool
	repeated    int64
	// again says that a whole page came again.
	again bool
}

func newSegmentRows(s config.HelloCharles) *segmentRows {
	return &segmentRows{names: s.Read.SegmentMember, ours: s.SourceType}
}

// take returns the contacts of a page that did not come before; none at the end
// of the list. If nothing stands where the references should in any row of the
// first page, the settings are wrong.
func (r *segmentRows) take(page []any) ([]SegmentMember, error) {
	members := make([]SegmentMember, 0, len(page))
	seen, told := make(map[string]bool, len(page)), false
	for _, row := range page {
		object, ok := row.(map[string]any)
		if !ok {
			return nil, errors.New("a row is not an object")
		}
		identity, err := r.identity(object)
		if err != nil {
			return nil, err
		}
		_, there := lookUp(object, r.names.References)
		told = told || there
		known := seen[identity] || r.first[identity] || r.last[identity]
		seen[identity] = true
		if known {
			r.repeated++
			continue
		}
		member, err := r.member(object)
		if err != nil {
			return nil, err
		}
		members = append(members, member)
	}
	if r.first == nil && len(page) > 0 {
		if !told {
			return nil, errors.New("no row of the first page has references where read.segment_member.references says")
		}
		r.first = seen
	}
	r.again = len(page) > 0 && len(members) == 0
	r.last = seen
	return members, nil
}

// identity tells rows apart: the id, or all of the row where there is none.
func (r *segmentRows) identity(row map[string]any) (string, error) {
	if id := scalarAt(row, r.names.ID); id != "" {
		return "id:" + id, nil
	}
	encoded, err := json.Marshal(row)
	if err != nil {
		return "", errors.New("a row cannot be read")
	}
	return string(encoded), nil
}

func (r *segmentRows) member(row map[string]any) (SegmentMember, error) {
	member := SegmentMember{ID: scalarAt(row, r.names.ID)}
	for _, entry := range entriesAt(row, r.names.References) {
		reference := scalarAt(entry, r.names.Reference)
		source := scalarAt(entry, r.names.SourceType)
		switch {
		case !r.names.AnySource && !isTextOrNothing(at(entry, r.names.SourceType)):
			// A broken answer must not make a contact one of another system.
			return SegmentMember{}, errors.New("the source type of a contact's reference is not a text")
		case reference == "":
		case source != r.ours && !r.names.AnySource:
			if !slices.Contains(member.OtherSources, source) {
				member.OtherSources = append(member.OtherSources, source)
			}
		case !slices.Contains(member.References, reference):
			member.References = append(member.References, reference)
		}
	}
	return member, nil
}

// entriesAt returns the entries of a list, or a value that stands alone.
func entriesAt(value any, path string) []any {
	switch found := at(value, path).(type) {
	case nil:
		return nil
	case []any:
		return found
	default:
		return []any{found}
	}
}

// cutShort says what is known of a list that is shorter than the count.
func (r *segmentRows) cutShort(listed, counted int64) string {
	text := fmt.Sprintf("the list is cut short: it has %d contacts, and the count says %d", listed, counted)
	switch {
	case r.again:
		return text + "; after these the same ones come again, as if offset were ignored " +
			"(settings read.segment_members_path, read.segment_member.id)"
	case r.repeated > 0:
		return text + fmt.Sprintf("; %d rows came again (setting read.segment_member.id)", r.repeated)
	default:
		return text + "; the count may lag behind: try again later"
	}
}
