package config

import "encoding/json"

const (
	// maxAudienceID is what Temporal finds a run by (a keyword has 255 characters in its
	// SQL databases).
	maxAudienceID = 255
	// maxSyncBytes bounds a sync as JSON: it is the input of each run, and of each history
	// that a long run goes on in, and Temporal takes 2 MiB (limit.blobSize.error).
	maxSyncBytes = 100_000
)

// checkSize reports what does not fit into Temporal.
func checkSize(r *report, s Sync) {
	if len(s.Audience.ID) > maxAudienceID {
		r.refuse("audience.id", "expected at most %d bytes", maxAudienceID)
	}
	content, err := json.Marshal(s)
	if err == nil && len(content) > maxSyncBytes {
		r.refuse("", "the sync is too large: its settings come to %d bytes as JSON, and a run takes at most %d; keep long lists of values in Zeotap", len(content), maxSyncBytes)
	}
}
