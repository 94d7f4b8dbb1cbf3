package zeotap_test

import (
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"audiencesync/internal/audience"
	"audiencesync/internal/vendorhttp"
	"audiencesync/internal/zeotap"
)

func TestAPISaysThatItKnowsNoSuchAudience(t *testing.T) {
	t.Parallel()
	source := serve(t, endpoint{})
	_, _, err := source.Identify(t.Context(), "984")
	failed := failure(t, err, zeotap.AudienceNotFound)
	require.Equal(t, "audience 984", failed.Place)
	require.Contains(t, failed.Error(), "connection pages: ")
	_, err = source.Open(t.Context(), "984")
	failure(t, err, zeotap.AudienceNotFound)
}

func TestAPIRefusesABrokenAudience(t *testing.T) {
	t.Parallel()
	cases := map[string]struct{ reply, want string }{
		"not JSON":            {`<html>` + planted, "is not valid JSON"},
		"cut":                 {`{"id":"984","name":"` + planted, "is not valid JSON"},
		"another audience":    {`{"id":"985","name":"` + planted + `"}`, "about another audience"},
		"no id":               {`{"name":"` + planted + `"}`, "about another audience"},
		"a list":              {`[]`, "is not a JSON object"},
		"an id of a type":     {`{"id":984}`, `"id" has the wrong type`},
		"a size of a type":    {`{"id":"984","size":1200}`, `"size" has the wrong type`},
		"a text for a value":  {`{"id":"984","size":{"value":"` + planted + `"}}`, `"size.value" has the wrong type`},
		"half a member":       {`{"id":"984","size":{"value":1.5}}`, `"size.value" has the wrong type`},
		"a size of no value":  {`{"id":"984","size":{}}`, `"size.value" is missing`},
		"fewer than none":     {`{"id":"984","size":{"value":-1}}`, `"size.value" is missing or negative`},
		"a time that is none": {`{"id":"984","size":{"value":1,"as_of":"` + planted + `"}}`, `"as_of" is not a time`},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, _, err := serve(t, endpoint{audiencePath: says(c.reply)}).Identify(t.Context(), "984")
			failed := failure(t, err, zeotap.BrokenData)
			require.Contains(t, failed.Text, c.want)
			require.Contains(t, failed.Text, "docs/zeotap-members-api.md")
		})
	}
}

func TestAPIRefusesABrokenSnapshot(t *testing.T) {
	t.Parallel()
	cases := map[string]struct{ reply, want string }{
		"no token":       {`{"version":"v7","total":3}`, `no "snapshot"`},
		"no version":     {`{"snapshot":"s-1","total":3}`, `no "version"`},
		"negative total": {`{"snapshot":"s-1","version":"v7","total":-3}`, `"total" is negative`},
		"total as text":  {`{"snapshot":"s-1","version":"v7","total":"3"}`, `"total" has the wrong type`},
		"not JSON":       {`ok`, "is not valid JSON"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			replies := healthy(nil)
			replies[snapshotsPath] = says(c.reply)
			_, err := serve(t, replies).Open(t.Context(), "984")
			failed := failure(t, err, zeotap.BrokenData)
			require.Equal(t, "snapshot of audience 984", failed.Place)
			require.Contains(t, failed.Text, c.want)
		})
	}
}

func TestAPIRefusesABrokenPage(t *testing.T) {
	t.Parallel()
	const rest = `"version":"v7","next_cursor":null}`
	cases := map[string]struct{ reply, place, want string }{
		"not JSON":               {`<html>` + planted, "page 2", "is not valid JSON"},
		"empty":                  {``, "page 2", "was cut"},
		"a list":                 {`[{"id":"` + planted + `"}]`, "page 2", "is not a JSON object"},
		"no next cursor":         {`{"members":[{"id":"` + planted + `"}],"version":"v7"}`, "page 2", `no "next_cursor"`},
		"no members":             {`{` + rest, "page 2", `no "members"`},
		"no version":             {`{"members":[],"next_cursor":null}`, "page 2", `no "version"`},
		"version null":           {`{"members":[],"next_cursor":null,"version":null}`, "page 2", `no "version"`},
		"members null":           {`{"members":null,` + rest, "page 2", `"members" is not an array`},
		"members twice":          {`{"members":[],"members":[],` + rest, "page 2", `"members" is there twice`},
		"an empty cursor":        {`{"members":[],"version":"v7","next_cursor":""}`, "page 2", "the last page says null"},
		"a number for a cursor":  {`{"members":[],"version":"v7","next_cursor":5}`, "page 2", `"next_cursor" is not text or null`},
		"a number for a version": {`{"members":[],"version":7,"next_cursor":null}`, "page 2", `"version" is not text`},
		"text behind":            {`{"members":[],` + rest + planted, "page 2", "something follows"},
		"cut between members":    {`{"version":"v7","next_cursor":null,"members":[{"id":"1"},{"id":"2"}`, "page 2, member 3", "was cut"},
		"cut in a member":        {`{"version":"v7","next_cursor":null,"members":[{"id":"1"},{"id":"` + planted, "page 2, member 2", "was cut"},
		"the first not JSON":     {`{"members":[{"id":` + planted + `},{"id":"2"}],` + rest, "page 2, member 1", "is not valid JSON"},
		"the middle not JSON":    {`{"members":[{"id":"1"},{"id" "` + planted + `"},{"id":"3"}],` + rest, "page 2, member 2", "is not valid JSON"},
		"the last not JSON":      {`{"members":[{"id":"1"},{"id":"2"},{` + planted + `}],` + rest, "page 2, member 3", "is not valid JSON"},
		"a member of text":       {`{"members":[{"id":"1"},"` + planted + `"],` + rest, "page 2, member 2", "is not a JSON object"},
		"a member of null":       {`{"members":[null],` + rest, "page 2, member 1", "is not a JSON object"},
		"a member of a list":     {`{"members":[["` + planted + `"]],` + rest, "page 2, member 1", "is not a JSON object"},
		"not UTF-8":              {`{"members":[{"id":"` + planted + "\xff\"}]," + rest, "page 2", "is not UTF-8"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			failed := failure(t, readUntilError(t, serve(t, healthy(map[string]string{
				"":  `{"version":"v7","members":[{"id":"1"}],"next_cursor":"b"}`,
				"b": c.reply,
			}))), zeotap.BrokenData)
			require.Equal(t, c.place, failed.Place)
			require.Contains(t, failed.Text, c.want)
		})
	}
}

func TestAPINeverTakesACutReplyForTheEnd(t *testing.T) {
	t.Parallel()
	const whole = `{"version":"v7","members":[{"id":"1","name":"x"},{"id":"2"}],"next_cursor":null}`
	for at := range len(whole) {
		// The server closes the connection in good order: only the JSON tells.
		failure(t, readUntilError(t, serve(t, healthy(map[string]string{"": whole[:at]}))), zeotap.BrokenData)
	}
}

func TestAPIReportsALostReplyAsARequestThatFailed(t *testing.T) {
	t.Parallel()
	replies := healthy(nil)
	replies[membersPath] = func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", "1000")
		_, _ = io.WriteString(w, `{"members":[{"id":"`+planted)
		panic(http.ErrAbortHandler)
	}
	err := readUntilError(t, serve(t, replies))
	var failed *vendorhttp.Error
	require.ErrorAs(t, err, &failed)
	require.Equal(t, vendorhttp.Unavailable, failed.Kind)
}

func TestAPIRefusesPagesOfAnotherVersion(t *testing.T) {
	t.Parallel()
	failed := failure(t, readUntilError(t, serve(t, healthy(map[string]string{
		"":  `{"version":"v7","members":[{"id":"1"}],"next_cursor":"b"}`,
		"b": `{"version":"v8","members":[{"id":"2"}],"next_cursor":null}`,
	}))), zeotap.SnapshotChanged)
	require.Equal(t, "page 2", failed.Place)
	require.Contains(t, failed.Text, "another version")
}

func TestAPISaysThatTheSnapshotHasExpired(t *testing.T) {
	t.Parallel()
	replies := healthy(nil)
	replies[membersPath] = fails(http.StatusGone)
	failed := failure(t, readUntilError(t, serve(t, replies)), zeotap.SnapshotChanged)
	require.Equal(t, "page 1", failed.Place)
	require.Contains(t, failed.Text, "expired")
}

func TestAPISaysThatTheAudienceIsGoneInMidRead(t *testing.T) {
	t.Parallel()
	replies := healthy(nil)
	delete(replies, membersPath)
	failed := failure(t, readUntilError(t, serve(t, replies)), zeotap.AudienceNotFound)
	require.Equal(t, "page 1", failed.Place)
}

func TestAPIFindsPagesThatGoRoundInACircle(t *testing.T) {
	t.Parallel()
	// The cursor after each page, by length of the way into the circle and of
	// the circle itself.
	for _, way := range []int{0, 1, 2, 7, 20} {
		for _, circle := range []int{1, 2, 3, 10, 33} {
			t.Run(fmt.Sprintf("%d pages, then a circle of %d", way, circle), func(t *testing.T) {
				t.Parallel()
				asked := 0
				replies := healthy(nil)
				replies[membersPath] = func(w http.ResponseWriter, r *http.Request) {
					asked++
					at, _ := strconv.Atoi(r.URL.Query().Get("cursor"))
					next := at + 1
					if next > way+circle {
						next = way + 1
					}
					_, _ = fmt.Fprintf(w, `{"version":"v7","members":[{}],"next_cursor":"%d"}`, next)
				}
				failed := failure(t, readUntilErrorInNewReaders(t, serve(t, replies)), zeotap.BrokenData)
				require.Contains(t, failed.Text, "go round in a circle")
				require.LessOrEqual(t, asked, 3*(way+circle)+3)
			})
		}
	}
}

func TestAPIFindsPagesThatComeAgainUnderFreshCursors(t *testing.T) {
	t.Parallel()
	for _, pages := range []int{1, 2, 3, 10} {
		t.Run(fmt.Sprintf("%d pages", pages), func(t *testing.T) {
			t.Parallel()
			asked := 0
			replies := healthy(nil)
			replies[membersPath] = func(w http.ResponseWriter, _ *http.Request) {
				_, _ = fmt.Fprintf(w, `{"version":"v7","members":[{"id":"%d"},{"id":"x"}],"next_cursor":"c%d"}`, asked%pages, asked)
				asked++
			}
			failed := failure(t, readUntilErrorInNewReaders(t, serve(t, replies)), zeotap.BrokenData)
			require.Contains(t, failed.Text, "the page holds the same members as an earlier one")
			require.LessOrEqual(t, asked, 3*pages+3)
		})
	}
}

func TestAPITakesALastPageThatRepeatsOneForBroken(t *testing.T) {
	t.Parallel()
	failed := failure(t, readUntilError(t, serve(t, healthy(map[string]string{
		"":  `{"version":"v7","members":[{"id":"1"},{"id":"2"}],"next_cursor":"b"}`,
		"b": `{"version":"v7","members":[],"next_cursor":"c"}`,
		"c": `{"version":"v7","members":[{"id":"1"},{"id":"2"}],"next_cursor":null}`,
	}))), zeotap.BrokenData)
	require.Equal(t, "page 3", failed.Place)
}

// readUntilErrorInNewReaders opens a new reader for every page, as workers do
// that are killed all the time.
func readUntilErrorInNewReaders(t *testing.T, source zeotap.Source) error {
	t.Helper()
	snapshot := open(t, source)
	at := audience.Cursor("")
	for {
		page, err := readerOf(t, source, snapshot).Page(t.Context(), at)
		if err != nil {
			return err
		}
		require.False(t, page.Last)
		at = page.Next
	}
}

func TestAPIGivesUpAfterTooManyEmptyPages(t *testing.T) {
	t.Parallel()
	const before, most = 10, 1000
	asked := 0
	replies := healthy(nil)
	replies[membersPath] = func(w http.ResponseWriter, _ *http.Request) {
		asked++
		members := ""
		if asked <= before {
			members = "{}"
		}
		_, _ = fmt.Fprintf(w, `{"version":"v7","members":[%s],"next_cursor":"c%d"}`, members, asked)
	}
	failed := failure(t, readUntilError(t, serve(t, replies)), zeotap.BrokenData)
	require.Equal(t, "page 1,011", failed.Place)
	require.Contains(t, failed.Text, "more than 1,000 pages in a row")
	require.Equal(t, before+most+1, asked)
}

func TestAPIRefusesACursorOfAnotherSource(t *testing.T) {
	t.Parallel()
	source := serve(t, healthy(nil))
	reader := readerOf(t, source, open(t, source))
	for _, at := range []audience.Cursor{"2:17", "{}", `{"page":1,"cursor":"x"}`, `{"page":5}`, audience.Cursor(strings.Repeat("x", 100))} {
		_, err := reader.Page(t.Context(), at)
		failure(t, err, zeotap.SnapshotChanged)
	}
}
