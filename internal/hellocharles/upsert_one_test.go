package hellocharles_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"audiencesync/internal/config"
	"audiencesync/internal/hellocharles"
	"audiencesync/internal/vendorhttp"
)

func TestOneContactGoesByTheDocumentedCall(t *testing.T) {
	t.Parallel()
	w := serve(t, answer(200, `{}`))
	_, err := w.api.UpsertOne(t.Context(), contact("a"), nil)
	require.NoError(t, err)
	request := w.requests()[0]
	require.Equal(t, "PUT /api/v1beta/contacts", request.Method+" "+request.Path)
	require.Equal(t, apiKey, request.Key)
	require.Equal(t, "a", object(t, request.Body)["external_reference_id"])
}

func TestAnswerForOneContactIsItsResult(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("é", 400)
	tests := map[string]struct {
		handler http.HandlerFunc
		want    hellocharles.Result
	}{
		"201":                       {answer(201, `{"data":[{"id":"1"}]}`), hellocharles.Result{Outcome: created, Confirmed: true}},
		"200":                       {answer(200, `{"data":[{"id":"1"}]}`), hellocharles.Result{Outcome: accepted, Confirmed: true}},
		"202 empty":                 {answer(202, ""), hellocharles.Result{Outcome: accepted}},
		"204":                       {func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(204) }, hellocharles.Result{Outcome: accepted, Confirmed: true}},
		"200 with errors":           {answer(200, `{"errors":[{"message_key":"tag_unknown","message":"no such tag"}]}`), hellocharles.Result{Code: "tag_unknown", Message: "no such tag"}},
		"200 with errors in a list": {answer(200, `[{"id":"1"},{"errors":["x"]}]`), hellocharles.Result{Message: "x"}},
		"200 with a list":           {answer(200, `[{"id":"1","errors":[]}]`), hellocharles.Result{Outcome: accepted, Confirmed: true}},
		"207 refused": {
			answer(207, `{"items":[{"external_reference_id":"crm-a","status":"refused","error":{"code":"bad_phone","message":"no"}}]}`),
			hellocharles.Result{Outcome: refused, Code: "bad_phone", Message: "no"},
		},
		"207 refused for now": {
			answer(207, `{"errors":[{"external_reference_id":"crm-a","code":503,"message":"later"}]}`),
			hellocharles.Result{Outcome: refused, Code: "503", Message: "later", Transient: true},
		},
		"207 created": {answer(207, `{"items":[{"external_reference_id":"crm-a","status":201}]}`), hellocharles.Result{Outcome: created, Confirmed: true}},
		"207 created, with an error": {
			answer(207, `{"items":[{"external_reference_id":"crm-a","status":201}],"errors":[{"message":"no such tag"}]}`),
			hellocharles.Result{Message: "no such tag"},
		},
		"207 of another form":    {answer(207, `{"results":[{"status":"refused"}]}`), hellocharles.Result{Message: `{"results":[{"status":"refused"}]}`}},
		"207 of another contact": {answer(207, `{"items":[{"external_reference_id":"b","status":201}]}`), hellocharles.Result{Message: `{"items":[{"external_reference_id":"b","status":201}]}`}},
		"207 empty":              {answer(207, ""), hellocharles.Result{Message: "the answer did not name the contact"}},
		"422 with errors": {
			answer(422, `{"errors":[{"code":4221,"message_key":"phone.invalid","message":"bad phone","description":"+4915112345678"},{"code":7,"message":"bad mail"}]}`),
			hellocharles.Result{Outcome: refused, Code: "phone.invalid", Message: "bad phone: +4915112345678; bad mail"},
		},
		"code where there is no key": {answer(400, `{"errors":[{"code":4221,"message":"x"}]}`), hellocharles.Result{Outcome: refused, Code: "4221", Message: "x"}},
		"one error":                  {answer(400, `{"error":{"code":"BAD","message":"x"}}`), hellocharles.Result{Outcome: refused, Code: "bad", Message: "x"}},
		"error text":                 {answer(400, `{"error":"x"}`), hellocharles.Result{Outcome: refused, Message: "x"}},
		"error texts":                {answer(400, `{"errors":["x","y"]}`), hellocharles.Result{Outcome: refused, Message: "x; y"}},
		"message alone":              {answer(409, `{"message":"x","code":"in_use"}`), hellocharles.Result{Outcome: refused, Code: "in_use", Message: "x"}},
		"unknown form":               {answer(400, `{"reason":"x"}`), hellocharles.Result{Outcome: refused, Message: `{"reason":"x"}`}},
		"page":                       {answerAs(400, "text/html", "<h1>no</h1>"), hellocharles.Result{Outcome: refused, Message: "<h1>no</h1>"}},
		"nothing":                    {answer(413, ""), hellocharles.Result{Outcome: refused}},
		"null":                       {answer(422, "null"), hellocharles.Result{Outcome: refused, Message: "null"}},
		"long words":                 {answer(400, `{"message":"`+long+`"}`), hellocharles.Result{Outcome: refused, Message: long[:500]}},
		"sentence for a code":        {answer(400, `{"message":"x","code":"the phone is bad"}`), hellocharles.Result{Outcome: refused, Message: "x"}},
		"phone for a code":           {answer(400, `{"message":"x","code":"0151-123-45-67"}`), hellocharles.Result{Outcome: refused, Message: "x"}},
		"address for a code":         {answer(400, `{"message":"x","code":"quintessa@example.com"}`), hellocharles.Result{Outcome: refused, Message: "x"}},
		"reference for a code":       {answer(400, `{"message":"x","code":"CRM-a"}`), hellocharles.Result{Outcome: refused, Message: "x"}},
		"long code":                  {answer(400, `{"message":"x","code":"`+strings.Repeat("a", 65)+`"}`), hellocharles.Result{Outcome: refused, Message: "x"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := serve(t, test.handler)
			result, err := w.api.UpsertOne(t.Context(), contact("crm-a"), nil)
			require.NoError(t, err)
			require.Equal(t, test.want, result)
		})
	}
}

func TestAnswerThatIsNotAboutTheContactIsAnError(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		handler http.HandlerFunc
		kind    vendorhttp.Kind
	}{
		"429":       {answer(429, plantedReference), vendorhttp.RateLimited},
		"408":       {answer(408, plantedReference), vendorhttp.Unavailable},
		"500":       {answer(500, plantedReference), vendorhttp.Unavailable},
		"503":       {answerAs(503, "text/html", "<p>"+plantedReference), vendorhttp.Unavailable},
		"415":       {answer(415, plantedReference), vendorhttp.Rejected},
		"cut":       {cutAfter(`{"data":`), vendorhttp.Unavailable},
		"half JSON": {answer(201, `{"data":[{"name":"Quintessa"`), vendorhttp.Unreadable},
		"page":      {answerAs(200, "text/html", "<p>Quintessa"), vendorhttp.Unreadable},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := serve(t, test.handler)
			result, err := w.api.UpsertOne(t.Context(), contact(plantedReference), nil)
			failed(t, err, test.kind)
			require.Zero(t, result)
		})
	}
}

func TestContactsAndKeyDoNotFollowARedirect(t *testing.T) {
	t.Parallel()
	var reached atomic.Int32
	other := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { reached.Add(1) }))
	t.Cleanup(other.Close)
	w := serve(t, func(reply http.ResponseWriter, r *http.Request) {
		http.Redirect(reply, r, other.URL+r.URL.Path, http.StatusPermanentRedirect)
	})
	_, err := w.api.UpsertOne(t.Context(), contact(plantedReference), nil)
	failed(t, err, vendorhttp.Redirected)
	_, err = w.api.Upsert(t.Context(), contacts(1), nil)
	failed(t, err, vendorhttp.Redirected)
	_, err = w.api.SegmentCount(t.Context(), "s")
	failed(t, err, vendorhttp.Redirected)
	require.Zero(t, reached.Load())
}

func TestSettingsThatGiveNoRequestAreRefused(t *testing.T) {
	t.Parallel()
	no := false
	tests := map[string]struct {
		change func(*config.HelloCharles)
		text   string
	}{
		"no source type":  {func(s *config.HelloCharles) { s.SourceType = "" }, "source_type is not set"},
		"no batch path":   {func(s *config.HelloCharles) { s.Batch.Path = "" }, "batch mode is not configured: batch.path not set"},
		"no batch at all": {func(s *config.HelloCharles) { s.Batch = config.BatchContacts{} }, "batch.method, batch.path, batch.envelope, batch.reply"},
		"unknown reply":   {func(s *config.HelloCharles) { s.Batch.Reply = "all" }, `batch.reply "all" is none of none, counts, items`},
		"no item names":   {func(s *config.HelloCharles) { s.Batch.Items = config.ReplyItems{} }, "batch.items.key, batch.items.reference or index, batch.items.status"},
		"no count names": {func(s *config.HelloCharles) {
			s.Batch.Reply, s.Batch.Counts = config.RepliesCounts, config.ReplyCounts{}
		}, "batch.counts.created, updated or refused"},
		"no error names": {func(s *config.HelloCharles) {
			s.Batch.Reply, s.Batch.Errors = config.RepliesErrors, config.ReplyErrors{}
		}, "batch.errors.key, batch.errors.reference or index"},
		"nobody to read":     {func(s *config.HelloCharles) { s.Read.ContactPath = "/contacts" }, "read.contact_path starts with a slash and holds {reference}"},
		"large batches":      {func(s *config.HelloCharles) { s.Batch.MaxItems = 1001 }, "batch.max_items (1 to 1000)"},
		"ids without a list": {func(s *config.HelloCharles) { s.Tags, s.Read.Allowed = config.TagID, &no }, "tags: id needs the tag list"},
		"no placeholder":     {func(s *config.HelloCharles) { s.Read.SegmentCountPath = "/api/count" }, "has no {segment}"},
		"no segment":         {func(s *config.HelloCharles) { s.Read.SegmentMembersPath = "/members" }, "read.segment_members_path has no {segment}"},
		"no row names":       {func(s *config.HelloCharles) { s.Read.SegmentMember.References = "" }, "read.segment_member.references is not set"},
		"no segment pages":   {func(s *config.HelloCharles) { s.Read.SegmentPageSize = 0 }, "must be positive"},
		"path with a query":  {func(s *config.HelloCharles) { s.Read.TagsPath = "/tags?all=1" }, "read.tags_path is not a URL path"},
		"no slash":           {func(s *config.HelloCharles) { s.Batch.Path = "api" }, "batch.path is not a URL path"},
		"no page size":       {func(s *config.HelloCharles) { s.Read.PageSize = 0 }, "must be positive"},
		"no host":            {func(s *config.HelloCharles) { s.BaseURL = "acme" }, "base_url"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			settings := settingsFor("https://acme.example")
			test.change(&settings)
			_, err := hellocharles.New("acme", settings, credential(apiKey))
			require.ErrorContains(t, err, "connection acme: ")
			require.ErrorContains(t, err, test.text)
		})
	}
}
