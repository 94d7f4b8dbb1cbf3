package hellocharles_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"audiencesync/internal/config"
	"audiencesync/internal/hellocharles"
	"audiencesync/internal/vendorhttp"
)

func TestSegmentsAreThoseThatFollowTheirContacts(t *testing.T) {
	t.Parallel()
	w := serve(t, pages(`{"data":[
		{"id":"s1","name":"Spring","type":"dynamic","active":true,"deleted":false,"rules":{"op":"AND"}},
		{"id":2,"name":"Summer"},
		{"id":"s3","name":"Trade fair","type":"static"},
		{"id":"s4","name":"old","type":"dynamic","deleted":"2026-01-31"},
		{"id":"s5","name":"off","type":"dynamic","active":false},
		{"name":"no id","type":"dynamic"},
		{"id":"s7","type":"dynamic"},
		null]}`))
	segments, err := w.api.Segments(t.Context())
	require.NoError(t, err)
	require.Equal(t, []hellocharles.Segment{{ID: "s1", Name: "Spring"}, {ID: "2", Name: "Summer"}, {ID: "s7"}}, segments)
	require.Equal(t, "/api/v0/contact_lists", w.requests()[0].Path)
}

func TestAConnectionThatMayNotReadListsNoSegments(t *testing.T) {
	t.Parallel()
	w := serve(t, pages(`{"data":[]}`), func(s *config.HelloCharles) { s.Read.Allowed = new(false) })
	_, err := w.api.Segments(t.Context())
	failed(t, err, vendorhttp.Forbidden)
	require.Empty(t, w.requests())
}
