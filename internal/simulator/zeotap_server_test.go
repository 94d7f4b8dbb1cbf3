package simulator_test

import (
	"encoding/json"
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"audiencesync/internal/audience"
	"audiencesync/internal/simulator"
	"audiencesync/internal/simulator/faults"
)

type page struct {
	Version string            `json:"version"`
	Members []json.RawMessage `json:"members"`
	Next    *string           `json:"next_cursor"`
}

type snapshot struct {
	Snapshot string    `json:"snapshot"`
	Version  string    `json:"version"`
	AsOf     time.Time `json:"as_of"`
	Total    *int64    `json:"total"`
	Pinned   bool      `json:"pinned"`
}

const audience984 = "/v1/audiences/984"

func (w *world) open() snapshot {
	w.t.Helper()
	var s snapshot
	w.do("POST", w.zeotap+audience984+"/snapshots", nil, http.StatusCreated, &s)
	return s
}

func (w *world) page(snapshot, cursor, limit string) page {
	w.t.Helper()
	var p page
	w.do("GET", w.zeotap+audience984+"/members?snapshot="+snapshot+"&cursor="+cursor+"&limit="+limit, nil, http.StatusOK, &p)
	return p
}

// read pages through the whole audience.
func (w *world) read(limit string) (members []json.RawMessage, pages []page) {
	w.t.Helper()
	opened, cursor := w.open(), ""
	for {
		p := w.page(opened.Snapshot, cursor, limit)
		pages = append(pages, p)
		members = append(members, p.Members...)
		if p.Next == nil {
			return members, pages
		}
		cursor = *p.Next
	}
}

func TestPagesHoldTheWholeAudienceInOrder(t *testing.T) {
	t.Parallel()
	w := start(t, simulator.Options{Zeotap: simulator.ZeotapOptions{Members: 2500, Seed: 5}})
	for limit, pages := range map[string]int{"": 1, "1000": 3, "1250": 2, "99999": 1} {
		members, got := w.read(limit)
		require.Len(t, got, pages, "limit %s", limit)
		require.Len(t, members, 2500)
		for i, member := range members {
			require.Equal(t, string(w.Crowd().Member(int64(i)).AppendJSON(nil)), string(member))
		}
	}
	other := start(t, simulator.Options{Zeotap: simulator.ZeotapOptions{Members: 2500, Seed: 5}})
	one, _ := w.read("")
	two, _ := other.read("700")
	require.Equal(t, one, two)
}

func TestTheLastPageSaysSoEvenOfAnEmptyAudience(t *testing.T) {
	t.Parallel()
	w := start(t, simulator.Options{})
	got := w.do("GET", w.zeotap+audience984+"/members?snapshot="+w.open().Snapshot, nil, http.StatusOK, nil)
	require.Contains(t, string(got.body), `"members":[],"next_cursor":null`)
}

func TestPageMaxCapsTheLimit(t *testing.T) {
	t.Parallel()
	w := start(t, simulator.Options{Zeotap: simulator.ZeotapOptions{Members: 100, PageMax: 30}})
	_, pages := w.read("50")
	require.Len(t, pages[0].Members, 30)
	require.Len(t, pages, 4)
}

func TestAnAudienceSaysItsNameAndSize(t *testing.T) {
	t.Parallel()
	clock := newClock()
	w := start(t, simulator.Options{Zeotap: simulator.ZeotapOptions{Members: 100}, Clock: clock.Now})
	got := w.do("GET", w.zeotap+audience984, nil, http.StatusOK, nil)
	require.JSONEq(t, `{"id":"984","name":"Spring campaign",
		"size":{"value":100,"basis":"unique_customers","as_of":"2026-11-01T12:00:00Z"}}`, string(got.body))
	opened := w.open()
	require.EqualValues(t, 100, *opened.Total)
	require.True(t, opened.Pinned)
	require.Equal(t, clock.Now(), opened.AsOf)
	require.Equal(t, opened.Version, w.page(opened.Snapshot, "", "10").Version)
}

func TestSwitchesMakeTheSourceLessReliable(t *testing.T) {
	t.Parallel()
	w := start(t, simulator.Options{Zeotap: simulator.ZeotapOptions{
		Members: 100, NoSize: true, TotalDelta: 7, Unpinned: true, EmptyPageEvery: 2, VersionChangesAt: 60,
	}})
	got := w.do("GET", w.zeotap+audience984, nil, http.StatusOK, nil)
	require.Contains(t, string(got.body), `"size":null`)
	opened := w.open()
	require.EqualValues(t, 107, *opened.Total)
	require.False(t, opened.Pinned)

	members, pages := w.read("20")
	require.Len(t, members, 100)
	sizes, changed := make([]int, len(pages)), make([]bool, len(pages))
	for i, p := range pages {
		sizes[i], changed[i] = len(p.Members), p.Version != opened.Version
	}
	require.Equal(t, []int{20, 20, 0, 20, 20, 0, 20}, sizes)
	require.Equal(t, []bool{false, false, false, false, true, true, true}, changed)

	w = start(t, simulator.Options{Zeotap: simulator.ZeotapOptions{Members: 100, NoTotal: true, SizeDelta: -3}})
	require.Nil(t, w.open().Total)
	got = w.do("GET", w.zeotap+audience984, nil, http.StatusOK, nil)
	require.Contains(t, string(got.body), `"value":97`)
}

// somePages reads at most so many pages of 40, and returns the first member of each and
// the cursors.
func (w *world) somePages(most int) (firsts, cursors []string) {
	w.t.Helper()
	opened, cursor := w.open(), ""
	for range most {
		p := w.page(opened.Snapshot, cursor, "40")
		first := "nobody"
		if len(p.Members) > 0 {
			first = string(p.Members[0])
		}
		firsts = append(firsts, first)
		if p.Next == nil {
			break
		}
		cursor = *p.Next
		cursors = append(cursors, cursor)
	}
	return firsts, cursors
}

func TestTheWayThroughThePagesCanBeWrong(t *testing.T) {
	t.Parallel()
	way := func(wrong faults.Pages) (firsts, cursors []string) {
		w := start(t, simulator.Options{Zeotap: simulator.ZeotapOptions{Members: 100}, Faults: simulator.Faults{Pages: wrong}})
		return w.somePages(9)
	}
	right, _ := way(faults.Pages{})
	require.Len(t, right, 3)
	one, two, three := right[0], right[1], right[2]

	firsts, cursors := way(faults.Pages{Repeat: 2})
	require.Equal(t, []string{one, two, two, three}, firsts)
	require.NotEqual(t, cursors[0], cursors[1])

	firsts, cursors = way(faults.Pages{Circle: 3})
	require.Equal(t, []string{one, two, three, two, three, two, three, two, three}, firsts)
	require.Equal(t, cursors[0], cursors[2])

	firsts, cursors = way(faults.Pages{Endless: faults.EndlessEmpty})
	require.Equal(t, []string{one, two, three, "nobody", "nobody", "nobody"}, firsts[:6])
	require.Len(t, slices.Compact(slices.Sorted(slices.Values(cursors))), 9)

	firsts, cursors = way(faults.Pages{Endless: faults.EndlessAgain})
	require.Equal(t, []string{one, two, three, one, two, three, one, two, three}, firsts)
	require.Len(t, slices.Compact(slices.Sorted(slices.Values(cursors))), 9)
}

func TestRequestsThatBreakTheContractAreRefused(t *testing.T) {
	t.Parallel()
	clock := newClock()
	w := start(t, simulator.Options{
		Zeotap: simulator.ZeotapOptions{Members: 100, SnapshotTTL: time.Hour}, Clock: clock.Now,
	})
	first := w.open()
	clock.Advance(time.Minute)
	second := w.open()
	cursor := *w.page(first.Snapshot, "", "10").Next
	members := audience984 + "/members?snapshot="
	for path, status := range map[string]int{
		"/v1/audiences/985":         http.StatusNotFound,
		"/v1/audiences/985/members": http.StatusNotFound,
		"/v2/audiences":             http.StatusNotFound,
		members:                     http.StatusBadRequest,
		members + "made-up":         http.StatusBadRequest,
		members + first.Snapshot + "&cursor=garbage":    http.StatusBadRequest,
		members + second.Snapshot + "&cursor=" + cursor: http.StatusBadRequest,
		members + first.Snapshot + "&limit=0":           http.StatusBadRequest,
		members + first.Snapshot + "&limit=many":        http.StatusBadRequest,
		members + first.Snapshot + "&cursor=" + cursor:  http.StatusOK,
	} {
		got := w.do("GET", w.zeotap+path, nil, status, nil)
		if status != http.StatusOK {
			require.Contains(t, string(got.body), `"error":"`, path)
		}
	}
	clock.Advance(time.Hour)
	w.do("GET", w.zeotap+members+first.Snapshot, nil, http.StatusGone, nil)
	w.do("GET", w.zeotap+members+second.Snapshot, nil, http.StatusOK, nil)

	w.header.Set("Apikey", "wrong")
	w.do("GET", w.zeotap+audience984, nil, http.StatusUnauthorized, nil)
	w.header.Del("Apikey")
	w.do("POST", w.zeotap+audience984+"/snapshots", nil, http.StatusUnauthorized, nil)
}

func TestARestartedSimulatorKnowsItsSnapshotsAndCursors(t *testing.T) {
	t.Parallel()
	options := simulator.Options{Zeotap: simulator.ZeotapOptions{Members: 100, Seed: 3}}
	before := start(t, options)
	opened := before.open()
	cursor := *before.page(opened.Snapshot, "", "40").Next
	want := before.page(opened.Snapshot, cursor, "40")
	require.Equal(t, want, start(t, options).page(opened.Snapshot, cursor, "40"))
}

func TestAnotherAudienceBringsItsOwnMarkerAndSegment(t *testing.T) {
	t.Parallel()
	w := start(t, simulator.Options{Zeotap: simulator.ZeotapOptions{
		Members: 10, Audience: audience.Audience{ID: "1021", Name: "Winter"}, Key: "other",
	}})
	w.header.Set("Apikey", "other")
	got := w.do("GET", w.zeotap+"/v1/audiences/1021", nil, http.StatusOK, nil)
	require.Contains(t, string(got.body), "Winter")
	w.do("HEAD", w.charles+"/api/v1/contact_lists/seg-1021/preview", nil, http.StatusOK, nil)
	properties := w.do("GET", w.charles+"/api/v0/custom_properties", nil, http.StatusOK, nil)
	require.Contains(t, string(properties.body), "zeotap_audience_1021")
}
