package main

import (
	"bytes"
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"audiencesync/examples"
	"audiencesync/internal/audience"
	"audiencesync/internal/config"
	"audiencesync/internal/hellocharles"
	"audiencesync/internal/mapping"
	"audiencesync/internal/simulator/people"
	"audiencesync/internal/zeotap/records"
)

//go:embed sync.yaml
var syncFile []byte

// maxRecord bounds a record, in bytes; those of the crowd are far below.
const maxRecord = 1 << 20

// fingerprintKey is that of a ledger.
var fingerprintKey = bytes.Repeat([]byte{7}, 32)

// crowd returns the members of a simulated audience, one JSON object a line.
func crowd(members int64) []byte {
	invented := people.New(1, members, "984")
	var lines []byte
	for i := range members {
		lines = append(invented.Member(i).AppendJSON(lines), '\n')
	}
	return lines
}

// pipeline is what a worker does with members, without network and ledger.
type pipeline struct {
	mapper *mapping.Mapper
	api    hellocharles.API
}

// newPipeline prepares the sync, with or without phone numbers. Without, the
// customer id is the reference.
func newPipeline(phones bool) (*pipeline, error) {
	sync, err := config.ParseSync("sync.yaml", syncFile)
	if err != nil {
		return nil, err
	}
	if !phones {
		sync.Reference.From, sync.Reference.Normalise = "customer_id", config.NormaliseRaw
		sync.Mapping.Phone = nil
	}
	mapper, err := mapping.Compile(sync, mapping.Destination{Tags: []string{"zeotap", "spring-campaign", "1021"}})
	if err != nil {
		return nil, err
	}
	content, err := examples.Demo.ReadFile("demo/connections.yaml")
	if err != nil {
		return nil, err
	}
	connections, err := config.ParseConnections("connections.yaml", content)
	if err != nil {
		return nil, err
	}
	noKey := func(context.Context, string) (string, error) { return "nothing is sent", nil }
	api, err := hellocharles.New("charles-demo", connections.HelloCharles["charles-demo"], noKey)
	return &pipeline{mapper: mapper, api: api}, err
}

// errNotSent keeps a request from leaving once its body is there.
var errNotSent = errors.New("not sent")

// run decodes the members, maps them and encodes the contacts in batches.
func (p *pipeline) run(ctx context.Context, lines []byte) (c cost, err error) {
	reader := records.NDJSON(bytes.NewReader(lines), maxRecord)
	batch := make([]audience.Contact, 0, hellocharles.MaxContacts)
	for {
		member, err := reader.Next()
		if err != nil && !errors.Is(err, io.EOF) {
			return c, err
		}
		ended := err != nil
		if !ended {
			c.members++
			contact, sent, err := p.contact(member)
			if err != nil {
				return c, err
			}
			if sent {
				batch = append(batch, contact)
			}
		}
		if len(batch) == cap(batch) || ended {
			if err := p.encode(ctx, batch); err != nil {
				return c, err
			}
			c.contacts += len(batch)
			batch = batch[:0]
		}
		if ended {
			return c, nil
		}
	}
}

// contact maps one member as reading and sending do.
func (p *pipeline) contact(member audience.Member) (contact audience.Contact, sent bool, err error) {
	mapped := p.mapper.Mapped(member)
	if p.mapper.Excluded(mapped) != nil {
		return contact, false, nil
	}
	reference, rejection := p.mapper.Reference(mapped)
	if rejection != nil {
		return contact, false, nil
	}
	if _, err := p.mapper.Fingerprint(fingerprintKey, mapped); err != nil {
		return contact, false, err
	}
	p.mapper.Unknown(mapped)
	contact, _, rejection = p.mapper.Contact(mapped, reference)
	return contact, rejection == nil, nil
}

// encode has the client write a request, and stops it when it is complete.
func (p *pipeline) encode(ctx context.Context, batch []audience.Contact) error {
	if len(batch) == 0 {
		return nil
	}
	_, err := p.api.Upsert(ctx, batch, func(context.Context) error { return errNotSent })
	if !errors.Is(err, errNotSent) {
		return fmt.Errorf("encoding a batch: %w", err)
	}
	return nil
}

// decodeAndEncode is plain encoding/json.
func decodeAndEncode(_ context.Context, lines []byte) (c cost, err error) {
	decoder := json.NewDecoder(bytes.NewReader(lines))
	for {
		var member map[string]any
		if err := decoder.Decode(&member); errors.Is(err, io.EOF) {
			return c, nil
		} else if err != nil {
			return c, err
		}
		if _, err := json.Marshal(member); err != nil {
			return c, err
		}
		c.members++
		c.contacts++
	}
}
