package zeotap_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"audiencesync/internal/audience"
	"audiencesync/internal/config"
	"audiencesync/internal/vendorhttp"
	"audiencesync/internal/zeotap"
)

// endpoint answers requests by method and path; what it does not know is 404.
type endpoint map[string]http.HandlerFunc

func (e endpoint) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	answer, found := e[r.Method+" "+r.URL.EscapedPath()]
	if !found {
		w.WriteHeader(http.StatusNotFound)
		return
	}
	answer(w, r)
}

func says(body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, body) }
}

func fails(status int) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(status)
		_, _ = io.WriteString(w, planted)
	}
}

const (
	audiencePath  = "GET /v1/audiences/984"
	snapshotsPath = "POST /v1/audiences/984/snapshots"
	membersPath   = "GET /v1/audiences/984/members"
)

// healthy is an endpoint with an audience and a snapshot, and pages by cursor.
func healthy(pages map[string]string) endpoint {
	return endpoint{
		audiencePath:  says(`{"id":"984","name":"Spring campaign","size":{"value":1200,"basis":"unique_customers","as_of":"2026-11-20T06:00:00Z"}}`),
		snapshotsPath: says(`{"snapshot":"s-1","version":"v7","as_of":"2026-11-20T06:30:00Z","total":3,"pinned":true}`),
		membersPath: func(w http.ResponseWriter, r *http.Request) {
			page, found := pages[r.URL.Query().Get("cursor")]
			if !found || r.URL.Query().Get("snapshot") != "s-1" {
				w.WriteHeader(http.StatusBadRequest)
				return
			}
			_, _ = io.WriteString(w, page)
		},
	}
}

func apiSettings(url string) config.ZeotapAPI {
	s := config.DefaultZeotapAPI()
	s.BaseURL, s.Credential = url, "env:ZEOTAP_KEY"
	s.Limits.RequestsPerSecond = 100_000
	return s
}

func newAPI(t *testing.T, s config.ZeotapAPI) zeotap.Source {
	t.Helper()
	source, err := zeotap.NewAPI("pages", s, func(context.Context, string) (string, error) { return "key-1", nil })
	require.NoError(t, err)
	return source
}

func serve(t *testing.T, handler http.Handler) zeotap.Source {
	t.Helper()
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	return newAPI(t, apiSettings(server.URL))
}

func TestAPISaysWhichAudienceItIs(t *testing.T) {
	t.Parallel()
	asOf := time.Date(2026, 11, 20, 6, 0, 0, 0, time.UTC)
	cases := map[string]struct {
		reply string
		name  string
		size  *audience.Size
	}{
		"with a size": {
			`{"id":"984","name":"Spring","size":{"value":1200,"basis":"unique_customers","as_of":"2026-11-20T06:00:00Z"},"more":[1]}`,
			"Spring", &audience.Size{Value: 1200, Basis: "unique_customers", AsOf: asOf},
		},
		"with a bare size": {`{"id":"984","name":"Spring","size":{"value":0}}`, "Spring", &audience.Size{}},
		"without a size":   {`{"id":"984","name":"Spring"}`, "Spring", nil},
		"size null":        {`{"id":"984","size":null}`, "", nil},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			found, size, err := serve(t, endpoint{audiencePath: says(c.reply)}).Identify(t.Context(), "984")
			require.NoError(t, err)
			require.Equal(t, audience.Audience{ID: "984", Name: c.name}, found)
			require.Equal(t, c.size, size)
		})
	}
}

func TestAPIOpensASnapshot(t *testing.T) {
	t.Parallel()
	total := int64(3)
	snapshot := open(t, serve(t, healthy(nil)))
	require.Equal(t, audience.Snapshot{
		Token: "s-1", Version: "v7", Total: &total, Pinned: true,
		AsOf:     time.Date(2026, 11, 20, 6, 30, 0, 0, time.UTC),
		Reported: &audience.Size{Value: 1200, Basis: "unique_customers", AsOf: time.Date(2026, 11, 20, 6, 0, 0, 0, time.UTC)},
		Audience: audience.Audience{ID: "984", Name: "Spring campaign"},
	}, snapshot)
}

func TestAPIReadsPageByPage(t *testing.T) {
	t.Parallel()
	source := serve(t, healthy(map[string]string{
		"":          `{"version":"v7","members":[{"id":"1","n":1.50},{"id":"2"}],"next_cursor":"a/b?&+ü"}`,
		"a/b?&+ü":   `{"next_cursor":"empty","extra":{"deep":[1,2]},"members":[],"version":"v7"}`,
		"empty":     `{"version":"v7","members":[{"id":"3","l":[{"k":null}]}],"next_cursor":"last"}`,
		"last":      `{"version":"v7","members":[],"next_cursor":null}`,
		"elsewhere": `{}`,
	}))
	require.Equal(t, []audience.Member{
		{"id": "1", "n": json.Number("1.50")},
		{"id": "2"},
		{"id": "3", "l": []any{map[string]any{"k": nil}}},
	}, readAll(t, source))
}

func TestAPIGoesOnInANewReader(t *testing.T) {
	t.Parallel()
	source := serve(t, healthy(map[string]string{
		"":  `{"version":"v7","members":[{"id":"1"}],"next_cursor":"b"}`,
		"b": `{"version":"v7","members":[{"id":"2"}],"next_cursor":null}`,
	}))
	snapshot := open(t, source)
	first, err := readerOf(t, source, snapshot).Page(t.Context(), "")
	require.NoError(t, err)
	require.Equal(t, []audience.Member{{"id": "2"}}, readFrom(t, readerOf(t, source, snapshot), first.Next))
}

func TestACursorThatIsAnAddressIsNothingButACursor(t *testing.T) {
	t.Parallel()
	var reached atomic.Int32
	other := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { reached.Add(1) }))
	t.Cleanup(other.Close)
	host := strings.TrimPrefix(other.URL, "http://")
	cursors := []string{"", other.URL + "/page", "//" + host, "http://169.254.169.254/latest/meta-data/", "@" + host, "..//" + host, "file:///etc/passwd"}
	pages := map[string]string{}
	for i, cursor := range cursors {
		next := "null"
		if i+1 < len(cursors) {
			next = strconv.Quote(cursors[i+1])
		}
		members := "[]"
		if i+3 >= len(cursors) {
			members = `[{"id":"1"}]`
		}
		pages[cursor] = fmt.Sprintf(`{"version":"v7","members":%s,"next_cursor":%s}`, members, next)
	}
	require.Len(t, readAll(t, serve(t, healthy(pages))), 3, "the last pages were not read")
	require.Zero(t, reached.Load(), "a cursor led to another host")
}

func TestAPISendsTheNamesOfItsSettings(t *testing.T) {
	t.Parallel()
	var asked http.Request
	server := httptest.NewServer(endpoint{
		"GET /prefix/seg/9%2F8%204": func(w http.ResponseWriter, r *http.Request) {
			asked = *r
			_, _ = io.WriteString(w, `{"id":"9/8 4"}`)
		},
		"POST /prefix/snap/9%2F8%204": says(`{"snapshot":"s","version":"1"}`),
		"GET /prefix/people/9%2F8%204": func(w http.ResponseWriter, r *http.Request) {
			asked = *r
			_, _ = io.WriteString(w, `{"v":"1","rows":[{}],"more":null}`)
		},
	})
	t.Cleanup(server.Close)
	s := apiSettings(server.URL + "/prefix/")
	s.CredentialHeader = "X-Key"
	s.PageSize = 77
	s.Paths = config.ZeotapPaths{Audience: "/seg/{audience}", Snapshots: "/snap/{audience}", Members: "/people/{audience}"}
	s.Names = config.ZeotapNames{LimitParam: "n", CursorParam: "c", SnapshotParam: "s", MembersKey: "rows", CursorKey: "more", VersionKey: "v"}
	source := newAPI(t, s)

	_, _, err := source.Identify(t.Context(), "9/8 4")
	require.NoError(t, err)
	require.Equal(t, "key-1", asked.Header.Get("X-Key"))

	snapshot, err := source.Open(t.Context(), "9/8 4")
	require.NoError(t, err)
	require.Nil(t, snapshot.Total)
	require.False(t, snapshot.Pinned)
	page, err := readerOf(t, source, snapshot).Page(t.Context(), "")
	require.NoError(t, err)
	require.True(t, page.Last)
	require.Equal(t, "n=77&s=s", asked.URL.RawQuery, "the first page has no cursor")
}

func TestAPIReadIsCompleteWhenTheAnnouncedTotalWasRead(t *testing.T) {
	t.Parallel()
	total := int64(1200)
	cases := map[string]struct {
		total    *int64
		read     int64
		complete bool
	}{
		"as many":   {&total, 1200, true},
		"fewer":     {&total, 1199, false},
		"more":      {&total, 1201, false},
		"not known": {nil, 5, true},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			reader := readerOf(t, serve(t, endpoint{}), audience.Snapshot{Total: c.total})
			completeness, err := reader.Finish(t.Context(), c.read)
			require.NoError(t, err)
			require.Equal(t, c.complete, completeness.Complete)
			if !c.complete {
				require.Contains(t, completeness.Why, "announced 1,200 members")
			}
		})
	}
}

func TestAPIKeepsItsLimits(t *testing.T) {
	t.Parallel()
	var under, most atomic.Int32
	together := make(chan struct{})
	server := httptest.NewServer(endpoint{audiencePath: func(w http.ResponseWriter, _ *http.Request) {
		now := under.Add(1)
		defer under.Add(-1)
		for seen := most.Load(); now > seen && !most.CompareAndSwap(seen, now); seen = most.Load() {
			continue
		}
		// The first two answer only when both are there: two are let through.
		select {
		case together <- struct{}{}:
		case <-together:
		}
		_, _ = io.WriteString(w, `{"id":"984"}`)
	}})
	t.Cleanup(server.Close)
	s := apiSettings(server.URL)
	s.Limits.RequestsInFlight = 2
	source := newAPI(t, s)

	errs := make(chan error)
	for range 10 {
		go func() { _, _, err := source.Identify(t.Context(), "984"); errs <- err }()
	}
	for range 10 {
		require.NoError(t, <-errs)
	}
	require.EqualValues(t, 2, most.Load())
}

func TestAPIWaitsForItsRateNoLongerThanTheCall(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(endpoint{audiencePath: says(`{"id":"984"}`)})
	t.Cleanup(server.Close)
	s := apiSettings(server.URL)
	s.Limits.RequestsPerSecond = 0.001
	source := newAPI(t, s)
	_, _, err := source.Identify(t.Context(), "984")
	require.NoError(t, err, "the first request goes at once")

	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	_, _, err = source.Identify(ctx, "984")
	require.ErrorIs(t, err, context.DeadlineExceeded, "the second would go after the deadline")
	cancel()
	_, _, err = source.Identify(ctx, "984")
	require.ErrorIs(t, err, context.Canceled)
}

func TestAPIPassesFailedRequestsOn(t *testing.T) {
	t.Parallel()
	kinds := map[int]vendorhttp.Kind{
		http.StatusUnauthorized:       vendorhttp.Unauthorized,
		http.StatusForbidden:          vendorhttp.Forbidden,
		http.StatusTooManyRequests:    vendorhttp.RateLimited,
		http.StatusBadGateway:         vendorhttp.Unavailable,
		http.StatusBadRequest:         vendorhttp.Rejected,
		http.StatusMovedPermanently:   vendorhttp.Redirected,
		http.StatusServiceUnavailable: vendorhttp.Unavailable,
	}
	for code, kind := range kinds {
		t.Run(fmt.Sprint(code), func(t *testing.T) {
			t.Parallel()
			pages := healthy(nil)
			pages[membersPath] = fails(code)
			err := readUntilError(t, serve(t, pages))
			var failed *vendorhttp.Error
			require.ErrorAs(t, err, &failed)
			require.Equal(t, kind, failed.Kind)
			require.Contains(t, err.Error(), "reading page 1 of audience 984")
			require.NotContains(t, err.Error(), planted)
		})
	}
}

func TestAPIAsksAgainWhatWasOneRequestTooManyAndDoesNotStartOver(t *testing.T) {
	t.Parallel()
	pages, asked := healthy(nil), 0
	pages[audiencePath] = says(`{"id":"984"}`)
	opens := pages[snapshotsPath]
	pages[snapshotsPath] = func(w http.ResponseWriter, r *http.Request) {
		if asked++; asked == 1 {
			w.Header().Set("Retry-After", "1")
			w.WriteHeader(http.StatusTooManyRequests)
			return
		}
		opens(w, r)
	}
	open(t, serve(t, pages))
	require.Equal(t, 2, asked)
}

func TestAPILeavesALongWaitToTheCaller(t *testing.T) {
	t.Parallel()
	pages, asked := healthy(nil), 0
	pages[audiencePath] = func(w http.ResponseWriter, _ *http.Request) {
		asked++
		w.Header().Set("Retry-After", "60")
		w.WriteHeader(http.StatusTooManyRequests)
	}
	_, _, err := serve(t, pages).Identify(t.Context(), "984")
	var failed *vendorhttp.Error
	require.ErrorAs(t, err, &failed)
	require.Equal(t, time.Minute, failed.RetryAfter)
	require.Equal(t, 1, asked)
}

func TestAPISaysThatTheCredentialIsMissing(t *testing.T) {
	t.Parallel()
	source, err := zeotap.NewAPI("pages", apiSettings("http://127.0.0.1:1"), func(context.Context, string) (string, error) {
		return "", errors.New("credential env:ZEOTAP_KEY: the environment variable is not set for the worker")
	})
	require.NoError(t, err)
	_, _, err = source.Identify(t.Context(), "984")
	var failed *vendorhttp.Error
	require.ErrorAs(t, err, &failed)
	require.Equal(t, vendorhttp.NoCredential, failed.Kind)
}

func TestAPIRefusesSettingsThatCannotWork(t *testing.T) {
	t.Parallel()
	cases := map[string]func(*config.ZeotapAPI){
		"base_url":                   func(s *config.ZeotapAPI) { s.BaseURL = "nowhere" },
		"limits.requests_per_second": func(s *config.ZeotapAPI) { s.Limits.RequestsPerSecond = 0 },
		"limits.requests_in_flight":  func(s *config.ZeotapAPI) { s.Limits.RequestsInFlight = 0 },
		"page_size":                  func(s *config.ZeotapAPI) { s.PageSize = 0 },
		"max_body_megabytes":         func(s *config.ZeotapAPI) { s.MaxBodyMegabytes = 0 },
		"timeout":                    func(s *config.ZeotapAPI) { s.Timeout = 0 },
	}
	for setting, change := range cases {
		t.Run(setting, func(t *testing.T) {
			t.Parallel()
			s := apiSettings("http://127.0.0.1:1")
			change(&s)
			_, err := zeotap.NewAPI("pages", s, nil)
			require.ErrorContains(t, err, "connection pages: "+setting)
		})
	}
}
