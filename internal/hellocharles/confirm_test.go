package hellocharles_test

import (
	"fmt"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"audiencesync/internal/audience"
	"audiencesync/internal/config"
)

func TestOnlyAnAnswerThatWouldTellARefusalConfirmsContacts(t *testing.T) {
	t.Parallel()
	items := `{"items":[{"external_reference_id":"r0","status":"%s"}]}`
	for _, test := range []struct {
		form      config.ReplyForm
		handler   http.HandlerFunc
		confirmed bool
	}{
		{config.RepliesItems, answer(200, fmt.Sprintf(items, "created")), true},
		{config.RepliesItems, answer(200, fmt.Sprintf(items, "updated")), true},
		{config.RepliesItems, answer(200, fmt.Sprintf(items, "accepted")), false},
		{config.RepliesItems, answer(202, fmt.Sprintf(items, "updated")), false},
		{config.RepliesNone, answer(200, ""), false},
		{config.RepliesNone, answer(204, ""), false},
		{config.RepliesCounts, answer(200, `{"created":0,"updated":1,"failed":0}`), true},
		{config.RepliesCounts, answer(202, `{"created":0,"updated":1,"failed":0}`), false},
		{config.RepliesErrors, answer(200, `{"errors":[]}`), true},
		{config.RepliesErrors, answer(202, `{"errors":[]}`), false},
	} {
		w := serve(t, test.handler, func(c *config.HelloCharles) { c.Batch.Reply = test.form })
		results, err := w.api.Upsert(t.Context(), []audience.Contact{{Reference: "r0"}}, nil)
		require.NoError(t, err)
		require.True(t, results[0].Outcome.Took())
		require.Equal(t, test.confirmed, results[0].Confirmed, "%s", test.form)
	}
}
