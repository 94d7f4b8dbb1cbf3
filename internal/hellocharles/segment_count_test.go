package hellocharles_test

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"audiencesync/internal/config"
	"audiencesync/internal/vendorhttp"
)

func TestSegmentIsCountedByItsPreview(t *testing.T) {
	t.Parallel()
	w := serve(t, func(w http.ResponseWriter, _ *http.Request) { w.Header().Set("x-resource-count", " 98412 ") })
	count, err := w.api.SegmentCount(t.Context(), "a/b c")
	require.NoError(t, err)
	require.EqualValues(t, 98412, count)
	request := w.requests()[0]
	require.Equal(t, "HEAD /api/v1/contact_lists/a%2Fb%20c/preview", request.Method+" "+request.Path)
	require.Empty(t, request.Query)

	w = serve(t, func(w http.ResponseWriter, _ *http.Request) { w.Header().Set("X-Total", "0") }, func(s *config.HelloCharles) {
		s.Read.SegmentCountPath, s.Read.CountHeader = "/count/{segment}", "x-total"
	})
	count, err = w.api.SegmentCount(t.Context(), "s")
	require.NoError(t, err)
	require.Zero(t, count, "an empty segment is a count")
}

func TestReplyWithoutACountIsNotZero(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		values []string
		text   string
	}{
		"missing":   {nil, "the header X-Resource-Count is missing"},
		"empty":     {[]string{""}, "is not a count"},
		"text":      {[]string{"many"}, "is not a count"},
		"negative":  {[]string{"-1"}, "is not a count"},
		"plus":      {[]string{"+1"}, "is not a count"},
		"fraction":  {[]string{"1.0"}, "is not a count"},
		"too large": {[]string{"9223372036854775808"}, "is not a count"},
		"twice":     {[]string{"1", "2"}, "is there 2 times"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := serve(t, func(w http.ResponseWriter, _ *http.Request) {
				for _, value := range test.values {
					w.Header().Add("X-Resource-Count", value)
				}
			})
			_, err := w.api.SegmentCount(t.Context(), "s")
			failed(t, err, vendorhttp.Unreadable)
			require.ErrorContains(t, err, test.text)
		})
	}
}

func TestSegmentThatCannotBeCountedSaysWhy(t *testing.T) {
	t.Parallel()
	w := serve(t, answer(404, ""))
	_, err := w.api.SegmentCount(t.Context(), "s-1")
	failed(t, err, vendorhttp.NotFound)
	require.ErrorContains(t, err, "counting segment s-1: not found (status 404)")
	require.ErrorContains(t, err, "check the segment id, read.segment_count_path and base_url")

	_, err = w.api.SegmentCount(t.Context(), "")
	failed(t, err, vendorhttp.Misconfigured)
	require.Len(t, w.requests(), 1)

	w = serve(t, answer(504, ""))
	_, err = w.api.SegmentCount(t.Context(), "s-1")
	failed(t, err, vendorhttp.Unavailable)
}
