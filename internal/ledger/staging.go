package ledger

import (
	"bytes"
	"encoding/json"
	"fmt"
	"sync"

	"github.com/klauspost/compress/zstd"

	"audiencesync/internal/audience"
)

// Staged is one member that is waiting to be sent.
type Staged struct {
	// Contact is the row id of its reference.
	Contact     int64  `json:"c"`
	Reference   string `json:"r"`
	Fingerprint []byte `json:"f"`
	// FieldDigests are those that a member had whose marker is sent again.
	FieldDigests []byte          `json:"d,omitempty"`
	Mapped       audience.Member `json:"m"`
	// Page and Position say where the source had it, from 1.
	Page     int64 `json:"p"`
	Position int   `json:"n"`
	// Channels are digests of the phone number and email address to be sent.
	Channels
	// Held says whether Hello Charles holds the contact, and with which channels.
	Held Held `json:"h,omitempty"`
	// Failed says, of a member whose marker is sent again, that it has failed in
	// this run already.
	Failed bool `json:"x,omitempty"`
}

// encoder and decoder are made on first use and shared: each holds buffers of
// some megabytes.
var (
	encoder = sync.OnceValues(func() (*zstd.Encoder, error) {
		return zstd.NewWriter(nil, zstd.WithEncoderLevel(zstd.SpeedFastest), zstd.WithEncoderConcurrency(1), zstd.WithWindowSize(1<<20))
	})
	decoder = sync.OnceValues(func() (*zstd.Decoder, error) {
		return zstd.NewReader(nil, zstd.WithDecoderConcurrency(2), zstd.WithDecoderMaxMemory(256<<20))
	})
)

// pack turns the members of a batch into one compressed blob.
func pack(members []Staged) ([]byte, error) {
	raw, err := json.Marshal(members)
	if err != nil {
		return nil, fmt.Errorf("packing a batch: %w", err)
	}
	zip, err := encoder()
	if err != nil {
		return nil, fmt.Errorf("packing a batch: %w", err)
	}
	return zip.EncodeAll(raw, nil), nil
}

// unpack is the inverse of pack. Numbers keep their spelling.
func unpack(blob []byte) ([]Staged, error) {
	zip, err := decoder()
	if err != nil {
		return nil, fmt.Errorf("unpacking a batch: %w", err)
	}
	raw, err := zip.DecodeAll(blob, nil)
	if err != nil {
		return nil, fmt.Errorf("unpacking a batch: %w", err)
	}
	decoding := json.NewDecoder(bytes.NewReader(raw))
	decoding.UseNumber()
	var members []Staged
	if err := decoding.Decode(&members); err != nil {
		return nil, fmt.Errorf("unpacking a batch: %w", err)
	}
	return members, nil
}
