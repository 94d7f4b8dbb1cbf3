package simulator_test

import (
	"net/http"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"audiencesync/internal/simulator"
)

func TestAKeyOpensItsOwnWorkspaceOnly(t *testing.T) {
	t.Parallel()
	w := start(t, simulator.Options{
		Charles: simulator.CharlesOptions{Key: "key-a"},
		Tenants: []simulator.Tenant{{Name: "b", Prefix: "/b", Charles: simulator.CharlesOptions{Key: "key-b", Limits: simulator.Limits{InFlight: 3}}}},
	})
	w.header.Set("X-Api-Key", "key-a")
	w.do("PUT", w.charles+single, contact("1"), http.StatusCreated, nil)
	w.do("PUT", w.charles+"/b"+single, contact("1"), http.StatusUnauthorized, nil)
	w.do("GET", w.charles+"/b/api/v0/tags", nil, http.StatusUnauthorized, nil)
	require.Empty(t, slices.Collect(w.TenantContacts("b")))

	w.header.Set("X-Api-Key", "key-b")
	w.do("PUT", w.charles+single, contact("2"), http.StatusUnauthorized, nil)
	w.do("PUT", w.charles+"/b"+single, contact("2"), http.StatusCreated, nil)
	w.do("GET", w.charles+"/b"+single+"/a%2Fb", nil, http.StatusNotFound, nil)
	require.Len(t, slices.Collect(w.TenantContacts("b")), 1)
	require.Empty(t, slices.Collect(w.TenantContacts("c")))
	require.EqualValues(t, 1, w.Stats().Contacts)
	require.Equal(t, "b", w.journal()[1].Tenant)
	require.Equal(t, "/b"+single, w.journal()[1].Path)

	w.Reset()
	require.Empty(t, slices.Collect(w.TenantContacts("b")))
}

func TestATenantCanHaveAHostOfItsOwn(t *testing.T) {
	t.Parallel()
	w := start(t, simulator.Options{Tenants: []simulator.Tenant{{Name: "acme", Host: "localhost", Charles: simulator.CharlesOptions{Key: "acme"}}}})
	w.header.Set("X-Api-Key", "acme")
	byName := "http://localhost" + w.charles[len("http://127.0.0.1"):]
	w.do("PUT", w.charles+single, contact("1"), http.StatusUnauthorized, nil)
	if got := w.try("PUT", byName+single, contact("1")); got.err == nil { // a machine may have no such name
		require.Equal(t, http.StatusCreated, got.status)
		require.Len(t, slices.Collect(w.TenantContacts("acme")), 1)
	}
}

func TestKeysCanBeRevokedOrLackPermissions(t *testing.T) {
	t.Parallel()
	w := start(t, simulator.Options{Charles: simulator.CharlesOptions{Keys: []simulator.APIKey{
		{Key: "old", Revoked: true}, {Key: "reader", NoContacts: true}, {Key: "writer", NoReads: true},
	}}})
	for key, want := range map[string][2]int{
		simulator.DefaultKey: {200, 200}, "old": {401, 401}, "reader": {403, 200}, "writer": {200, 403},
	} {
		w.header.Set("X-Api-Key", key)
		w.do("POST", w.charles+batch, contactsOf("a"), want[0], nil)
		w.do("GET", w.charles+"/api/v0/tags", nil, want[1], nil)
	}
}

func TestReadsCanTakeTheTokenAndTheKey(t *testing.T) {
	t.Parallel()
	w := start(t, simulator.Options{Charles: simulator.CharlesOptions{Bearer: "token", KeyReads: true}})
	w.do("GET", w.charles+"/api/v0/tags", nil, http.StatusOK, nil)
	w.header.Del("X-Api-Key")
	w.do("GET", w.charles+"/api/v0/tags", nil, http.StatusUnauthorized, nil)
	w.header.Set("Authorization", "Bearer token")
	w.do("GET", w.charles+"/api/v0/tags", nil, http.StatusOK, nil)
}

func TestPlainHTTPCanBeRefused(t *testing.T) {
	t.Parallel()
	w := start(t, simulator.Options{Charles: simulator.CharlesOptions{RequireHTTPS: true}})
	w.do("PUT", w.charles+single, contact("a"), http.StatusForbidden, nil)
	w.do("GET", w.charles+"/api/v0/tags", nil, http.StatusForbidden, nil)
	w.header.Set("X-Forwarded-Proto", "https")
	w.do("PUT", w.charles+single, contact("a"), http.StatusCreated, nil)
}

func TestErrorsCanHaveOtherBodies(t *testing.T) {
	t.Parallel()
	for form, body := range map[simulator.ErrorForm]string{
		simulator.ErrorObject: `{"error":{"code":"required","message":"external_reference_id and source_type are required"}}`,
		simulator.ErrorEmpty:  "",
		simulator.ErrorHTML:   "<html>",
	} {
		w := start(t, simulator.Options{Charles: simulator.CharlesOptions{Errors: form, MalformedStatus: 422}})
		got := w.do("PUT", w.charles+single, without(contact("a"), "source_type"), http.StatusUnprocessableEntity, nil)
		require.Contains(t, string(got.body), body)
		require.Equal(t, body == "", len(got.body) == 0)
	}
}
