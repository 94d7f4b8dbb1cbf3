package mapping

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"fmt"

	"audiencesync/internal/audience"
	"audiencesync/internal/config"
)

// Fingerprint is a keyed digest of the mapping, of a member's mapped fields
// and of its labels that are withheld: equal fingerprints mean that the same
// would be sent again. Fields that only the filter looks at are not in it.
type Fingerprint [16]byte

// digestOf digests what the sync and the destination say about every contact.
func digestOf(sync config.Sync, rendering string) ([sha256.Size]byte, error) {
	parts := make([]string, len(sync.Mapping.Tags))
	for i, source := range sync.Mapping.Tags {
		parts[i], _ = partOf(sync.Audience, source.Audience)
	}
	properties := map[string]string{}
	for name, source := range sync.Mapping.Properties {
		if part, ok := partOf(sync.Audience, source.Audience); ok {
			properties[name] = part
		}
	}
	marker := sync.Marker
	marker.Left = "" // No contact of a member holds it.
	content, err := json.Marshal(struct {
		Reference  config.Reference
		Marker     config.Marker
		Mapping    config.Mapping
		Tags       []string
		Properties map[string]string
		Rendering  string
	}{sync.Reference, marker, sync.Mapping, parts, properties, rendering})
	if err != nil {
		return [sha256.Size]byte{}, fmt.Errorf("digest of the mapping: %w", err)
	}
	return sha256.Sum256(content), nil
}

// Fingerprint returns the member's fingerprint under the ledger's key.
func (m *Mapper) Fingerprint(key []byte, mapped audience.Member) (Fingerprint, error) {
	buffer := make([]byte, 0, 512)
	buffer = append(buffer, key...)
	buffer = append(buffer, m.digest[:]...)
	var err error
	for _, field := range m.content {
		if buffer, err = appendValue(buffer, mapped[field]); err != nil {
			return Fingerprint{}, err
		}
	}
	m.eachLabelled(mapped, func(target string, found labelled) {
		for _, label := range found.withheld {
			buffer = appendText(appendText(buffer, 'w', target), 'l', label)
		}
	})
	sum := sha256.Sum256(buffer)
	return Fingerprint(sum[:16]), nil
}

// appendValue appends the same bytes for the same value, whatever format the
// source has: the number 7 of a JSON page and the text "7" of a CSV file agree.
// A list or object, which is no text, agrees with no text.
func appendValue(buffer []byte, value any) ([]byte, error) {
	if content, ok := text(value); ok {
		return appendText(buffer, 't', content), nil
	}
	structure, err := json.Marshal(value)
	if err != nil {
		return nil, err
	}
	return appendText(buffer, 's', string(structure)), nil
}

func appendText(buffer []byte, kind byte, content string) []byte {
	buffer = binary.AppendUvarint(append(buffer, kind), uint64(len(content)))
	return append(buffer, content...)
}
