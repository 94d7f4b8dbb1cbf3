package hellocharles_test

import (
	"context"
	"errors"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"audiencesync/internal/audience"
	"audiencesync/internal/config"
	"audiencesync/internal/vendorhttp"
)

func byID(s *config.HelloCharles) { s.Tags, s.Batch.Reply = config.TagID, config.RepliesNone }

func TestTagsAreSentByIDFromAListThatIsReadOnce(t *testing.T) {
	t.Parallel()
	var lists atomic.Int32
	var newTag atomic.Bool
	w := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet {
			return
		}
		lists.Add(1)
		body := `{"data":[{"id":"t1","label":"VIP","object":"person"},{"id":"t2","label":"VIP","object":"person"}]}`
		if newTag.Load() {
			body = `{"data":[{"id":"t1","label":"VIP","object":"person"},{"id":"t3","label":"new","object":"person"}]}`
		}
		pages(body)(w, r)
	}, byID)

	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			_, err := w.api.UpsertOne(t.Context(), audience.Contact{Reference: "a", Tags: []string{"VIP"}}, nil)
			require.NoError(t, err)
		})
	}
	all.Wait()
	require.EqualValues(t, 2, lists.Load(), "the list has two pages, the second is empty")
	for _, request := range w.requests() {
		if request.Method == http.MethodPut {
			require.Equal(t, []any{"t1"}, object(t, request.Body)["tags"])
		}
	}

	// A label that is not in the list is looked up once more.
	contacts := []audience.Contact{{Reference: "a", Tags: []string{"VIP", "new"}}}
	_, err := w.api.Upsert(t.Context(), contacts, func(context.Context) error { return errors.New("not reached") })
	failed(t, err, vendorhttp.NotFound)
	require.ErrorContains(t, err, `the tag "new" does not exist in Hello Charles any more`)
	require.EqualValues(t, 4, lists.Load())

	newTag.Store(true)
	_, err = w.api.Upsert(t.Context(), contacts, nil)
	require.NoError(t, err)
	requests := w.requests()
	require.Contains(t, requests[len(requests)-1].Body, `"tags":["t1","t3"]`)
	require.EqualValues(t, 6, lists.Load())
}

func TestContactWithoutTagsNeedsNoTagList(t *testing.T) {
	t.Parallel()
	w := serve(t, answer(200, ""), byID)
	_, err := w.api.UpsertOne(t.Context(), audience.Contact{Reference: "a"}, nil)
	require.NoError(t, err)
	require.Len(t, w.requests(), 1)
}

func TestNothingIsSentWhenTheTagListCannotBeRead(t *testing.T) {
	t.Parallel()
	w := serve(t, answer(503, ""), byID)
	_, err := w.api.UpsertOne(t.Context(), audience.Contact{Reference: "a", Tags: []string{"VIP"}}, nil)
	failed(t, err, vendorhttp.Unavailable)
	require.ErrorContains(t, err, "listing tags")
	for _, request := range w.requests() {
		require.Equal(t, http.MethodGet, request.Method)
	}

	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = w.api.UpsertOne(ctx, audience.Contact{Reference: "a", Tags: []string{"VIP"}}, nil)
	require.ErrorIs(t, err, context.Canceled)
}
