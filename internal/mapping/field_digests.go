package mapping

import (
	"bytes"
	"crypto/sha256"

	"audiencesync/internal/audience"
)

// The sizes of what FieldDigests returns: the layout says of which mapping and
// settings the digests are, and each field has one. Three bytes hide one change in
// 16 million, and a wrong word in a sample does no harm.
const (
	layoutSize      = 4
	fieldDigestSize = 3
)

// FieldDigests are short keyed digests of the fields that a contact is made of, in
// the order of the mapping, after some bytes that change with the mapping and with
// the settings of the destination that change what is sent. The same value has
// another digest in another field or under another reference.
func (m *Mapper) FieldDigests(key []byte, reference string, mapped audience.Member) ([]byte, error) {
	digests := make([]byte, 0, layoutSize+fieldDigestSize*len(m.content))
	digests = append(digests, m.digest[:layoutSize]...)
	buffer := make([]byte, 0, 256)
	buffer = appendText(append(buffer, key...), 'r', reference)
	who := len(buffer)
	for _, field := range m.content {
		var err error
		if buffer, err = appendValue(appendText(buffer[:who], 'f', field), mapped[field]); err != nil {
			return nil, err
		}
		sum := sha256.Sum256(buffer)
		digests = append(digests, sum[:fieldDigestSize]...)
	}
	return digests, nil
}

// ChangedFields names the fields of a member that are not those of accepted, which
// FieldDigests has made under the same key. Without digests it names all that a
// contact is made of and the member has. sameMapping is false if they are of another
// mapping or of other settings.
func (m *Mapper) ChangedFields(key []byte, reference string, mapped audience.Member, accepted []byte) (names []string, sameMapping bool, err error) {
	if len(accepted) == 0 {
		for _, field := range m.content {
			if content, ok := text(mapped[field]); !ok || content != "" {
				names = append(names, field)
			}
		}
		return names, true, nil
	}
	now, err := m.FieldDigests(key, reference, mapped)
	if err != nil {
		return nil, false, err
	}
	if len(accepted) != len(now) || !bytes.Equal(accepted[:layoutSize], now[:layoutSize]) {
		return nil, false, nil
	}
	for i, field := range m.content {
		at := layoutSize + i*fieldDigestSize
		if !bytes.Equal(accepted[at:at+fieldDigestSize], now[at:at+fieldDigestSize]) {
			names = append(names, field)
		}
	}
	return names, true, nil
}
