package zeotap

import (
	"encoding/json"
	"errors"
	"io"

	"audiencesync/internal/audience"
)

// jsonRecords reads JSON objects, one after the other (NDJSON) or in one array.
type jsonRecords struct {
	input *bounded
	json  *json.Decoder
	array bool
	most  int64
}

// newNDJSONRecords reads one object a line. An empty file has no members.
func newNDJSONRecords(input *bounded, most int64) *jsonRecords {
	r := &jsonRecords{input: input, json: json.NewDecoder(input), most: most}
	r.json.UseNumber()
	return r
}

// newJSONRecords reads one array of objects.
func newJSONRecords(input *bounded, most int64) (*jsonRecords, error) {
	r := newNDJSONRecords(input, most)
	r.array = true
	r.input.allow(0, most)
	token, err := r.json.Token()
	if err != nil {
		return nil, r.reason(err)
	}
	if token != json.Delim('[') {
		return nil, flaw("is not one JSON array; for one object a line set format: ndjson")
	}
	return r, nil
}

func (r *jsonRecords) next() (audience.Member, error) {
	var member audience.Member
	if err := r.decode(&member); err != nil {
		return nil, err
	}
	if member == nil {
		return nil, r.notAnObject()
	}
	return member, nil
}

func (r *jsonRecords) skip() error {
	var record json.RawMessage
	return r.decode(&record)
}

func (r *jsonRecords) decode(record any) error {
	r.input.allow(r.offset(), r.most)
	if r.array && !r.json.More() {
		return r.end()
	}
	err := r.json.Decode(record)
	switch {
	case err == nil:
		return nil
	case errors.Is(err, io.EOF) && !r.array:
		return r.input.reason(io.EOF, r.most)
	default:
		return r.reason(err)
	}
}

// end is called where an array has no further element: it was closed and
// nothing follows, or the file is broken.
func (r *jsonRecords) end() error {
	if _, err := r.json.Token(); err != nil {
		return r.reason(err)
	}
	r.array = false
	r.input.allow(r.offset(), r.most)
	_, err := r.json.Token()
	if errors.Is(err, io.EOF) {
		return r.input.reason(io.EOF, r.most)
	}
	if err != nil && r.input.failed != nil {
		return r.reason(err)
	}
	return flaw("stands behind the end of the JSON array; a file holds one array only")
}

func (r *jsonRecords) reason(err error) error {
	var mismatch *json.UnmarshalTypeError
	switch {
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		err = flaw("is not whole: the file ends in the middle of it, so it was cut; have it written again")
	case errors.As(err, &mismatch):
		err = r.notAnObject()
	default:
		err = flaw("is not valid JSON; have the file written again, or check format of the connection")
	}
	return r.input.reason(err, r.most)
}

func (r *jsonRecords) notAnObject() error {
	if r.array {
		return flaw("is not a JSON object; every element of the array has to be one")
	}
	return flaw("is not a JSON object; every line has to be one (for one array set format: json)")
}

func (r *jsonRecords) columns() []string { return nil }

func (r *jsonRecords) offset() int64 { return r.json.InputOffset() }
