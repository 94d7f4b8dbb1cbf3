package hellocharles

import (
	"net/http"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"audiencesync/internal/audience"
	"audiencesync/internal/config"
	"audiencesync/internal/vendorhttp"
)

// FuzzReply checks for any reply in any form: one result for each contact or
// an error, never both; outcomes of the four words only; bounded reasons.
func FuzzReply(f *testing.F) {
	for _, seed := range []string{
		"", " ", "null", "[]", "{}", "7", `"x"`, "<html>", "{", `{"items":`,
		`{"items":[{"external_reference_id":"a","status":"created"},{"external_reference_id":"b","status":422,"error":{"code":"bad_phone","message":"no"}}]}`,
		`{"items":[{"external_reference_id":"b","status":201},{"external_reference_id":"z","status":201},null,7,[]]}`,
		`{"items":[{"external_reference_id":"a","status":"created"},{"external_reference_id":"a","status":"failed","error":{"code":503}}]}`,
		`{"items":{"external_reference_id":"a"}}`, `{"items":[{"external_reference_id":["a"],"status":{"a":1},"error":"x"}]}`,
		`{"created":2}`, `{"created":1,"updated":1,"refused":0}`, `{"created":1,"refused":1}`, `{"created":-1,"updated":3}`,
		`{"created":1e400}`, `{"created":99999999999999999999}`, `{"created":2.0}`, `{"created":2}{"created":2}`,
		`{"errors":[{"code":422,"message_key":"contact.invalid","message":"no","description":"d"}]}`, `{"errors":["x",null,7]}`,
		`{"error":{"code":"BAD","message":"\ud800"}}`, "{\"error\":\"\xff\"}",
	} {
		f.Add([]byte(seed), 200)
		f.Add([]byte(seed), 207)
	}
	contacts := []audience.Contact{{Reference: "a"}, {Reference: "b"}}
	f.Fuzz(func(t *testing.T, body []byte, status int) {
		for _, form := range []config.ReplyForm{config.RepliesNone, config.RepliesCounts, config.RepliesItems} {
			for _, sent := range [][]audience.Contact{contacts, contacts[:1]} {
				settings := config.DefaultHelloCharles().Batch
				settings.Reply = form
				reply := vendorhttp.Response{Status: status, Header: http.Header{}, Body: body}
				results, err := newReplies(settings).read(reply, sent)
				if err != nil {
					var wrong *replyError
					require.ErrorAs(t, err, &wrong)
					require.Contains(t, []vendorhttp.Kind{vendorhttp.Unreadable, vendorhttp.Rejected}, wrong.kind)
					require.Empty(t, results)
					continue
				}
				require.Len(t, results, len(sent))
				for _, result := range results {
					checkResult(t, result)
				}
			}
		}
		code, message := reasonFrom(body, "a")
		checkResult(t, Result{Outcome: audience.Refused, Code: code, Message: message})
	})
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
}
