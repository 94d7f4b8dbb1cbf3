package hellocharles_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"audiencesync/internal/audience"
	"audiencesync/internal/config"
	"audiencesync/internal/hellocharles"
	"audiencesync/internal/vendorhttp"
)

func TestItemsAreMatchedByReferenceInAnyOrder(t *testing.T) {
	t.Parallel()
	for name, status := range map[string]int{"200": 200, "207": 207} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := serve(t, answer(status, `{"items":[
				{"external_reference_id":"r4","status":202},
				{"external_reference_id":"r3","status":"refused","error":{"code":"Invalid_Phone","message":"+4915112345678 is no phone"}},
				{"external_reference_id":"r1","status":200},
				{"external_reference_id":"+4915112345678","status":"created"}]}`))
			results, err := w.api.Upsert(t.Context(), contacts(5), nil)
			require.NoError(t, err)
			require.Equal(t, []hellocharles.Result{
				{Outcome: created, Confirmed: true},
				{Outcome: updated, Confirmed: true},
				{Message: "the answer did not name the contact"},
				{Outcome: refused, Code: "invalid_phone", Message: "+4915112345678 is no phone"},
				{Outcome: accepted},
			}, results)
		})
	}
}

func TestItemsFollowTheNamesInTheSettings(t *testing.T) {
	t.Parallel()
	names := func(s *config.HelloCharles) {
		s.Batch.Items = config.ReplyItems{
			Key: "array", Reference: "contact.ref", Status: "ok", Accepted: []string{"true"}, Refused: []string{"false"},
			ErrorCode: "why", ErrorMessage: "details",
		}
	}
	w := serve(t, answer(200, `[{"contact":{"ref":4915112345678},"ok":true},{"contact":{"ref":"x"},"ok":false,"why":7,"details":{"field":"phone"}}]`), names)
	results, err := w.api.Upsert(t.Context(), []audience.Contact{{Reference: "x"}, {Reference: "4915112345678"}}, nil)
	require.NoError(t, err)
	require.Equal(t, []hellocharles.Result{
		{Outcome: refused, Code: "7", Message: `{"field":"phone"}`},
		{Outcome: accepted},
	}, results)

	w = serve(t, answer(200, `{"data":{"results":[]}}`), func(s *config.HelloCharles) { s.Batch.Items.Key = "data.results" })
	results, err = w.api.Upsert(t.Context(), contacts(1), nil)
	require.NoError(t, err)
	require.Equal(t, []audience.Outcome{""}, outcomes(results))
}

func TestReferencesThatWereNotSentAreToldOfWithTheContactsLeftOut(t *testing.T) {
	t.Parallel()
	w := serve(t, answer(200, `{"items":[
		{"external_reference_id":"r1","status":"created"},
		{"external_reference_id":"+49-1511-2345678","status":"created"},
		{"status":"created"}, null, 7]}`))
	results, err := w.api.Upsert(t.Context(), contacts(2), nil)
	require.NoError(t, err)
	require.Equal(t, []audience.Outcome{"", created}, outcomes(results))
	require.Contains(t, results[0].Message, "4 results of references that were not sent (settings batch.items.reference, batch.items.index)")
}

func TestStatusInNoListSaysNothing(t *testing.T) {
	t.Parallel()
	w := serve(t, answer(200, `{"items":[
		{"external_reference_id":"r1","status":"CREATED"},
		{"external_reference_id":"r2"},
		{"external_reference_id":"r3","status":null},
		{"external_reference_id":"r4","status":{"created":true}},
		{"external_reference_id":"r5","status":418}]}`))
	results, err := w.api.Upsert(t.Context(), contacts(6)[1:], nil)
	require.NoError(t, err)
	require.Equal(t, []audience.Outcome{"", "", "", "", ""}, outcomes(results))
	require.Equal(t, `the status "CREATED" is in none of the lists under batch.items`, results[0].Message)
}

func TestWorseResultOfOneReferenceCounts(t *testing.T) {
	t.Parallel()
	tests := []struct{ first, second, want string }{
		{"created", "refused", "refused"},
		{"refused", "created", "refused"},
		{"created", "updated", "updated"},
		{"created", "what", ""},
		{"what", "created", ""},
		{"what", "refused", "refused"},
	}
	for _, test := range tests {
		t.Run(test.first+" "+test.second, func(t *testing.T) {
			t.Parallel()
			w := serve(t, answer(200, `{"items":[{"external_reference_id":"r1","status":"`+test.first+
				`"},{"external_reference_id":"r1","status":"`+test.second+`"}]}`))
			results, err := w.api.Upsert(t.Context(), contacts(2)[1:], nil)
			require.NoError(t, err)
			require.Equal(t, []audience.Outcome{audience.Outcome(test.want)}, outcomes(results))
		})
	}
}

func TestRefusalThatMayPassIsMarked(t *testing.T) {
	t.Parallel()
	w := serve(t, answer(200, `{"items":[
		{"external_reference_id":"r1","status":429},
		{"external_reference_id":"r2","status":"503"},
		{"external_reference_id":"r3","status":"failed","error":{"code":503}},
		{"external_reference_id":"r4","status":"error","error":{"code":"RATE_LIMITED"}},
		{"external_reference_id":"r5","status":"failed","error":{"code":422}},
		{"external_reference_id":"r6","status":409}]}`))
	results, err := w.api.Upsert(t.Context(), contacts(7)[1:], nil)
	require.NoError(t, err)
	require.Equal(t, []bool{true, true, true, true, false, false}, transient(t, results))

	w = serve(t, answer(200, `{"items":[
		{"external_reference_id":"r1","status":"later"},
		{"external_reference_id":"r2","status":"failed","error":{"code":"busy"}},
		{"external_reference_id":"r3","status":"failed","error":{"code":429}}]}`), func(s *config.HelloCharles) {
		s.Batch.Items.Transient = []string{"later", "busy"}
	})
	results, err = w.api.Upsert(t.Context(), contacts(4)[1:], nil)
	require.NoError(t, err)
	require.Equal(t, []bool{true, true, false}, transient(t, results))

	body := `{"errors":[{"code":409,"message_key":"timeout"}]}`
	w = serve(t, answer(409, body))
	results, err = w.api.Upsert(t.Context(), contacts(1), nil)
	require.NoError(t, err)
	require.Equal(t, []bool{true}, transient(t, results))
	result, err := w.api.UpsertOne(t.Context(), contact("a"), nil)
	require.NoError(t, err)
	require.Equal(t, []bool{true}, transient(t, []hellocharles.Result{result}))
}

// transient tells which refusals may pass.
func transient(t *testing.T, results []hellocharles.Result) []bool {
	t.Helper()
	list := make([]bool, len(results))
	for i, result := range results {
		require.Equal(t, refused, result.Outcome)
		list[i] = result.Transient
	}
	return list
}

func keyedByReference(s *config.HelloCharles) { s.Batch.Items.Shape = config.ItemsObject }

func TestResultsMayBeAnObjectWhoseKeysAreTheReferences(t *testing.T) {
	t.Parallel()
	w := serve(t, answer(200, `{"items":{
		"r3":{"status":"refused","error":{"code":"bad_phone","message":"no"}},
		"r1":"created",
		"stranger":"created",
		"r4":null,
		"4915112345678":{"status":201}}}`), keyedByReference)
	results, err := w.api.Upsert(t.Context(), contacts(5), nil)
	require.NoError(t, err)
	require.Equal(t, []audience.Outcome{created, created, "", refused, ""}, outcomes(results))
	require.Equal(t, hellocharles.Result{Outcome: refused, Code: "bad_phone", Message: "no"}, results[3])
	require.Contains(t, results[2].Message, "1 results of references that were not sent")

	for _, body := range []string{`{"items":[]}`, `{"items":null}`, `{}`, `{"items":{"r1":"failed","r1":"created"}}`} {
		w = serve(t, answer(200, body), keyedByReference)
		_, err = w.api.Upsert(t.Context(), contacts(2), nil)
		failed(t, err, vendorhttp.Unreadable)
	}
}

func TestStatusMayBeBelowAnotherKey(t *testing.T) {
	t.Parallel()
	w := serve(t, answer(207, `{"data":{"results":[
		{"contact":{"id":"r1"},"result":{"ok":true}},
		{"contact":{"id":"r2"},"result":{"ok":false,"reason":"invalid_phone"}}]}}`), func(s *config.HelloCharles) {
		s.Batch.Items.Key, s.Batch.Items.Reference, s.Batch.Items.Status = "data.results", "contact.id", "result.ok"
		s.Batch.Items.Accepted, s.Batch.Items.Refused = []string{"true"}, []string{"false"}
		s.Batch.Items.ErrorCode = "result.reason"
	})
	results, err := w.api.Upsert(t.Context(), contacts(3)[1:], nil)
	require.NoError(t, err)
	require.Equal(t, []hellocharles.Result{{Outcome: accepted}, {Outcome: refused, Code: "invalid_phone"}}, results)
}

func TestItemsWithoutReferenceAreFoundByTheirPlace(t *testing.T) {
	t.Parallel()
	body := `{"items":[
		{"index":3,"status":"created"},
		{"index":"1","status":"refused"},
		{"index":0,"external_reference_id":"r2","status":"updated"},
		{"index":4,"external_reference_id":"stranger","status":"created"},
		{"index":5,"status":"created"},
		{"index":-1,"status":"created"},
		{"index":4.0,"status":"created"},
		{"index":null,"status":"created"}]}`
	byPlace := func(s *config.HelloCharles) { s.Batch.Items.Index = "index" }
	w := serve(t, answer(200, body), byPlace)
	results, err := w.api.Upsert(t.Context(), contacts(5), nil)
	require.NoError(t, err)
	require.Equal(t, []audience.Outcome{"", refused, updated, created, ""}, outcomes(results))
	require.Contains(t, results[0].Message, "5 results of references that were not sent (settings batch.items.reference, batch.items.index)")

	w = serve(t, answer(200, body))
	results, err = w.api.Upsert(t.Context(), contacts(5), nil)
	require.NoError(t, err)
	require.Equal(t, []audience.Outcome{"", "", updated, "", ""}, outcomes(results), "no setting, no guess")
}

func TestPlusSignOfAPhoneNumberMayBeMissing(t *testing.T) {
	t.Parallel()
	sent := []audience.Contact{{Reference: "+4915112345678"}, {Reference: "4420794601"}, {Reference: "+x1"}}
	w := serve(t, answer(200, `{"items":[
		{"external_reference_id":4915112345678,"status":"created"},
		{"external_reference_id":"+4420794601","status":"created"},
		{"external_reference_id":"x1","status":"created"}]}`))
	results, err := w.api.Upsert(t.Context(), sent, nil)
	require.NoError(t, err)
	require.Equal(t, []audience.Outcome{created, created, ""}, outcomes(results))

	both := []audience.Contact{{Reference: "+4915112345678"}, {Reference: "4915112345678"}}
	w = serve(t, answer(200, `{"items":[{"external_reference_id":"4915112345678","status":"created"}]}`))
	results, err = w.api.Upsert(t.Context(), both, nil)
	require.NoError(t, err)
	require.Equal(t, []audience.Outcome{"", created}, outcomes(results), "both were sent: they are two contacts")
}

func TestContactAmongItemsAndErrorsIsRefused(t *testing.T) {
	t.Parallel()
	w := serve(t, answer(207, `{
		"items":[{"external_reference_id":"r1","status":"created"},{"external_reference_id":"r2","status":"created"}],
		"errors":[{"external_reference_id":"r2","code":"bad_tag","message":"no"},{"external_reference_id":"r3","code":"bad_phone"},{"code":"some_failed"}]}`))
	results, err := w.api.Upsert(t.Context(), contacts(5)[1:], nil)
	require.NoError(t, err)
	require.Equal(t, []hellocharles.Result{
		{Outcome: created, Confirmed: true},
		{Outcome: refused, Code: "bad_tag", Message: "no"},
		{Outcome: refused, Code: "bad_phone", Message: `{"code":"bad_phone","external_reference_id":"r3"}`},
		{Message: "the answer did not name the contact"},
	}, results)
}

func TestItemsMayStandUnderTheKeyOfErrors(t *testing.T) {
	t.Parallel()
	w := serve(t, answer(200, `{"errors":[{"external_reference_id":"r1","status":"created"}]}`),
		func(s *config.HelloCharles) { s.Batch.Items.Key = "errors" })
	results, err := w.api.Upsert(t.Context(), contacts(2)[1:], nil)
	require.NoError(t, err)
	require.Equal(t, []audience.Outcome{created}, outcomes(results))
}
