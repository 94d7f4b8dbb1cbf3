package hellocharles

import (
	"encoding/json"
	"net/http"
	"slices"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"audiencesync/internal/audience"
	"audiencesync/internal/config"
	"audiencesync/internal/vendorhttp"
)

var replySeeds = []string{
	"", " ", "null", "[]", "{}", "7", `"x"`, "<html>", "{", `{"items":`,
	`{"items":[{"external_reference_id":"a","status":"created"},{"external_reference_id":"b","status":422,"error":{"code":"bad_phone","message":"no"}}]}`,
	`{"items":[{"external_reference_id":"b","status":201},{"external_reference_id":"z","status":201},null,7,[]]}`,
	`{"items":[{"external_reference_id":"a","status":"created"},{"external_reference_id":"a","status":"failed","error":{"code":503}}]}`,
	`{"items":{"external_reference_id":"a"}}`, `{"items":[{"external_reference_id":["a"],"status":{"a":1},"error":"x"}]}`,
	`{"items":{"a":"created","+49151":{"status":"failed"}}}`, `{"items":{"a":"created","a":"failed"}}`,
	`{"items":[{"index":0,"status":"created"},{"index":1,"status":"timeout"},{"index":2,"status":"created"}]}`,
	`{"items":[{"external_reference_id":49151,"status":true}],"errors":[{"index":1}]}`,
	`{"created":2}`, `{"created":1,"updated":1,"refused":0}`, `{"created":1,"refused":1}`, `{"created":-1,"updated":3}`,
	`{"created":1,"refused":1,"errors":["a"]}`, `{"created":2,"errors":["a"]}`,
	`{"created":1e400}`, `{"created":99999999999999999999}`, `{"created":2.0}`, `{"created":2}{"created":2}`,
	`{"errors":[]}`, `{"errors":null}`, `{"errors":{"a":["x",null,7,{"message":"y"}]}}`, `{"errors":[{"index":0},{"external_reference_id":"+49151"}]}`,
	`{"errors":[{"code":422,"message_key":"contact.invalid","message":"no","description":"d"}]}`, `{"errors":["x",null,7]}`,
	`{"items":[{"external_reference_id":"a","status":404},{"external_reference_id":"+49151","status":409,"error":{"code":"in_use"}}]}`,
	`{"errors":[{"external_reference_id":"a","message_key":"CONTACT_NOT_FOUND"},{"external_reference_id":"a","code":503}]}`,
	`{"errors":{"a":"contact_not_found","+49151":[{"code":409},{"code":"rate_limited"}]}}`, `{"items":{"a":"contact_not_found"}}`,
	`{"error":{"code":"BAD","message":"\ud800"}}`, "{\"error\":\"\xff\"}", `{"errors":[{"external_reference_id":"a","error":{"code":"RATE_LIMITED"}}]}`,
}

// plausible returns settings of every form of reply.
func plausible() []config.BatchContacts {
	forms, shapes := config.ReplyForm("").Choices(), config.ItemsShape("").Choices()
	all := make([]config.BatchContacts, 0, 2*len(forms)*len(shapes))
	for _, form := range forms {
		for _, shape := range shapes {
			settings := config.DefaultHelloCharles().Batch
			settings.Reply, settings.Items.Shape = config.ReplyForm(form), config.ItemsShape(shape)
			all = append(all, settings)
			settings.Items.Index, settings.Errors.Index = "index", "index"
			settings.Items.Key, settings.Errors.Key = bareArray, "items"
			all = append(all, settings)
		}
	}
	return all
}

// fuzzedGone says which refusals mean that a contact does not exist.
var fuzzedGone = config.GoneRefusals{Codes: []string{"contact_not_found"}, Statuses: []int{404, 409}}

var fuzzedContacts = []audience.Contact{{Reference: "a"}, {Reference: "+49151"}}

// FuzzReply checks for any reply in any form: one result for each contact or
// an error, never both; outcomes of the four words only; bounded reasons; the
// order of a reply's lists changes nothing.
func FuzzReply(f *testing.F) {
	for _, seed := range replySeeds {
		f.Add([]byte(seed), 200)
		f.Add([]byte(seed), 207)
	}
	f.Add([]byte{}, 204)
	f.Fuzz(func(t *testing.T, body []byte, status int) {
		for _, settings := range plausible() {
			for _, contacts := range [][]audience.Contact{fuzzedContacts, fuzzedContacts[:1]} {
				results, err := readReply(settings, status, body, contacts)
				if err != nil {
					var wrong *replyError
					require.ErrorAs(t, err, &wrong)
					require.Contains(t, []vendorhttp.Kind{vendorhttp.Unreadable, vendorhttp.Rejected}, wrong.kind)
					require.Empty(t, results)
				} else {
					require.Len(t, results, len(contacts))
				}
				for _, result := range results {
					checkResult(t, result)
					require.False(t, result.NotApplied)
				}
				if turned, ok := reversed(body); ok {
					again, errAgain := readReply(settings, status, turned, contacts)
					require.Equal(t, outcomesOf(results), outcomesOf(again))
					require.Equal(t, goneOf(results), goneOf(again))
					require.Equal(t, err, errAgain)
				}
			}
		}
		for _, settings := range plausible() {
			checkResult(t, newReplies(settings, fuzzedGone).one(vendorhttp.Response{Status: status, Body: body}, fuzzedContacts[0]))
		}
		checkResult(t, newReplies(config.DefaultHelloCharles().Batch, config.GoneRefusals{}).reasonFrom(body, "a").refusal())
	})
}

// FuzzRefusedBatch checks for any body of a refusal: if it names a contact,
// that one is refused and all others are not applied; nobody is ever accepted.
func FuzzRefusedBatch(f *testing.F) {
	for _, seed := range replySeeds {
		f.Add([]byte(seed), 422)
		f.Add([]byte(seed), 413)
		f.Add([]byte(seed), 404)
	}
	f.Fuzz(func(t *testing.T, body []byte, status int) {
		for _, settings := range plausible() {
			results, ok := newReplies(settings, fuzzedGone).refusedByName(&vendorhttp.Error{Status: status, Body: body}, fuzzedContacts)
			if !ok {
				require.Empty(t, results)
				continue
			}
			require.Contains(t, []int{400, 409, 422, 404, 410}, status)
			require.True(t, status == 400 || status == 409 || status == 422 || slices.Contains(goneOf(results), true))
			require.Len(t, results, len(fuzzedContacts))
			require.True(t, slices.ContainsFunc(results, func(r Result) bool { return r.Outcome == audience.Refused }))
			for _, result := range results {
				if result.Outcome != audience.Refused {
					require.Equal(t, Result{NotApplied: true}, result)
					continue
				}
				checkResult(t, result)
				require.False(t, result.NotApplied)
			}
		}
	})
}

func readReply(settings config.BatchContacts, status int, body []byte, contacts []audience.Contact) ([]Result, error) {
	return newReplies(settings, fuzzedGone).read(vendorhttp.Response{Status: status, Header: http.Header{}, Body: body}, contacts)
}

func goneOf(results []Result) []bool {
	gone := make([]bool, len(results))
	for i, result := range results {
		gone[i] = result.Gone
	}
	return gone
}

func outcomesOf(results []Result) []audience.Outcome {
	outcomes := make([]audience.Outcome, len(results))
	for i, result := range results {
		outcomes[i] = result.Outcome
	}
	return outcomes
}

// reversed turns the lists of a JSON text around; ok is false for other texts.
func reversed(body []byte) (turned []byte, ok bool) {
	root, err := decode(body)
	if err != nil {
		return nil, false
	}
	turnAround(root)
	turned, err = json.Marshal(root)
	return turned, err == nil
}

func turnAround(value any) {
	switch value := value.(type) {
	case []any:
		slices.Reverse(value)
		for _, entry := range value {
			turnAround(entry)
		}
	case map[string]any:
		for _, entry := range value {
			turnAround(entry)
		}
	}
}

func checkResult(t *testing.T, result Result) {
	t.Helper()
	switch result.Outcome {
	case audience.Created, audience.Updated, audience.Accepted:
		require.Empty(t, result.Message)
	case audience.Refused, "":
	default:
		t.Fatalf("outcome %q", result.Outcome)
	}
	require.Regexp(t, `^[a-z0-9_.-]{0,64}$`, result.Code)
	require.LessOrEqual(t, len(result.Message), 500)
	require.True(t, utf8.ValidString(result.Message))
	require.True(t, !result.Transient || result.Outcome == audience.Refused)
	require.True(t, !result.Gone || result.Outcome == audience.Refused && !result.Transient)
}
