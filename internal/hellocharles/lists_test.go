package hellocharles_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"

	"audiencesync/internal/config"
	"audiencesync/internal/hellocharles"
	"audiencesync/internal/vendorhttp"
)

func TestTagsAreThoseThatContactsCanHave(t *testing.T) {
	t.Parallel()
	w := serve(t, pages(`{"data":[
		{"id":"t1","label":"VIP","object":"person","active":true,"deleted":false,"color":{"new":"field"}},
		{"id":2,"label":"vip","object":"person"},
		{"id":"t3","label":"VIP","object":"ticket","active":true,"deleted":false},
		{"id":"t4","label":"old","object":"person","active":true,"deleted":true},
		{"id":"t5","label":"off","object":"person","active":false,"deleted":false},
		{"id":"t6","label":"","object":"person"},
		{"id":"t7","label":"no kind"},
		{"label":"no id","object":"person","active":null,"deleted":null},
		{"id":"t9","label":"removed on a day","object":"person","deleted":"2026-01-31"},
		{"id":"t10","label":"off by number","object":"person","active":0},
		{"id":"t11","label":"there","object":"person","active":"true","deleted":"false"},
		null, "text"]}`))
	tags, err := w.api.Tags(t.Context())
	require.NoError(t, err)
	require.Equal(t, []hellocharles.Tag{{ID: "t1", Label: "VIP"}, {ID: "2", Label: "vip"}, {Label: "no id"}, {ID: "t11", Label: "there"}}, tags)
	require.Equal(t, "/api/v0/tags", w.requests()[0].Path)
	require.Equal(t, "limit=100&offset=0", w.requests()[0].Query)
}

func TestPropertiesThatCannotBeWrittenAreListedAsSuch(t *testing.T) {
	t.Parallel()
	w := serve(t, pages(`{"data":[
		{"id":1,"name":"birthday","object":"person","type":"string","input":{"type":"date","label":{"de":"Geburtstag","en":"Birthday"}}},
		{"id":2,"name":"card","object":"person","type":"string","input":{"type":"select","label":{"de":"Karte"},
			"options":[{"label":"Gold","value":"gold"},{"label":"Two","value":2},"plain",{"label":"none"}]}},
		{"id":3,"name":"readonly","object":"person","readonly":true,"input":{"label":"Read only"}},
		{"id":4,"name":"disabled","object":"person","disabled":true,"input":null},
		{"id":5,"name":"proxy","object":"person","is_proxy":true,"input":"odd","type":7},
		{"id":6,"name":"order","object":"event"},
		{"id":7,"name":"gone","object":"person","deleted":true},
		{"id":8,"object":"person"},
		{"id":9,"name":"since","object":"person","readonly":"2026-01-31","disabled":0,"is_proxy":""}]}`))
	properties, err := w.api.Properties(t.Context())
	require.NoError(t, err)
	require.Equal(t, []hellocharles.Property{
		{Name: "birthday", Label: "Birthday", Type: "string", Input: "date", Writable: true},
		{Name: "card", Label: "Karte", Type: "string", Input: "select", Writable: true, Options: []string{"gold", "2", "plain"}},
		{Name: "readonly", Label: "Read only"},
		{Name: "disabled", Label: "disabled"},
		{Name: "proxy", Label: "proxy", Type: "7"},
		{Name: "since", Label: "since"},
	}, properties)
	require.Equal(t, "/api/v0/custom_properties", w.requests()[0].Path)
}

func TestListIsReadToItsEnd(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		tags, pageOfServer int
		ignoresPaging      bool
		requests           int
	}{
		"empty":                          {tags: 0, pageOfServer: 100, requests: 1},
		"one page":                       {tags: 3, pageOfServer: 100, requests: 2},
		"full pages":                     {tags: 200, pageOfServer: 100, requests: 3},
		"pages and a rest":               {tags: 250, pageOfServer: 100, requests: 4},
		"smaller pages than asked for":   {tags: 25, pageOfServer: 10, requests: 4},
		"paging ignored":                 {tags: 5, ignoresPaging: true, requests: 2},
		"paging ignored, more than page": {tags: 250, ignoresPaging: true, requests: 2},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := serve(t, func(reply http.ResponseWriter, r *http.Request) {
				from, to := 0, test.tags
				if !test.ignoresPaging {
					from, _ = strconv.Atoi(r.URL.Query().Get("offset"))
					to = min(from+test.pageOfServer, test.tags)
				}
				writeTags(reply, from, to)
			})
			tags, err := w.api.Tags(t.Context())
			require.NoError(t, err)
			require.Len(t, tags, test.tags)
			for i, tag := range tags {
				require.Equal(t, fmt.Sprintf("tag %d", i), tag.Label)
			}
			require.Len(t, w.requests(), test.requests)
		})
	}
}

func TestListWithoutAnEndIsGivenUp(t *testing.T) {
	t.Parallel()
	w := serve(t, func(reply http.ResponseWriter, r *http.Request) {
		from, _ := strconv.Atoi(r.URL.Query().Get("offset"))
		writeTags(reply, from, from+1)
	})
	_, err := w.api.Tags(t.Context())
	failed(t, err, vendorhttp.Unreadable)
	require.ErrorContains(t, err, "does not end after 200 pages")
}

// What a broken answer says under another name would be missing, and the run refused.
func TestAListWithNumbersForTextsIsNotOneThatLacksSomething(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		list func(context.Context, hellocharles.API) error
		page string
		key  string
	}{
		"tags": {
			func(ctx context.Context, api hellocharles.API) error { _, err := api.Tags(ctx); return err },
			`{"data":[{"id":2,"label":"VIP","object":"person"},{"id":3,"label":3,"object":"person"}]}`, "label",
		},
		"kinds of tags": {
			func(ctx context.Context, api hellocharles.API) error { _, err := api.Tags(ctx); return err },
			`{"data":[{"id":3,"label":"VIP","object":6}]}`, "object",
		},
		"properties": {
			func(ctx context.Context, api hellocharles.API) error { _, err := api.Properties(ctx); return err },
			`{"data":[{"id":1,"name":4,"object":"person"}]}`, "name",
		},
		"kinds of segments": {
			func(ctx context.Context, api hellocharles.API) error { _, err := api.Segments(ctx); return err },
			`{"data":[{"id":7,"name":"Spring","type":7}]}`, "type",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			err := test.list(t.Context(), serve(t, pages(test.page)).api)
			failed(t, err, vendorhttp.Unreadable)
			require.ErrorContains(t, err, strconv.Quote(test.key)+" of an entry is not a text")
		})
	}
}

func TestListThatCannotBeReadIsAnError(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		handler http.HandlerFunc
		kind    vendorhttp.Kind
		text    string
	}{
		"half JSON":  {answer(200, `{"data":[{"id":1`), vendorhttp.Unreadable, "its JSON is cut or wrong"},
		"bare array": {answer(200, `[]`), vendorhttp.Unreadable, `no array "data"`},
		"no data":    {answer(200, `{"data":null}`), vendorhttp.Unreadable, `no array "data"`},
		"empty":      {answer(200, ``), vendorhttp.Unreadable, "its JSON is cut or wrong"},
		"page":       {answerAs(200, "text/html", "<p>"), vendorhttp.Unreadable, "HTML"},
		"401":        {answer(401, ``), vendorhttp.Unauthorized, "read.credential"},
		"403":        {answer(403, ``), vendorhttp.Forbidden, "read.allowed: false and list known_tags and known_properties"},
		"404":        {answer(404, ``), vendorhttp.NotFound, "check read.tags_path and base_url"},
		"504":        {answer(504, ``), vendorhttp.Unavailable, "status 504"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := serve(t, test.handler)
			_, err := w.api.Tags(t.Context())
			failed(t, err, test.kind)
			require.ErrorContains(t, err, test.text)
		})
	}
}

func TestReadsGoByTheirOwnCredential(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		auth   config.ReadAuth
		own    bool
		key    string
		bearer string
	}{
		"the connection's key":       {auth: config.AuthAPIKey, key: apiKey},
		"a key for reads":            {auth: config.AuthAPIKey, own: true, key: readKey},
		"bearer":                     {auth: config.AuthBearer, own: true, bearer: "Bearer " + readKey},
		"the connection's as bearer": {auth: config.AuthBearer, bearer: "Bearer " + apiKey},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			type headers struct{ method, key, authorization string }
			var seen []headers
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				seen = append(seen, headers{r.Method, r.Header.Get("x-api-key"), r.Header.Get("Authorization")})
				w.Header().Set("X-Resource-Count", "1")
			}))
			defer server.Close()
			settings := settingsFor(server.URL)
			settings.Read.Auth = test.auth
			if test.own {
				settings.Read.Credential = "env:READ_KEY"
			}
			keys := map[string]string{"env:KEY": apiKey, "env:READ_KEY": readKey}
			api, err := hellocharles.New("acme", settings, func(_ context.Context, reference string) (string, error) { return keys[reference], nil })
			require.NoError(t, err)
			_, err = api.SegmentCount(t.Context(), "s")
			require.NoError(t, err)
			_, err = api.UpsertOne(t.Context(), contact("a"), nil)
			require.NoError(t, err)
			require.Equal(t, []headers{{"HEAD", test.key, test.bearer}, {"PUT", apiKey, ""}}, seen)
		})
	}
}

func TestWorkspaceThatMayNotBeReadHasTheListsOfItsOperator(t *testing.T) {
	t.Parallel()
	no := false
	w := serve(t, answer(500, ""), func(s *config.HelloCharles) {
		s.Read.Allowed = &no
		s.Read.KnownTags = []string{"VIP"}
		s.Read.KnownProperties = []config.KnownProperty{
			{Name: "audience"},
			{Name: "card", Type: "string", Input: "select", Options: []string{"gold", "silver"}},
		}
	})
	tags, err := w.api.Tags(t.Context())
	require.NoError(t, err)
	require.Equal(t, []hellocharles.Tag{{Label: "VIP"}}, tags)
	properties, err := w.api.Properties(t.Context())
	require.NoError(t, err)
	require.Equal(t, []hellocharles.Property{
		{Name: "audience", Label: "audience", Writable: true},
		{Name: "card", Label: "card", Type: "string", Input: "select", Options: []string{"gold", "silver"}, Writable: true},
	}, properties)
	_, err = w.api.SegmentCount(t.Context(), "s")
	failed(t, err, vendorhttp.Forbidden)
	require.ErrorContains(t, err, "this connection may not read (setting read.allowed)")
	require.Empty(t, w.requests())
}

// pages answers with body for the first page and with an empty one after it.
func pages(body string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Query().Get("offset") != "0" {
			answer(200, `{"data":[]}`)(w, r)
			return
		}
		answer(200, body)(w, r)
	}
}

func writeTags(w http.ResponseWriter, from, to int) {
	tags := []map[string]any{}
	for i := from; i < to; i++ {
		tags = append(tags, map[string]any{"id": i, "label": fmt.Sprintf("tag %d", i), "object": "person"})
	}
	_ = json.NewEncoder(w).Encode(map[string]any{"data": tags})
}
