package hellocharles_test

import (
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

func byErrorPlace(s *config.HelloCharles) { s.Batch.Errors.Index = "index" }

func TestContactsThatAReplyOfErrorsLeavesOutAreAccepted(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		handler http.HandlerFunc
		want    []audience.Outcome
	}{
		"none refused":          {answer(200, `{"errors":[]}`), []audience.Outcome{accepted, accepted, accepted}},
		"none refused, by null": {answer(200, `{"errors":null}`), []audience.Outcome{accepted, accepted, accepted}},
		"no content":            {answer(204, ""), []audience.Outcome{accepted, accepted, accepted}},
		"by reference":          {answer(207, `{"errors":[{"external_reference_id":"r2"},{"external_reference_id":"r1"}]}`), []audience.Outcome{accepted, refused, refused}},
		"one twice":             {answer(200, `{"errors":[{"external_reference_id":"r2"},{"external_reference_id":"r2"}]}`), []audience.Outcome{accepted, accepted, refused}},
		"by place":              {answer(200, `{"errors":[{"index":0,"message":"no"}]}`), []audience.Outcome{refused, accepted, accepted}},
		"by key":                {answer(200, `{"errors":{"r1":{"message":"no"},"r2":"no"}}`), []audience.Outcome{accepted, refused, refused}},
		"references alone":      {answer(200, `{"errors":["4915112345678"]}`), []audience.Outcome{refused, accepted, accepted}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := serve(t, test.handler, replying(config.RepliesErrors), byErrorPlace)
			results, err := w.api.Upsert(t.Context(), contacts(3), nil)
			require.NoError(t, err)
			require.Equal(t, test.want, outcomes(results))
		})
	}
}

func TestReplyOfErrorsThatCannotBeAttributedAcceptsNobody(t *testing.T) {
	t.Parallel()
	const unnamed = "it lists a refused contact that was not sent, or does not say which one it is"
	tests := map[string]struct{ reply, text string }{
		"reference not sent":         {`{"errors":[{"external_reference_id":"Quintessa"}]}`, unnamed},
		"reference not sent, index":  {`{"errors":[{"external_reference_id":"Quintessa","index":1}]}`, unnamed},
		"one of two not sent":        {`{"errors":[{"external_reference_id":"r1"},{"external_reference_id":"Quintessa"}]}`, unnamed},
		"index too high":             {`{"errors":[{"index":3}]}`, unnamed},
		"index below zero":           {`{"errors":[{"index":-1}]}`, unnamed},
		"index is no number":         {`{"errors":[{"index":"first"}]}`, unnamed},
		"no name":                    {`{"errors":[{"message":"Quintessa"}]}`, unnamed},
		"a number alone":             {`{"errors":[1]}`, unnamed},
		"null in the list":           {`{"errors":[null]}`, unnamed},
		"one error about the call":   {`{"errors":{"code":500,"message":"Quintessa"}}`, unnamed},
		"no list":                    {`{"ok":true}`, "no list of refused contacts where batch.errors.key says"},
		"text for a list":            {`{"errors":"Quintessa"}`, "no list of refused contacts"},
		"no object":                  {`[]`, "no list of refused contacts"},
		"an error beside the list":   {`{"errors":[],"error":{"message":"Quintessa"}}`, "it reports an error beside the list"},
		"empty":                      {``, "it is empty, but batch.reply is errors"},
		"cut":                        {`{"errors":[`, "its JSON is cut or wrong"},
		"the list twice":             {`{"errors":["r1"],"errors":[]}`, "holds a key twice"},
		"empty key among references": {`{"errors":{"":"r1"}}`, unnamed},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := serve(t, answer(200, test.reply), replying(config.RepliesErrors), byErrorPlace)
			_, err := w.api.Upsert(t.Context(), contacts(3), nil)
			failed(t, err, vendorhttp.Unreadable)
			require.ErrorContains(t, err, test.text)
		})
	}
}

func TestReasonOfANamedRefusal(t *testing.T) {
	t.Parallel()
	w := serve(t, answer(200, `{"failed":{"list":[
		{"ref":"r1","message_key":"contact.invalid_phone","code":422,"message":"no","description":"no such number"},
		{"ref":"r2","error":{"code":"too_many_requests","message":{"wait":1}}},
		{"ref":"r3","message_key":"contact.later","code":503},
		"r4",
		{"ref":"r5"}]}}`), replying(config.RepliesErrors), func(s *config.HelloCharles) {
		s.Batch.Errors = config.ReplyErrors{Key: "failed.list", Reference: "ref"}
	})
	results, err := w.api.Upsert(t.Context(), contacts(6)[1:], nil)
	require.NoError(t, err)
	require.Equal(t, []hellocharles.Result{
		{Outcome: refused, Code: "contact.invalid_phone", Message: "no: no such number"},
		{Outcome: refused, Code: "too_many_requests", Message: `{"wait":1}`, Transient: true},
		{Outcome: refused, Code: "contact.later", Message: `{"code":503,"message_key":"contact.later","ref":"r3"}`, Transient: true},
		{Outcome: refused, Message: "the contact is listed as refused, without a reason"},
		{Outcome: refused, Message: `{"ref":"r5"}`},
	}, results)

	w = serve(t, answer(200, `{"errors":{"r1":["phone is wrong",{"code":"bad_email","message":"email is wrong"}]}}`), replying(config.RepliesErrors))
	results, err = w.api.Upsert(t.Context(), contacts(2)[1:], nil)
	require.NoError(t, err)
	require.Equal(t, []hellocharles.Result{{Outcome: refused, Code: "bad_email", Message: "phone is wrong; email is wrong"}}, results)
}

func TestARefusalIsTheSameInABatchAndAlone(t *testing.T) {
	t.Parallel()
	failures := func(s *config.HelloCharles) {
		s.Batch.Errors = config.ReplyErrors{Key: "failed.list", Reference: "external_reference_id"}
		s.Batch.Items.ErrorCode, s.Batch.Items.ErrorMessage = "why.number", "why.words"
	}
	const list = `{"errors":[{%s}]}`
	usual := func(*config.HelloCharles) {}
	for name, test := range map[string]struct {
		change func(*config.HelloCharles)
		form   string
		// entry is the error, without the name of the contact.
		entry string
		want  hellocharles.Result
	}{
		"number beside a key": {usual, list, `"message_key":"contact.later","code":503,"message":"m"`, hellocharles.Result{Code: "contact.later", Message: "m", Transient: true}},
		"status beside a key": {usual, list, `"message_key":"contact.later","status":"429","message":"m"`, hellocharles.Result{Code: "contact.later", Message: "m", Transient: true}},
		"code of items":       {usual, list, `"error":{"code":"TIMEOUT","message":"m"}`, hellocharles.Result{Code: "timeout", Message: "m", Transient: true}},
		"other numbers":       {usual, list, `"message_key":"contact.invalid","code":422,"message":"m"`, hellocharles.Result{Code: "contact.invalid", Message: "m"}},
		"no code":             {usual, list, `"message":"503"`, hellocharles.Result{Message: "503"}},
		"names of its own":    {failures, `{"failed":{"list":[{%s}]}}`, `"why":{"number":503,"words":"m"}`, hellocharles.Result{Code: "503", Message: "m", Transient: true}},
		"its own, for good":   {failures, `{"failed":{"list":[{%s}]}}`, `"why":{"number":422,"words":"m"}`, hellocharles.Result{Code: "422", Message: "m"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test.want.Outcome = refused
			named := fmt.Sprintf(test.form, `"external_reference_id":"`+plantedReference+`",`+test.entry)
			for _, body := range []string{named, fmt.Sprintf(test.form, test.entry)} {
				w := serve(t, answer(422, body), test.change)
				if body == named {
					results, err := w.api.Upsert(t.Context(), contacts(2), nil)
					require.NoError(t, err)
					require.Equal(t, []hellocharles.Result{test.want, {NotApplied: true}}, results)
				}
				results, err := w.api.Upsert(t.Context(), contacts(1), nil)
				require.NoError(t, err)
				require.Equal(t, []hellocharles.Result{test.want}, results)
				result, err := w.api.UpsertOne(t.Context(), contact(plantedReference), nil)
				require.NoError(t, err)
				require.Equal(t, test.want, result)

				w = serve(t, answer(200, `{"refused":1,`+body[1:]), test.change, replying(config.RepliesCounts))
				results, err = w.api.Upsert(t.Context(), contacts(1), nil)
				require.NoError(t, err)
				require.Equal(t, []hellocharles.Result{test.want}, results)
			}
		})
	}
}

func TestARefusalOfManyReasonsLastsIfOneOfThemDoes(t *testing.T) {
	t.Parallel()
	for body, transient := range map[string]bool{
		`{"errors":[{"code":503},{"message_key":"rate_limited"}]}`:               true,
		`{"errors":[{"code":503},{"message":"of no code"}]}`:                     true,
		`{"errors":[{"code":503},{"code":"bad_phone"}]}`:                         false,
		`{"errors":[{"code":"bad_phone"},{"code":503}]}`:                         false,
		`[{"errors":[{"code":503}]},{"error":{"code":"bad_phone"}}]`:             false,
		`{"errors":{"+4915112345678":[{"code":503},{"code":"bad_phone"}]}}`:      false,
		`{"errors":{"+4915112345678":[{"code":503},{"code":"TIMEOUT"},"text"]}}`: true,
	} {
		w := serve(t, answer(422, body))
		results, err := w.api.Upsert(t.Context(), contacts(1), nil)
		require.NoError(t, err)
		require.Equal(t, refused, results[0].Outcome)
		require.Equal(t, transient, results[0].Transient, body)
	}
}

func TestRefusedBatchThatNamesContactsRefusesThoseOnly(t *testing.T) {
	t.Parallel()
	notApplied := hellocharles.Result{NotApplied: true}
	bad := hellocharles.Result{Outcome: refused, Code: "bad_phone", Message: "no"}
	tests := map[string]struct {
		body string
		want []hellocharles.Result
	}{
		"by reference": {`{"errors":[{"external_reference_id":"r1","code":"bad_phone","message":"no"}]}`, []hellocharles.Result{notApplied, bad, notApplied}},
		"by place":     {`{"errors":[{"index":2,"code":"bad_phone","message":"no"}]}`, []hellocharles.Result{notApplied, notApplied, bad}},
		"by key":       {`{"errors":{"r1":{"code":"bad_phone","message":"no"}}}`, []hellocharles.Result{notApplied, bad, notApplied}},
		"with a general error": {
			`{"errors":[{"code":422,"message":"1 contact is invalid"},{"index":0,"code":"bad_phone","message":"no"}]}`,
			[]hellocharles.Result{bad, notApplied, notApplied},
		},
		"all of them": {
			`{"errors":[{"index":0,"code":"bad_phone","message":"no"},{"index":1,"code":"bad_phone","message":"no"},{"index":2,"code":"bad_phone","message":"no"}]}`,
			[]hellocharles.Result{bad, bad, bad},
		},
		"as items": {
			`{"items":[{"external_reference_id":"+4915112345678","status":"created"},{"external_reference_id":"r1","status":"failed","error":{"code":"bad_phone","message":"no"}}]}`,
			[]hellocharles.Result{notApplied, bad, notApplied},
		},
	}
	for name, test := range tests {
		for _, status := range []int{400, 409, 422} {
			t.Run(fmt.Sprintf("%s %d", name, status), func(t *testing.T) {
				t.Parallel()
				w := serve(t, answer(status, test.body), byErrorPlace)
				results, err := w.api.Upsert(t.Context(), contacts(3), nil)
				require.NoError(t, err)
				require.Equal(t, test.want, results)
			})
		}
	}
}

func TestRefusedBatchThatNamesNobodyStaysAnError(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		status int
		body   string
		kind   vendorhttp.Kind
	}{
		"reference not sent": {422, `{"errors":[{"external_reference_id":"Quintessa"}]}`, vendorhttp.Rejected},
		"index out of range": {422, `{"errors":[{"index":3},{"index":-1}]}`, vendorhttp.Rejected},
		"no name":            {400, `{"errors":[{"code":400,"message":"Quintessa"}]}`, vendorhttp.Rejected},
		"accepted items":     {422, `{"items":[{"external_reference_id":"r1","status":"created"}]}`, vendorhttp.Rejected},
		"another key":        {422, `{"failures":[{"external_reference_id":"r1"}]}`, vendorhttp.Rejected},
		"cut":                {422, `{"errors":[{"external_reference_id":"r1"}`, vendorhttp.Rejected},
		"page":               {400, `<p>r1</p>`, vendorhttp.Rejected},
		"empty":              {409, ``, vendorhttp.Rejected},
		"too large":          {413, `{"errors":[{"external_reference_id":"r1"}]}`, vendorhttp.TooLarge},
		"wrong media type":   {415, `{"errors":[{"external_reference_id":"r1"}]}`, vendorhttp.Rejected},
		"key":                {401, `{"errors":[{"external_reference_id":"r1"}]}`, vendorhttp.Unauthorized},
		"server":             {500, `{"errors":[{"external_reference_id":"r1"}]}`, vendorhttp.Unavailable},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := serve(t, answer(test.status, test.body), byErrorPlace)
			_, err := w.api.Upsert(t.Context(), contacts(3), nil)
			failed(t, err, test.kind)
		})
	}
}

func TestRefusalOfAThousandContactsIsReadToItsEnd(t *testing.T) {
	t.Parallel()
	entries := make([]string, 1000)
	for i := range entries {
		entries[i] = fmt.Sprintf(`{"index":%d,"code":"bad_phone","message":%q}`, i, strings.Repeat("long ", 50))
	}
	w := serve(t, answer(422, `{"errors":[`+strings.Join(entries, ",")+`]}`), byErrorPlace)
	results, err := w.api.Upsert(t.Context(), contacts(1000), nil)
	require.NoError(t, err)
	for _, result := range results {
		require.Equal(t, refused, result.Outcome)
	}
}
