package mapping

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"

	"audiencesync/internal/audience"
)

// Fingerprint is a keyed digest of the mapping and of a member's mapped
// fields: equal fingerprints mean that the same would be sent again.
type Fingerprint [16]byte

// Fingerprint returns the member's fingerprint under the ledger's key.
func (m *Mapper) Fingerprint(key []byte, mapped audience.Member) (Fingerprint, error) {
	buffer := make([]byte, 0, 512)
	buffer = append(buffer, key...)
	buffer = append(buffer, m.digest[:]...)
	var err error
	for _, field := range m.fields {
		if buffer, err = appendValue(buffer, mapped[field.name]); err != nil {
			return Fingerprint{}, err
		}
	}
	sum := sha256.Sum256(buffer)
	return Fingerprint(sum[:16]), nil
}

// appendValue appends the same bytes for the same value, whatever format the
// source has: the number 7 of a JSON page and the text "7" of a CSV file agree.
// A list or object, which is no text, agrees with no text.
func appendValue(buffer []byte, value any) ([]byte, error) {
	kind := byte('t')
	content, ok := text(value)
	if !ok {
		structure, err := json.Marshal(value)
		if err != nil {
			return nil, err
		}
		kind, content = 's', string(structure)
	}
	buffer = binary.AppendUvarint(append(buffer, kind), uint64(len(content)))
	return append(buffer, content...), nil
}
