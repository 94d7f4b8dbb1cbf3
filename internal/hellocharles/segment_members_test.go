package hellocharles_test

import (
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"audiencesync/internal/config"
	"audiencesync/internal/hellocharles"
	"audiencesync/internal/vendorhttp"
)

// row is a contact of a segment, as charles' public SDK reads it.
func row(id string, users ...string) string {
	return fmt.Sprintf(`{"person":{"id":%q,"first_name":"Quintessa","tags":[],"channel_users":[%s]},"static_entry":null}`,
		id, strings.Join(users, ","))
}

func user(source, reference string) string {
	return fmt.Sprintf(`{"id":"cu","source_type":%q,"source_api":"contact_api","external_person_reference_id":%q}`, source, reference)
}

// rowsOf are n contacts of ours.
func rowsOf(n int) []string {
	rows := make([]string, n)
	for i := range rows {
		rows[i] = row(fmt.Sprint("p", i), user("zeotap", fmt.Sprint("r", i)))
	}
	return rows
}

// preview serves the rows of a segment, and counts them. Rows that are not
// served are counted all the same.
type preview struct {
	rows []string
	// most is the largest page; zero is all that is asked for.
	most int
	// unserved rows are counted only; lessLater counts that many fewer later.
	unserved, lessLater int
	counts              int
	// ignoresOffset gives the first page again and again, largestOffset the page
	// there, and wraps begins again behind the end.
	ignoresOffset, wraps bool
	largestOffset        int
}

func (p *preview) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method == http.MethodHead {
		count := len(p.rows) + p.unserved
		if p.counts++; p.counts > 1 {
			count -= p.lessLater
		}
		w.Header().Set("X-Resource-Count", strconv.Itoa(count))
		return
	}
	limit, _ := strconv.Atoi(r.URL.Query().Get("limit"))
	offset, _ := strconv.Atoi(r.URL.Query().Get("offset"))
	if p.most > 0 {
		limit = min(limit, p.most)
	}
	if p.ignoresOffset {
		offset = 0
	}
	if p.wraps {
		offset %= len(p.rows)
	}
	if p.largestOffset > 0 {
		offset = min(offset, p.largestOffset)
	}
	offset = min(offset, len(p.rows))
	answer(200, `{"data":[`+strings.Join(p.rows[offset:min(offset+limit, len(p.rows))], ",")+`]}`)(w, r)
}

func (p *preview) serve(t *testing.T, change ...func(*config.HelloCharles)) *workspace {
	t.Helper()
	return serve(t, p.ServeHTTP, change...)
}

func pagesOf(size int) func(*config.HelloCharles) {
	return func(s *config.HelloCharles) { s.Read.SegmentPageSize = size }
}

// listed reads a segment and returns the members of each page.
func listed(t *testing.T, api hellocharles.API) (pages [][]hellocharles.SegmentMember, read hellocharles.SegmentRead, err error) {
	t.Helper()
	read, err = api.SegmentMembers(t.Context(), "seg 1", func(members []hellocharles.SegmentMember) error {
		pages = append(pages, members)
		return nil
	})
	return pages, read, err
}

func TestASegmentIsListedPageByPage(t *testing.T) {
	t.Parallel()
	p := &preview{rows: rowsOf(5)}
	w := p.serve(t, pagesOf(2))
	pages, read, err := listed(t, w.api)
	require.NoError(t, err)
	require.Equal(t, [][]hellocharles.SegmentMember{
		{{ID: "p0", References: []string{"r0"}}, {ID: "p1", References: []string{"r1"}}},
		{{ID: "p2", References: []string{"r2"}}, {ID: "p3", References: []string{"r3"}}},
		{{ID: "p4", References: []string{"r4"}}},
	}, pages)
	require.Equal(t, hellocharles.SegmentRead{Contacts: 5, Ours: 5, CountedBefore: 5, CountedAfter: 5}, read)
	require.True(t, read.Steady())
	requests := make([]string, 0, 6)
	for _, request := range w.requests() {
		require.Equal(t, "/api/v1/contact_lists/seg%201/preview", request.Path)
		requests = append(requests, request.Method+" "+request.Query)
	}
	require.Equal(t, []string{
		"HEAD ", "GET limit=2&offset=0", "GET limit=2&offset=2", "GET limit=2&offset=4", "GET limit=2&offset=5", "HEAD ",
	}, requests)
}

func TestAServerMayGiveSmallerOrLargerPagesThanAskedFor(t *testing.T) {
	t.Parallel()
	for name, p := range map[string]*preview{
		"smaller":               {rows: rowsOf(7), most: 3},
		"all at once, at once":  {rows: rowsOf(7), ignoresOffset: true},
		"nobody in the segment": {},
	} {
		w := p.serve(t, pagesOf(100))
		_, read, err := listed(t, w.api)
		require.NoError(t, err, name)
		require.EqualValues(t, len(p.rows), read.Ours, name)
	}
}

func TestWhoseAContactOfASegmentIs(t *testing.T) {
	t.Parallel()
	p := &preview{rows: []string{
		row("merged", user("zeotap", "r1"), user("shopify", "s1"), user("zeotap", "r2"), user("zeotap", "r1")),
		row("of others", user("shopify", "s2"), user("braze", "b2"), user("shopify", "s3")),
		row("nobody's"),
		row("no reference", `{"source_type":"zeotap"}`, `{"source_type":"shopify","external_person_reference_id":null}`),
		row("no source", `{"external_person_reference_id":"x1"}`),
		`{"person":{"id":"no list"}}`,
		row("number", `{"source_type":"zeotap","external_person_reference_id":4915112345678}`),
		`{"person":{"id":77,"channel_users":{"source_type":"zeotap","external_person_reference_id":"alone"}}}`,
	}}
	pages, read, err := listed(t, p.serve(t).api)
	require.NoError(t, err)
	require.Equal(t, [][]hellocharles.SegmentMember{{
		{ID: "merged", References: []string{"r1", "r2"}, OtherSources: []string{"shopify"}},
		{ID: "of others", OtherSources: []string{"shopify", "braze"}},
		{ID: "nobody's"},
		{ID: "no reference"},
		{ID: "no source", OtherSources: []string{""}},
		{ID: "no list"},
		{ID: "number", References: []string{"4915112345678"}},
		{ID: "77", References: []string{"alone"}},
	}}, pages)
	require.Equal(t, hellocharles.SegmentRead{
		Contacts: 8, Ours: 3, Merged: 1, OfOthers: 2, Unreferenced: 3, CountedBefore: 8, CountedAfter: 8,
	}, read)
}

func TestASegmentIsListedByTheNamesInTheSettings(t *testing.T) {
	t.Parallel()
	w := serve(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Resource-Count", "1")
		if r.URL.Query().Get("offset") != "0" {
			answer(200, `[]`)(w, r)
			return
		}
		answer(200, `[{"key":"k1","refs":[{"by":"zeotap","ref":"r1"}]}]`)(w, r)
	}, func(s *config.HelloCharles) {
		s.Read.SegmentMembersPath = "/lists/{segment}/rows"
		s.Read.SegmentMember = config.SegmentMemberNames{ID: "key", References: "refs", Reference: "ref", SourceType: "by"}
	})
	pages, _, err := listed(t, w.api)
	require.NoError(t, err)
	require.Equal(t, [][]hellocharles.SegmentMember{{{ID: "k1", References: []string{"r1"}}}}, pages)
	require.Equal(t, "/lists/seg%201/rows", w.requests()[1].Path)
}

func TestAListThatIsNotTheWholeSegmentIsAnError(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		preview preview
		text    string
	}{
		"cut short":            {preview{rows: rowsOf(4), unserved: 1}, "listing the contacts of segment seg 1: the answer is not what the connection's settings say: the list is cut short: it has 4 contacts, and the count says 5"},
		"nothing at all":       {preview{unserved: 1}, "it has 0 contacts, and the count says 1"},
		"offset ignored":       {preview{rows: rowsOf(5), ignoresOffset: true}, "it has 2 contacts, and the count says 5; after these the same ones come again"},
		"offsets with a limit": {preview{rows: rowsOf(9), largestOffset: 4}, "it has 6 contacts, and the count says 9; after these the same ones come again"},
		"a list that wraps":    {preview{rows: rowsOf(6), wraps: true, unserved: 4}, "it has 6 contacts, and the count says 10; after these the same ones come again"},
		"the same id for all":  {preview{rows: []string{row("p", user("zeotap", "a")), row("p", user("zeotap", "b")), row("q")}}, "1 rows came again (setting read.segment_member.id)"},
		"no references at all": {preview{rows: []string{`{"person":{"id":"p1"}}`, `{"person":{"id":"p2"}}`}}, "no row of the first page has references where read.segment_member.references says"},
		"numbers for texts":    {preview{rows: []string{`{"person":{"id":2,"channel_users":[{"source_type":6,"external_person_reference_id":12}]}}`}}, "the source type of a contact's reference is not a text"},
		"no rows":              {preview{rows: []string{`"Quintessa"`}}, "a row is not an object"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, _, err := listed(t, test.preview.serve(t, pagesOf(2)).api)
			failed(t, err, vendorhttp.Unreadable)
			require.ErrorContains(t, err, test.text)
		})
	}
}

func TestASegmentThatMovesWhileItIsListedIsNotSteady(t *testing.T) {
	t.Parallel()
	// One left before its page came: the later count agrees, the earlier does not.
	p := &preview{rows: rowsOf(4), unserved: 1, lessLater: 1}
	_, read, err := listed(t, p.serve(t).api)
	require.NoError(t, err)
	require.Equal(t, hellocharles.SegmentRead{Contacts: 4, Ours: 4, CountedBefore: 5, CountedAfter: 4}, read)
	require.False(t, read.Steady())

	// One joined at the front: the last row of a page comes again on the next.
	rows := rowsOf(5)
	p = &preview{rows: []string{rows[0], rows[1], rows[1], rows[2], rows[3], rows[4]}, unserved: -1}
	pages, read, err := listed(t, p.serve(t, pagesOf(2)).api)
	require.NoError(t, err)
	require.Len(t, pages, 3)
	require.EqualValues(t, 5, read.Contacts)
	require.EqualValues(t, 1, read.Repeated)
	require.False(t, read.Steady())
}

func TestAListThatNeverEndsIsLeft(t *testing.T) {
	t.Parallel()
	page := 0
	w := serve(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Resource-Count", "3")
		rows := make([]string, 0, 5000)
		for i := range 5000 {
			rows = append(rows, row(fmt.Sprint(page, "-", i), user("zeotap", "r")))
		}
		page++
		answer(200, `{"data":[`+strings.Join(rows, ",")+`]}`)(w, r)
	})
	_, _, err := listed(t, w.api)
	failed(t, err, vendorhttp.Unreadable)
	require.ErrorContains(t, err, "the list does not end: it has more than 10006 contacts, and the count says 3")
	require.Len(t, w.requests(), 4)
}

func TestWhoeverIsGivenTheMembersMayStop(t *testing.T) {
	t.Parallel()
	p := &preview{rows: rowsOf(5)}
	w := p.serve(t, pagesOf(2))
	enough := errors.New("enough")
	_, err := w.api.SegmentMembers(t.Context(), "s", func([]hellocharles.SegmentMember) error { return enough })
	require.Equal(t, enough, err)
	require.Len(t, w.requests(), 2)
}

func TestASegmentThatCannotBeListedSaysWhy(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		handler http.HandlerFunc
		kind    vendorhttp.Kind
		text    string
	}{
		"403":       {answer(403, ""), vendorhttp.Forbidden, "give one that may read as read.credential"},
		"404":       {answer(404, ""), vendorhttp.NotFound, "check the segment id, read.segment_members_path and base_url"},
		"400":       {answer(400, "Quintessa"), vendorhttp.Rejected, "lower read.segment_page_size"},
		"504":       {answer(504, ""), vendorhttp.Unavailable, "status 504"},
		"no list":   {answer(200, `{"data":{}}`), vendorhttp.Unreadable, `it has no array "data"`},
		"cut":       {cutAfter(`{"data":[`), vendorhttp.Unavailable, "before the whole answer came"},
		"half JSON": {answer(200, `{"data":[`), vendorhttp.Unreadable, "its JSON is cut or wrong"},
		"page":      {answerAs(200, "text/html", "<p>Quintessa"), vendorhttp.Unreadable, "HTML"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := serve(t, func(w http.ResponseWriter, r *http.Request) {
				if r.Method == http.MethodHead {
					w.Header().Set("X-Resource-Count", "1")
					return
				}
				test.handler(w, r)
			})
			_, _, err := listed(t, w.api)
			failed(t, err, test.kind)
			require.ErrorContains(t, err, "listing the contacts of segment seg 1: ")
			require.ErrorContains(t, err, test.text)
		})
	}

	w := serve(t, answer(200, `{"data":[]}`))
	_, _, err := listed(t, w.api)
	failed(t, err, vendorhttp.Unreadable)
	require.ErrorContains(t, err, "the header X-Resource-Count is missing", "an empty list without a count proves nothing")

	w = serve(t, answer(200, ""), func(s *config.HelloCharles) { s.Read.Allowed = new(false) })
	_, _, err = listed(t, w.api)
	failed(t, err, vendorhttp.Forbidden)
	_, err = w.api.SegmentMembers(t.Context(), "", nil)
	failed(t, err, vendorhttp.Misconfigured)
	require.Empty(t, w.requests())
}

func TestEachPageOfASegmentTakesItsTurnAndIsMeasured(t *testing.T) {
	t.Parallel()
	p := &preview{rows: rowsOf(3)}
	budget := newOnePlace()
	tooMany := true
	api, reader := budget.measure(t, func(w http.ResponseWriter, r *http.Request) {
		budget.note(r.Method)
		if r.Method == http.MethodGet && tooMany {
			tooMany = false
			later(429, "1")(w, r)
			return
		}
		p.ServeHTTP(w, r)
	}, pagesOf(2))
	read, err := api.SegmentMembers(t.Context(), "s", func([]hellocharles.SegmentMember) error {
		budget.note("visit")
		return nil
	})
	require.NoError(t, err)
	require.EqualValues(t, 3, read.Ours)
	require.Equal(t, []string{
		"acquired", "HEAD", "released",
		"acquired", "GET", "refused 1s", "released",
		"acquired", "GET", "released", "visit",
		"acquired", "GET", "released", "visit",
		"acquired", "GET", "released",
		"acquired", "HEAD", "released",
	}, budget.events, "nobody holds a place while the members are looked at")
	require.Equal(t, map[string]int64{
		"segment_count ok": 2, "segment_members ok": 3, "segment_members rate_limited": 1,
	}, measurements(t, reader))

	budget.noPlace = errors.New("come back later")
	_, err = api.SegmentMembers(t.Context(), "s", nil)
	require.Equal(t, budget.noPlace, err)
}
