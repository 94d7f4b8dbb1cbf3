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
	for _, field := range m.fields {
		value, err := canonical(mapped[field.name])
		if err != nil {
			return Fingerprint{}, err
		}
		buffer = binary.AppendUvarint(buffer, uint64(len(value)))
		buffer = append(buffer, value...)
	}
	sum := sha256.Sum256(buffer)
	return Fingerprint(sum[:16]), nil
}

// canonical returns the same bytes for the same value, whatever format the
// source has: the number 7 of a JSON page and the text "7" of a CSV file agree.
// A list or object, which is no text, agrees with no text.
func canonical(value any) ([]byte, error) {
	if scalar, ok := text(value); ok {
		return append([]byte{'t'}, scalar...), nil
	}
	structure, err := json.Marshal(value)
	return append([]byte{'s'}, structure...), err
}
