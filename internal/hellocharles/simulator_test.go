package hellocharles_test

import (
	"encoding/json"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/require"

	"audiencesync/internal/audience"
	"audiencesync/internal/hellocharles"
	"audiencesync/internal/simulator"
)

func TestContactThatWasSentToTheSimulatorIsReadBack(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(simulator.New(simulator.Options{}).CharlesHandler())
	t.Cleanup(server.Close)
	settings := settingsFor(server.URL)
	settings.Read.ContactPath = "/api/v1beta/contacts/{reference}"
	api, err := hellocharles.New("acme", settings, credential(simulator.DefaultKey), nil)
	require.NoError(t, err)

	_, err = api.Contact(t.Context(), plantedReference)
	require.ErrorIs(t, err, hellocharles.ErrNoContact)

	_, err = api.Upsert(t.Context(), []audience.Contact{{
		Reference: plantedReference, FirstName: plantedName, LastName: "Example", Phone: plantedReference, Email: plantedEmail,
		Tags:       []string{"zeotap"},
		Properties: []audience.Property{{Name: "loyalty_points", Value: json.Number("12")}},
	}}, nil)
	require.NoError(t, err)
	held, err := api.Contact(t.Context(), plantedReference)
	require.NoError(t, err)
	require.Equal(t, &hellocharles.Held{
		Reference: plantedReference, FirstName: plantedName, LastName: "Example",
		Phones: []string{plantedReference}, Emails: []string{plantedEmail}, Tags: []string{"zeotap"},
		Properties: map[string]any{"loyalty_points": json.Number("12")},
	}, held)
}
