package endtoend

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"

	"audiencesync/internal/audience"
)

// reportOf reads the JSON report on stdout.
func reportOf(t *testing.T, r result) audience.Report {
	t.Helper()
	var report audience.Report
	require.NoError(t, json.Unmarshal([]byte(r.stdout), &report), "stdout: %s\nstderr: %s", r.stdout, r.stderr)
	return report
}

// keysOf returns the keys of a JSON object, and of the objects in it by
// "key.inner", as a set.
func keysOf(t *testing.T, text string) map[string]bool {
	t.Helper()
	var object map[string]json.RawMessage
	require.NoError(t, json.Unmarshal([]byte(text), &object))
	keys := map[string]bool{}
	for key, value := range object {
		keys[key] = true
		var inner map[string]json.RawMessage
		if json.Unmarshal(value, &inner) != nil {
			continue
		}
		for name := range inner {
			keys[key+"."+name] = true
		}
	}
	return keys
}
