package records

import (
	"encoding/json"
	"errors"
	"io"

	"audiencesync/internal/audience"
)

// jsonReader reads JSON objects, one after the other (NDJSON) or in one array.
type jsonReader struct {
	input *bounded
	json  *json.Decoder
	array bool
}

// NDJSON reads a file of one object a line. A record has up to most bytes. An
// empty file has no records.
func NDJSON(file io.Reader, most int64) Reader { return newJSONReader(file, most) }

// JSON reads a file of one array of objects. A record has up to most bytes.
func JSON(file io.Reader, most int64) (Reader, error) {
	r := newJSONReader(file, most)
	r.array = true
	r.input.allow(0)
	token, err := r.json.Token()
	if err != nil {
		return nil, r.reason(err)
	}
	if token != json.Delim('[') {
		return nil, BrokenError("is not one JSON array; for one object a line set format: ndjson")
	}
	return r, nil
}

func newJSONReader(file io.Reader, most int64) *jsonReader {
	input := newBounded(file, most)
	r := &jsonReader{input: input, json: json.NewDecoder(input)}
	r.json.UseNumber()
	return r
}

func (r *jsonReader) Next() (audience.Member, error) {
	var member audience.Member
	if err := r.decode(&member); err != nil {
		return nil, err
	}
	if member == nil {
		return nil, r.notAnObject()
	}
	return member, nil
}

func (r *jsonReader) Skip() error {
	var record json.RawMessage
	return r.decode(&record)
}

func (r *jsonReader) decode(record any) error {
	r.input.allow(r.Offset())
	if r.array && !r.json.More() {
		return r.end()
	}
	err := r.json.Decode(record)
	switch {
	case err == nil:
		return nil
	case errors.Is(err, io.EOF) && !r.array:
		return r.input.reason(io.EOF)
	default:
		return r.reason(err)
	}
}

// end is called where an array has no further element: it was closed and
// nothing follows, or the file is broken.
func (r *jsonReader) end() error {
	if _, err := r.json.Token(); err != nil {
		return r.reason(err)
	}
	r.array = false
	r.input.allow(r.Offset())
	_, err := r.json.Token()
	if errors.Is(err, io.EOF) {
		return r.input.reason(io.EOF)
	}
	if err != nil && r.input.failed != nil {
		return r.reason(err)
	}
	return BrokenError("stands behind the end of the JSON array; a file holds one array only")
}

func (r *jsonReader) reason(err error) error {
	var mismatch *json.UnmarshalTypeError
	switch {
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		err = BrokenError("is not whole: the file ends in the middle of it, so it was cut; have it written again")
	case errors.As(err, &mismatch):
		err = r.notAnObject()
	default:
		err = BrokenError("is not valid JSON; have the file written again, or check format of the connection")
	}
	return r.input.reason(err)
}

func (r *jsonReader) notAnObject() error {
	if r.array {
		return BrokenError("is not a JSON object; every element of the array has to be one")
	}
	return BrokenError("is not a JSON object; every line has to be one (for one array set format: json)")
}

func (r *jsonReader) Columns() []string { return nil }

func (r *jsonReader) Offset() int64 { return r.json.InputOffset() }
