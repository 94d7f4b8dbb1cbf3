package preflight

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"

	"audiencesync/internal/config"
	"audiencesync/internal/mapping"
)

// checks is raised when our own checks of members change: what an older
// version has found invalid is then looked at again.
const checks = 2

// Surroundings are what a mapping rests on in Hello Charles. They are pinned
// for a run, so that all workers map alike.
type Surroundings struct {
	// Tags are the labels that exist, where members bring their own; nil when
	// they do not matter.
	Tags []string `json:"tags"`
	// Options are the values of properties that have some, by technical name.
	Options map[string][]string `json:"options,omitempty"`
}

// Destination is what the mapper has to know.
func (s Surroundings) Destination(rendering string) mapping.Destination {
	return mapping.Destination{Rendering: rendering, Tags: s.Tags, Options: s.Options}
}

// Pinned returns the surroundings as the ledger keeps them, and a digest of
// them and of how contacts are sent: a refusal may be due to either, so it is
// known only as long as both are the same.
func (s Surroundings) Pinned(to config.HelloCharles) (content []byte, digest string, err error) {
	if content, err = json.Marshal(s); err != nil {
		return nil, "", fmt.Errorf("what the mapping rests on: %w", err)
	}
	to.Batch.MaxItems = 0 // Says nothing about a contact.
	sending, err := json.Marshal([]any{to.Send, to.Single, to.Batch})
	if err != nil {
		return nil, "", fmt.Errorf("how contacts are sent: %w", err)
	}
	sum := sha256.Sum256(fmt.Appendf(nil, "%d %s %s", checks, content, sending))
	return content, hex.EncodeToString(sum[:8]), nil
}

// Unpin is the inverse of Pinned. Nothing pinned is nothing known.
func Unpin(content []byte) (Surroundings, error) {
	var s Surroundings
	if len(content) == 0 {
		return s, nil
	}
	if err := json.Unmarshal(content, &s); err != nil {
		return s, fmt.Errorf("what the mapping rests on: %w", err)
	}
	return s, nil
}
