package hellocharles_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"audiencesync/internal/audience"
	"audiencesync/internal/config"
	"audiencesync/internal/hellocharles"
	"audiencesync/internal/vendorhttp"
)

const (
	created  = audience.Created
	updated  = audience.Updated
	accepted = audience.Accepted
	refused  = audience.Refused
)

func TestBatchGoesByTheSettingsOfTheConnection(t *testing.T) {
	t.Parallel()
	w := serve(t, answer(200, ""), replying(config.RepliesNone))
	_, err := w.api.Upsert(t.Context(), []audience.Contact{{Reference: "a"}, {Reference: "b"}}, nil)
	require.NoError(t, err)
	require.Equal(t, []exchange{{
		Method: "POST", Path: "/api/v1beta/contacts/batch", Key: apiKey, ContentType: "application/json",
		Body: `{"contacts":[{"external_reference_id":"a","source_type":"zeotap"},{"external_reference_id":"b","source_type":"zeotap"}]}`,
	}}, w.requests())

	w = serve(t, answer(200, ""), replying(config.RepliesNone), func(s *config.HelloCharles) { s.Batch.Envelope = "array" })
	_, err = w.api.Upsert(t.Context(), []audience.Contact{{Reference: "a"}}, nil)
	require.NoError(t, err)
	require.JSONEq(t, `[{"external_reference_id":"a","source_type":"zeotap"}]`, w.requests()[0].Body)
}

func TestReplyThatNeedNotBeReadAcceptsTheBatch(t *testing.T) {
	t.Parallel()
	for name, handler := range map[string]http.HandlerFunc{
		"200 with JSON": answer(200, `{"ok":true,"errors":[]}`),
		"200 with text": answerAs(200, "text/plain", "ok"),
		"202 empty":     answer(202, ""),
		"204":           func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := serve(t, handler, replying(config.RepliesNone))
			results, err := w.api.Upsert(t.Context(), contacts(3), nil)
			require.NoError(t, err)
			require.Equal(t, []audience.Outcome{accepted, accepted, accepted}, outcomes(results))
		})
	}
}

func TestSuccessThatCannotBeReadIsNoSuccess(t *testing.T) {
	t.Parallel()
	item := `{"items":[{"external_reference_id":"+4915112345678","status":"created"}`
	page := "<html><body>Quintessa, please log in</body></html>"
	tests := map[string]struct {
		form    config.ReplyForm
		handler http.HandlerFunc
		text    string
	}{
		"JSON that ends early":    {config.RepliesItems, answer(200, item), "its JSON is cut or wrong"},
		"JSON and more":           {config.RepliesItems, answer(200, item+"]} trailing"), "its JSON is cut or wrong"},
		"no items":                {config.RepliesItems, answer(200, `{"results":[]}`), "batch.items.key"},
		"items that are no list":  {config.RepliesItems, answer(200, `{"items":{"r1":"created"}}`), "it has no results where batch.items.key says"},
		"a key twice":             {config.RepliesItems, answer(200, `{"items":[{"external_reference_id":"+4915112345678","status":"failed","status":"created"}]}`), "holds a key twice"},
		"errors twice for none":   {config.RepliesNone, answer(200, `{"errors":["Quintessa"],"errors":[]}`), "batch.reply is none"},
		"no reply":                {config.RepliesItems, answer(202, ""), "it is empty, but batch.reply is items"},
		"page for items":          {config.RepliesItems, answerAs(200, "text/html", page), "HTML"},
		"page for none":           {config.RepliesNone, answerAs(200, "text/html; charset=utf-8", page), "HTML"},
		"page of no type":         {config.RepliesNone, answerAs(200, "application/octet-stream", "\n <!doctype html>"), "HTML"},
		"half JSON for none":      {config.RepliesNone, answer(200, `{"accepted":`), "its JSON is cut or wrong"},
		"half JSON as text":       {config.RepliesNone, answerAs(200, "text/plain", `["Quintessa`), "its JSON is cut or wrong"},
		"207 for none":            {config.RepliesNone, answer(207, `{}`), "batch.reply is none"},
		"errors in a list":        {config.RepliesNone, answer(200, `[{"errors":["Quintessa"]}]`), "batch.reply is none"},
		"errors in a 200":         {config.RepliesNone, answer(200, `{"errors":[{"message":"Quintessa"}]}`), "batch.reply is none"},
		"counts with half a JSON": {config.RepliesCounts, answer(200, `{"created":1`), "its JSON is cut or wrong"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := serve(t, test.handler, replying(test.form))
			_, err := w.api.Upsert(t.Context(), contacts(1), nil)
			failed(t, err, vendorhttp.Unreadable)
			require.ErrorContains(t, err, test.text)
		})
	}
}

func TestReplyThatWasCutOnTheWayHasAnUnknownEffect(t *testing.T) {
	t.Parallel()
	for _, form := range []config.ReplyForm{config.RepliesNone, config.RepliesCounts, config.RepliesItems} {
		w := serve(t, cutAfter(`{"created":1}`), replying(form))
		_, err := w.api.Upsert(t.Context(), contacts(1), nil)
		failed(t, err, vendorhttp.Unavailable)
	}
}

func TestLongReplyIsRefused(t *testing.T) {
	t.Parallel()
	w := serve(t, answer(200, `{"items":[`+strings.Repeat(" ", 1<<20)+`]}`), func(s *config.HelloCharles) { s.MaxBodyMegabytes = 1 })
	_, err := w.api.Upsert(t.Context(), contacts(1), nil)
	failed(t, err, vendorhttp.Unreadable)
	require.ErrorContains(t, err, "max_body_megabytes")
}

func TestGatewayPageWithA502IsTemporary(t *testing.T) {
	t.Parallel()
	w := serve(t, answerAs(502, "text/html", "<h1>Quintessa "+plantedReference+"</h1>"))
	_, err := w.api.Upsert(t.Context(), contacts(2), nil)
	failed(t, err, vendorhttp.Unavailable)
	require.ErrorContains(t, err, "temporarily unavailable (status 502)")
}

func TestBatchThatIsRefusedAsAWholeIsAnError(t *testing.T) {
	t.Parallel()
	body := `{"errors":[{"code":422,"message_key":"contact.invalid","message":"Quintessa is not valid"}]}`
	for status, kind := range map[int]vendorhttp.Kind{
		400: vendorhttp.Rejected, 409: vendorhttp.Rejected, 422: vendorhttp.Rejected, 415: vendorhttp.Rejected, 413: vendorhttp.TooLarge,
	} {
		w := serve(t, answer(status, body))
		_, err := w.api.Upsert(t.Context(), contacts(2), nil)
		failed(t, err, kind)
		require.ErrorContains(t, err, fmt.Sprintf("(status %d)", status))
	}
}

func TestBatchOfOneThatIsRefusedIsTheRefusalOfTheContact(t *testing.T) {
	t.Parallel()
	body := `{"errors":[{"code":422,"message_key":"contact.invalid","message":"Quintessa is not valid"}]}`
	want := []hellocharles.Result{{Outcome: refused, Code: "contact.invalid", Message: "Quintessa is not valid"}}
	for _, status := range []int{400, 409, 413, 422} {
		w := serve(t, answer(status, body))
		results, err := w.api.Upsert(t.Context(), contacts(1), nil)
		require.NoError(t, err)
		require.Equal(t, want, results)
	}
	w := serve(t, answer(200, `{"refused":1,"error":"Quintessa is not valid"}`), replying(config.RepliesCounts))
	results, err := w.api.Upsert(t.Context(), contacts(1), nil)
	require.NoError(t, err)
	require.Equal(t, []hellocharles.Result{{Outcome: refused, Message: "Quintessa is not valid"}}, results)

	w = serve(t, answer(415, body))
	_, err = w.api.Upsert(t.Context(), contacts(1), nil)
	failed(t, err, vendorhttp.Rejected)
}

func TestRefusedAccessSaysWhatToDo(t *testing.T) {
	t.Parallel()
	tests := map[int]struct {
		kind          vendorhttp.Kind
		batch, single string
	}{
		401: {vendorhttp.Unauthorized, "the API key is wrong", "the API key is wrong"},
		403: {
			vendorhttp.Forbidden, "the closed beta of the Batched Contacts API is not enabled",
			"the closed beta of the Contact API is not enabled",
		},
		404: {vendorhttp.NotFound, "batch.method or batch.path is wrong", "single.method or single.path is wrong"},
		405: {vendorhttp.NotFound, "batch.method or batch.path is wrong", "single.method or single.path is wrong"},
	}
	for status, test := range tests {
		w := serve(t, answer(status, `{"errors":[{"message":"Quintessa"}]}`))
		_, err := w.api.Upsert(t.Context(), contacts(1), nil)
		failed(t, err, test.kind)
		require.ErrorContains(t, err, test.batch)
		_, err = w.api.UpsertOne(t.Context(), contact(plantedReference), nil)
		failed(t, err, test.kind)
		require.ErrorContains(t, err, test.single)
		if status != 401 {
			require.Contains(t, err.Error(), "ask the Hello Charles success manager")
		}
	}
}

func TestBatchThatMayNotBeSentIsNotSent(t *testing.T) {
	t.Parallel()
	w := serve(t, answer(200, `{}`), func(s *config.HelloCharles) { s.Batch.MaxItems = 2 })
	called := false
	before := func(context.Context) error {
		called = true
		return nil
	}
	results, err := w.api.Upsert(t.Context(), nil, before)
	require.NoError(t, err)
	require.Empty(t, results)

	_, err = w.api.Upsert(t.Context(), contacts(3), before)
	failed(t, err, vendorhttp.TooLarge)
	require.ErrorContains(t, err, "at most 2 contacts (setting batch.max_items)")

	wrong := contact(plantedReference)
	wrong.Properties[0].Value = [1]string{plantedProperty}
	_, err = w.api.Upsert(t.Context(), []audience.Contact{wrong}, before)
	failed(t, err, vendorhttp.Misconfigured)
	require.ErrorContains(t, err, "contact 1 of 1: custom property card: a [1]string cannot be sent")

	require.False(t, called)
	require.Empty(t, w.requests())

	w = serve(t, answer(200, `{}`), func(s *config.HelloCharles) { s.Send, s.Batch.Path = config.SendSingle, "" })
	_, err = w.api.Upsert(t.Context(), contacts(1), before)
	failed(t, err, vendorhttp.Misconfigured)
	require.ErrorContains(t, err, "batch mode is not configured: batch.path not set")
}

func TestBeforeRunsLastAndMayStopTheBatch(t *testing.T) {
	t.Parallel()
	w := serve(t, answer(200, ""), replying(config.RepliesNone))
	fenced := errors.New("another run took over")
	_, err := w.api.Upsert(t.Context(), contacts(1), func(context.Context) error { return fenced })
	require.Equal(t, fenced, err)
	_, err = w.api.UpsertOne(t.Context(), contact("a"), func(context.Context) error { return fenced })
	require.Equal(t, fenced, err)
	require.Empty(t, w.requests())

	_, err = w.api.Upsert(t.Context(), contacts(1), func(context.Context) error {
		require.Empty(t, w.requests())
		return nil
	})
	require.NoError(t, err)
	require.Len(t, w.requests(), 1)
}

func TestAllCallsUseOneConnectionAgain(t *testing.T) {
	t.Parallel()
	w := serve(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Resource-Count", "1")
		if r.Method == http.MethodPut {
			w.WriteHeader(http.StatusUnprocessableEntity)
		}
	}, replying(config.RepliesNone))
	for range 3 {
		_, err := w.api.Upsert(t.Context(), contacts(1000), nil)
		require.NoError(t, err)
		_, err = w.api.UpsertOne(t.Context(), contact("a"), nil)
		require.NoError(t, err)
		_, err = w.api.SegmentCount(t.Context(), "s")
		require.NoError(t, err)
	}
	require.EqualValues(t, 1, w.opened.Load())
}
