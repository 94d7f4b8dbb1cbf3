package integration

import (
	"encoding/json"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"audiencesync/internal/simulator"
)

// journal returns the requests that the vendors have seen.
func (w *world) journal(t *testing.T) []simulator.Entry {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, w.charles.url+"/_sim/journal", nil)
	require.NoError(t, err)
	reply, err := http.DefaultClient.Do(request)
	require.NoError(t, err)
	defer func() { require.NoError(t, reply.Body.Close()) }()
	var entries []simulator.Entry
	for decoder := json.NewDecoder(reply.Body); decoder.More(); {
		var entry simulator.Entry
		require.NoError(t, decoder.Decode(&entry))
		entries = append(entries, entry)
	}
	return entries
}

// struck counts the requests that a fault hit, and the contacts of those that
// had their effect nevertheless.
func struck(entries []simulator.Entry) (requests, contacts int64) {
	for _, entry := range entries {
		if entry.Fault == "" {
			continue
		}
		requests++
		if entry.Effect == "applied" {
			contacts += int64(entry.Items)
		}
	}
	return requests, contacts
}
