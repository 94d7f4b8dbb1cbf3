package activities

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"audiencesync/internal/audience"
	"audiencesync/internal/config"
	"audiencesync/internal/hellocharles"
)

// A contact whose values must never come out of an error.
var planted = audience.Contact{
	Reference: "+4915112345678", FirstName: "Plantina", LastName: "Secretova", Phone: "+4915112345678", Email: "plantina@example.com",
	Properties: []audience.Property{{Name: "city", Value: "Plantstadt"}},
}

// The key that the requests carry.
const plantedKey = "key-of-the-plant"

// requireClean expects that a text holds nothing of the planted contact.
func requireClean(t *testing.T, text string) {
	t.Helper()
	for _, value := range []string{"4915112345678", "Plantina", "plantina", "Secretova", "Plantstadt", plantedKey} {
		require.NotContains(t, text, value)
	}
}

func TestNoFailureOfHelloCharlesCarriesContactDataToTemporal(t *testing.T) {
	t.Parallel()
	echo := fmt.Sprintf(`{"errors":[{"code":%%d,"message_key":"%[1]s","message":"contact %[1]s %[2]s %[3]s of %[4]s"}],"external_reference_id":%[1]q}`,
		planted.Reference, planted.FirstName, planted.Email, plantedKey)
	for _, status := range []int{200, 201, 202, 204, 207, 302, 400, 401, 403, 404, 405, 408, 409, 410, 413, 418, 422, 429, 500, 502, 503, 504} {
		t.Run(fmt.Sprint(status), func(t *testing.T) {
			t.Parallel()
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Location", "/contacts/"+planted.Reference)
				w.Header().Set("X-Resource-Count", planted.Phone)
				w.Header().Set("Retry-After", "3")
				w.WriteHeader(status)
				_, _ = fmt.Fprintf(w, echo, status)
			}))
			defer server.Close()
			api := plantedAPI(t, server.URL)
			_, together := api.Upsert(t.Context(), []audience.Contact{planted, {Reference: "other"}}, nil)
			_, alone := api.UpsertOne(t.Context(), planted, nil)
			_, tags := api.Tags(t.Context())
			_, properties := api.Properties(t.Context())
			_, count := api.SegmentCount(t.Context(), "seg-984")
			require.Error(t, tags)
			for _, err := range []error{together, alone, tags, properties, count} {
				if err != nil {
					_, failed := tell(t, err, 1)
					requireClean(t, failed.Error())
				}
			}
		})
	}
}

func TestALostAnswerCarriesNoContactDataToTemporal(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }))
	api := plantedAPI(t, server.URL)
	for _, running := range []bool{true, false} {
		if !running {
			server.Close()
		}
		_, err := api.UpsertOne(t.Context(), planted, nil)
		require.Error(t, err)
		got, failed := tell(t, err, 1)
		require.Equal(t, told{kind: TypeUnavailable}, got)
		requireClean(t, failed.Error())
	}
}

// plantedAPI is a client that knows the planted key.
func plantedAPI(t *testing.T, url string) hellocharles.API {
	t.Helper()
	settings := config.DefaultHelloCharles()
	settings.BaseURL, settings.SourceType, settings.Send, settings.Credential = url, "zeotap", config.SendBatch, "env:KEY"
	settings.Batch.Method, settings.Batch.Path, settings.Batch.Envelope = "POST", "/api/v1beta/contacts/batch", "contacts"
	settings.Batch.Reply = config.RepliesItems
	settings.Timeout = config.Duration(10 * time.Second)
	api, err := hellocharles.New("charles", settings, func(context.Context, string) (string, error) { return plantedKey, nil })
	require.NoError(t, err)
	return api
}
