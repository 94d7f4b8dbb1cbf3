package hellocharles_test

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"audiencesync/internal/audience"
	"audiencesync/internal/config"
	"audiencesync/internal/hellocharles"
	"audiencesync/internal/vendorhttp"
)

// goneBy names the refusals that say that a contact does not exist.
func goneBy(codes []string, statuses ...int) func(*config.HelloCharles) {
	return func(s *config.HelloCharles) { s.Gone = config.GoneRefusals{Codes: codes, Statuses: statuses} }
}

var notFound = []string{"contact_not_found"}

func goneOnes(results []hellocharles.Result) []bool {
	gone := make([]bool, len(results))
	for i, result := range results {
		gone[i] = result.Gone
	}
	return gone
}

func TestContactThatDoesNotExistIsToldFromOtherRefusals(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		form    config.ReplyForm
		handler http.HandlerFunc
		want    []bool
	}{
		"items by code": {config.RepliesItems, answer(207, `{"items":[
			{"external_reference_id":"+4915112345678","status":"refused","error":{"code":"Contact_Not_Found","message":"no"}},
			{"external_reference_id":"r1","status":"refused","error":{"code":"phone_invalid"}},
			{"external_reference_id":"r2","status":"updated"}]}`), []bool{true, false, false}},
		"items by status": {config.RepliesItems, answer(200, `{"items":[
			{"external_reference_id":"+4915112345678","status":410},
			{"external_reference_id":"r1","status":"410","error":{"code":410}},
			{"external_reference_id":"r2","status":422}]}`), []bool{true, true, false}},
		"items whose status is the word": {config.RepliesItems, answer(200, `{"items":[
			{"external_reference_id":"+4915112345678","status":"contact_not_found"},
			{"external_reference_id":"r1","status":"created"},{"external_reference_id":"r2","status":"missing"}]}`), []bool{true, false, false}},
		"a status that another code explains": {config.RepliesItems, answer(200, `{"items":[
			{"external_reference_id":"+4915112345678","status":410,"error":{"code":"feature_not_enabled"}},
			{"external_reference_id":"r1","status":"created"},{"external_reference_id":"r2","status":"created"}]}`), []bool{false, false, false}},
		"errors": {config.RepliesErrors, answer(207, `{"errors":[
			{"external_reference_id":"+4915112345678","code":410,"message_key":"contact_not_found"},
			{"external_reference_id":"r1","code":410},
			{"external_reference_id":"r2","code":410,"message_key":"contact_blocked"}]}`), []bool{true, true, false}},
		"errors by reference": {config.RepliesErrors, answer(207, `{"errors":{
			"+4915112345678":"contact_not_found","r1":[{"code":"phone_invalid"},{"code":"contact_not_found"}],"r2":"no"}}`), []bool{true, true, false}},
		"counts": {config.RepliesCounts, answer(200, `{"updated":1,"refused":2,"errors":[
			{"external_reference_id":"+4915112345678","message_key":"contact_not_found"},{"external_reference_id":"r1","message_key":"no"}]}`), []bool{true, false, false}},
		"the whole batch because of one": {config.RepliesItems, answer(422, `{"errors":[
			{"external_reference_id":"r1","code":422,"message_key":"contact_not_found"}]}`), []bool{false, true, false}},
		"the whole batch, by its own status": {config.RepliesItems, answer(410, `{"errors":["r1",{"external_reference_id":"r2"}]}`), []bool{false, true, true}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := serve(t, test.handler, replying(test.form), goneBy(notFound, 410))
			results, err := w.api.Upsert(t.Context(), contacts(3), nil)
			require.NoError(t, err)
			require.Equal(t, test.want, goneOnes(results))
			for i, result := range results {
				require.True(t, !result.Gone || result.Outcome == audience.Refused && !result.Transient, "contact %d", i)
			}

			w = serve(t, test.handler, replying(test.form))
			results, _ = w.api.Upsert(t.Context(), contacts(3), nil)
			require.NotContains(t, goneOnes(results), true, "nothing says so unless it is configured")
		})
	}
}

func TestWorseOfTwoResultsIsThatTheContactDoesNotExist(t *testing.T) {
	t.Parallel()
	const missing, invalid = `{"external_reference_id":"r1","status":404}`, `{"external_reference_id":"r1","status":422}`
	for _, items := range []string{missing + "," + invalid, invalid + "," + missing} {
		w := serve(t, answer(200, `{"items":[`+items+`]}`), goneBy(nil, 404))
		results, err := w.api.Upsert(t.Context(), contacts(2)[1:], nil)
		require.NoError(t, err)
		require.Equal(t, []bool{true}, goneOnes(results))
	}
}

func TestOneContactThatDoesNotExist(t *testing.T) {
	t.Parallel()
	const told = `{"errors":[{"code":404,"message_key":"contact_not_found","message":"no such contact"}]}`
	tests := map[string]struct {
		handler http.HandlerFunc
		gone    func(*config.HelloCharles)
		want    hellocharles.Result
	}{
		"404 by status":      {answer(404, ""), goneBy(nil, 404, 410), hellocharles.Result{Outcome: refused, Gone: true}},
		"410 by status":      {answer(410, `{"message":"no"}`), goneBy(nil, 404, 410), hellocharles.Result{Outcome: refused, Gone: true, Message: "no"}},
		"404 by code":        {answer(404, told), goneBy(notFound), hellocharles.Result{Outcome: refused, Gone: true, Code: "contact_not_found", Message: "no such contact"}},
		"404 by both":        {answer(404, ""), goneBy(notFound, 404), hellocharles.Result{Outcome: refused, Gone: true}},
		"422 by code":        {answer(422, told), goneBy(notFound), hellocharles.Result{Outcome: refused, Gone: true, Code: "contact_not_found", Message: "no such contact"}},
		"422 by status":      {answer(422, `{"message":"no"}`), goneBy(nil, 422), hellocharles.Result{Outcome: refused, Gone: true, Message: "no"}},
		"422 of other kind":  {answer(422, `{"errors":[{"message_key":"phone_invalid"}]}`), goneBy(notFound, 422), hellocharles.Result{Outcome: refused, Code: "phone_invalid"}},
		"422 of a gateway":   {answerAs(422, "text/html", "<h1>no</h1>"), goneBy(nil, 422), hellocharles.Result{Outcome: refused, Message: "<h1>no</h1>"}},
		"422 not configured": {answer(422, told), goneBy(nil), hellocharles.Result{Outcome: refused, Code: "contact_not_found", Message: "no such contact"}},
		"207": {
			answer(207, `{"items":[{"external_reference_id":"crm-a","status":404}]}`), goneBy(nil, 404),
			hellocharles.Result{Outcome: refused, Gone: true},
		},
		"207 with an error": {
			answer(207, `{"items":[],"errors":[{"external_reference_id":"crm-a","message_key":"contact_not_found"}]}`), goneBy(notFound),
			hellocharles.Result{Outcome: refused, Gone: true, Code: "contact_not_found"},
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := serve(t, test.handler, test.gone)
			result, err := w.api.UpsertOne(t.Context(), contact("crm-a"), nil)
			require.NoError(t, err)
			require.Equal(t, test.want.Gone, result.Gone)
			require.Equal(t, test.want.Outcome, result.Outcome)
			require.Equal(t, test.want.Code, result.Code)
			require.Contains(t, result.Message, test.want.Message)

			results, err := w.api.Upsert(t.Context(), []audience.Contact{contact("crm-a")}, nil)
			require.NoError(t, err)
			require.Equal(t, []hellocharles.Result{result}, results, "a batch of one is no different")
		})
	}
}

// A path that answers nobody must not look like a workspace from which everybody
// was erased.
func TestA404IsAboutTheContactOnlyIfTheSettingsSaySo(t *testing.T) {
	t.Parallel()
	const beta = `{"errors":[{"code":404,"message_key":"feature_not_enabled","message":"Quintessa"}]}`
	tests := map[string]struct {
		handler http.HandlerFunc
		gone    func(*config.HelloCharles)
		kind    vendorhttp.Kind
	}{
		"not configured":             {answer(404, `{"errors":[{"code":404,"message_key":"contact_not_found"}]}`), goneBy(nil), vendorhttp.NotFound},
		"410, not configured":        {answer(410, ""), goneBy(nil, 404), vendorhttp.NotFound},
		"another code":               {answer(404, beta), goneBy(notFound), vendorhttp.NotFound},
		"another code, status set":   {answer(404, beta), goneBy(notFound, 404), vendorhttp.NotFound},
		"no code, only codes set":    {answer(404, ""), goneBy(notFound), vendorhttp.NotFound},
		"403 with the code":          {answer(403, `{"error":{"code":"contact_not_found"}}`), goneBy(notFound, 404), vendorhttp.Forbidden},
		"503 with the code":          {answer(503, `{"error":{"code":"contact_not_found"}}`), goneBy(notFound, 404), vendorhttp.Unavailable},
		"405":                        {answer(405, ""), goneBy(nil, 404, 410), vendorhttp.NotFound},
		"page of a gateway":          {answerAs(404, "text/html", "<h1>Quintessa</h1>"), goneBy(nil, 404), vendorhttp.NotFound},
		"page of a gateway, no type": {answerAs(404, "", "\n<!doctype html>"), goneBy(notFound, 404), vendorhttp.NotFound},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := serve(t, test.handler, test.gone)
			_, err := w.api.UpsertOne(t.Context(), contact(plantedReference), nil)
			failed(t, err, test.kind)
			_, err = w.api.Upsert(t.Context(), contacts(1), nil)
			failed(t, err, test.kind)
		})
	}
	w := serve(t, answer(404, ""))
	_, err := w.api.UpsertOne(t.Context(), contact("a"), nil)
	require.ErrorContains(t, err, "if the contact does not exist there and this says so, set gone.codes or gone.statuses")

	// A batch that is answered 404 and names nobody is never about its contacts.
	w = serve(t, answer(404, ""), goneBy(notFound, 404))
	_, err = w.api.Upsert(t.Context(), contacts(2), nil)
	failed(t, err, vendorhttp.NotFound)
	w = serve(t, answer(404, ""))
	_, err = w.api.Upsert(t.Context(), contacts(2), nil)
	failed(t, err, vendorhttp.NotFound)
	require.NotContains(t, err.Error(), "gone.codes")
}
