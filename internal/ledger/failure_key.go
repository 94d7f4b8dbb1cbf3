package ledger

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"

	"audiencesync/internal/audience"
)

// ErrOtherKey says that the fields of a failed or sampled member are encrypted, and not
// with the key that the ledger was opened with.
var ErrOtherKey = errors.New("the mapped fields are encrypted with another key; give the key that the run was made with")

// ErrNoFailureKey says that the fields of a failed or sampled member are encrypted, and
// that the ledger was opened without a key.
var ErrNoFailureKey = errors.New("the mapped fields are encrypted; give the failure key that the run was made with")

// minimumSecret is the shortest secret that a key is made of, in bytes.
const minimumSecret = 16

// failureKey encrypts the mapped fields of failed members and of samples: AES-256-GCM with a
// random nonce, under a key that HKDF-SHA256 makes of the secret and the
// ledger's id. A sealed value is the key's id, the nonce, and the ciphertext.
type failureKey struct {
	id   []byte
	aead cipher.AEAD
}

const keyIDSize = 8

func newFailureKey(secret []byte, ledgerID string) (*failureKey, error) {
	if len(secret) < minimumSecret {
		return nil, fmt.Errorf("the failure key has %d bytes; it needs at least %d: make one with `openssl rand -hex 32`", len(secret), minimumSecret)
	}
	made, err := hkdf.Key(sha256.New, secret, []byte(ledgerID), "audiencesync: fields of failed members", 32+keyIDSize)
	if err != nil {
		return nil, fmt.Errorf("failure key: %w", err)
	}
	block, err := aes.NewCipher(made[:32])
	if err != nil {
		return nil, fmt.Errorf("failure key: %w", err)
	}
	aead, err := cipher.NewGCMWithRandomNonce(block)
	if err != nil {
		return nil, fmt.Errorf("failure key: %w", err)
	}
	return &failureKey{id: made[32:], aead: aead}, nil
}

// seal encrypts a member. Without a key nothing is kept.
func (k *failureKey) seal(member audience.Member) ([]byte, error) {
	if k == nil || member == nil {
		return nil, nil
	}
	plain, err := json.Marshal(member)
	if err != nil {
		return nil, fmt.Errorf("mapped fields: %w", err)
	}
	return k.aead.Seal(bytes.Clone(k.id), nil, plain, k.id), nil //nolint:gosec // It takes no nonce: it makes a random one.
}

// open decrypts what seal made; nil if nothing was kept.
func (k *failureKey) open(sealed []byte) (audience.Member, error) {
	switch {
	case len(sealed) == 0:
		return nil, nil
	case k == nil:
		return nil, ErrNoFailureKey
	case !bytes.HasPrefix(sealed, k.id):
		return nil, ErrOtherKey
	}
	plain, err := k.aead.Open(nil, nil, sealed[keyIDSize:], k.id)
	if err != nil {
		return nil, fmt.Errorf("the mapped fields are damaged in the ledger: %w", err)
	}
	decoding := json.NewDecoder(bytes.NewReader(plain))
	decoding.UseNumber()
	var member audience.Member
	if err := decoding.Decode(&member); err != nil {
		return nil, fmt.Errorf("mapped fields: %w", err)
	}
	return member, nil
}
