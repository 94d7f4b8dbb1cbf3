package simulator_test

import (
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"audiencesync/internal/simulator"
	"audiencesync/internal/simulator/contacts"
)

type records struct {
	Data []object `json:"data"`
}

func (w *world) list(path string) []object {
	w.t.Helper()
	var got records
	w.do("GET", w.charles+path, nil, http.StatusOK, &got)
	return got.Data
}

func TestTagsAndPropertiesComeWithThoseThatCannotBeUsed(t *testing.T) {
	t.Parallel()
	w := start(t, simulator.Options{})
	usable := func(records []object, key string) (names []any) {
		for _, r := range records {
			if r["object"] == "person" && r["active"] == true && r["deleted"] == false &&
				r["readonly"] != true && r["disabled"] != true && r["is_proxy"] != true {
				names = append(names, r[key])
			}
		}
		return names
	}
	tags := w.list("/api/v0/tags")
	require.Equal(t, []any{"zeotap", "newsletter", "vip", "Spring", "spring"}, usable(tags, "label"))
	require.Equal(t, "zeotap", tags[0]["label"], "the decoy comes first")
	require.Equal(t, "ticket", tags[0]["object"])

	properties := w.list("/api/v0/custom_properties/")
	require.Equal(t, []any{
		"zeotap_audience_984", "city", "loyalty_points", "birthday", "zeotap_audiences",
		"preferred_channel", "interests", "newsletter_consent", "last_order_at",
	}, usable(properties, "name"))
	require.Greater(t, len(properties), 9)
}

func TestReadsHavePages(t *testing.T) {
	t.Parallel()
	w := start(t, simulator.Options{})
	all := w.list("/api/v0/tags")
	var paged []object
	for offset := 0; ; offset += 3 {
		part := w.list(fmt.Sprintf("/api/v0/tags?limit=3&offset=%d", offset))
		paged = append(paged, part...)
		if len(part) < 3 {
			break
		}
	}
	require.Equal(t, all, paged)
	w.do("GET", w.charles+"/api/v0/tags?limit=many", nil, http.StatusBadRequest, nil)

	w = start(t, simulator.Options{Charles: simulator.CharlesOptions{IgnorePaging: true}})
	require.Equal(t, all, w.list("/api/v0/tags?limit=3&offset=3"))
}

func TestReadsNeedTheirOwnPermission(t *testing.T) {
	t.Parallel()
	w := start(t, simulator.Options{Charles: simulator.CharlesOptions{Bearer: "token"}})
	w.do("GET", w.charles+"/api/v0/tags", nil, http.StatusUnauthorized, nil)
	w.header.Set("Authorization", "Bearer token")
	w.do("GET", w.charles+"/api/v0/tags", nil, http.StatusOK, nil)

	w = start(t, simulator.Options{Charles: simulator.CharlesOptions{ReadsForbidden: true}})
	for _, path := range []string{"/api/v0/tags", "/api/v0/custom_properties", "/api/v0/contact_lists", count} {
		w.do("GET", w.charles+path, nil, http.StatusForbidden, nil)
	}
	w.do("PUT", w.charles+single, contact("a"), http.StatusCreated, nil)
	w.header.Del("X-Api-Key")
	w.do("GET", w.charles+"/api/v0/tags", nil, http.StatusUnauthorized, nil)
}

func TestContactListsAreSegmentsAndStaticLists(t *testing.T) {
	t.Parallel()
	w := start(t, simulator.Options{})
	kinds := map[any]any{}
	for _, list := range w.list("/api/v0/contact_lists") {
		kinds[list["id"]] = list["type"]
	}
	require.Equal(t, "dynamic", kinds["seg-984"])
	require.Equal(t, "static", kinds["list-fair"])
	require.Equal(t, "5", w.do("HEAD", w.charles+"/api/v0/contact_lists", nil, http.StatusOK, nil).header.Get("X-Resource-Count"))

	one := w.list("/api/v0/contact_lists/seg-984")
	require.Equal(t, "Zeotap: Spring campaign", one[0]["name"])
	for _, id := range []string{"seg-deleted", "seg-none"} {
		w.do("GET", w.charles+"/api/v0/contact_lists/"+id, nil, http.StatusNotFound, nil)
		w.do("HEAD", w.charles+"/api/v1/contact_lists/"+id+"/preview", nil, http.StatusNotFound, nil)
	}
}

func TestASegmentIsCountedAndListed(t *testing.T) {
	t.Parallel()
	w := start(t, simulator.Options{})
	require.Equal(t, "0", w.counted())
	w.do("POST", w.charles+batch, contactsOf("a", "b", "c"), http.StatusOK, nil)
	w.do("PUT", w.charles+single, property("b", "zeotap_audience_984", "left"), http.StatusOK, nil)
	require.Equal(t, "2", w.counted())

	rows := w.list(count + "?limit=1&offset=1")
	require.Len(t, rows, 1)
	person, _ := rows[0]["person"].(object)
	users, _ := person["channel_users"].([]any)
	user, _ := users[0].(object)
	require.Equal(t, "c", user["external_person_reference_id"])
	require.Equal(t, "zeotap", user["source_type"])
	require.Equal(t, []any{"zeotap"}, person["tags"])
	require.Empty(t, w.list(count+"?offset=2"))

	w = start(t, simulator.Options{Charles: simulator.CharlesOptions{NoCountHeader: true}})
	require.Empty(t, w.counted())
}

func TestSegmentsOfOtherKindsCanBeGiven(t *testing.T) {
	t.Parallel()
	w := start(t, simulator.Options{Charles: simulator.CharlesOptions{Segments: []contacts.Segment{
		{ID: "vip-of-köln", Name: "VIP of Köln", All: []contacts.Condition{{Tag: "vip"}, {Property: "city", Equals: "Köln"}}},
	}}})
	w.do("PUT", w.charles+single, with(property("a", "city", "Köln"), "tags", []string{"vip"}), http.StatusCreated, nil)
	w.do("PUT", w.charles+single, property("b", "city", "Köln"), http.StatusCreated, nil)
	got := w.do("HEAD", w.charles+"/api/v0/contact_lists/vip-of-k%C3%B6ln/preview", nil, http.StatusOK, nil)
	require.Equal(t, "1", got.header.Get("X-Resource-Count"))
}

func TestACountFollowsTheWritesAfterALag(t *testing.T) {
	t.Parallel()
	clock := newClock()
	w := start(t, simulator.Options{
		Charles: simulator.CharlesOptions{Lag: contacts.Lag{Delay: 10 * time.Second}}, Clock: clock.Now,
	})
	w.do("POST", w.charles+batch, contactsOf("a", "b"), http.StatusOK, nil)
	clock.Advance(5 * time.Second)
	w.do("POST", w.charles+batch, contactsOf("c"), http.StatusOK, nil)
	require.Equal(t, "0", w.counted())
	clock.Advance(5 * time.Second)
	require.Equal(t, "2", w.counted())
	require.Len(t, w.list(count), 2)
	require.Equal(t, simulator.SegmentCount{Counted: 2, Actual: 3}, w.Stats().Segments["seg-984"])
	clock.Advance(5 * time.Second)
	require.Equal(t, "3", w.counted())
}
