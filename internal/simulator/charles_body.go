package simulator

import (
	"bytes"
	"errors"
	"fmt"
	"mime"
	"net/http"

	"audiencesync/internal/simulator/contacts"
)

// contactBody is a contact as it is sent (Contact API, help article 264408).
type contactBody struct {
	sourceType string
	reference  string
	firstName  contacts.Field[string]
	middleName contacts.Field[string]
	lastName   contacts.Field[string]
	phones     contacts.Field[[]string]
	emails     contacts.Field[[]string]
	tags       contacts.Field[[]string]
	properties contacts.Field[[]contacts.Property]
	// malformed is why the contact cannot be read, where that refuses it alone.
	malformed *refusal
}

// readJSON reads the body of a call, which must be declared as JSON and be one
// valid value of at most so many bytes.
func readJSON(r *http.Request, most int64) (*jsonWalker, error) {
	kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || kind != "application/json" {
		return nil, badRequest("content_type", "the content type is not application/json")
	}
	var body bytes.Buffer
	if r.ContentLength > 0 {
		body.Grow(int(min(r.ContentLength, most)) + bytes.MinRead)
	}
	if _, err := body.ReadFrom(http.MaxBytesReader(nil, r.Body, most)); err != nil {
		if _, tooLarge := errors.AsType[*http.MaxBytesError](err); tooLarge {
			return nil, &callError{status: http.StatusRequestEntityTooLarge, key: "too_large", text: "the body is too large"}
		}
		return nil, badRequest("body", "the body ended early")
	}
	walker, valid := walkJSON(body.Bytes())
	if !valid {
		return nil, badRequest("malformed", "the body is not JSON")
	}
	return walker, nil
}

// readBatch reads the contacts of a batch call.
func (c *charles) readBatch(w *jsonWalker) ([]contactBody, error) {
	batch := c.options.Batch
	bodies := make([]contactBody, 0, batch.MaxItems)
	list := func() error {
		return w.array(func() error {
			if len(bodies) == batch.MaxItems {
				text := fmt.Sprintf("a batch has at most %d contacts", batch.MaxItems)
				return &callError{status: batch.TooManyStatus, key: "too_many", text: text}
			}
			body, err := c.readOne(w)
			bodies = append(bodies, body)
			return err
		})
	}
	if batch.Envelope == "array" {
		return bodies, list()
	}
	err := w.object(func(key string) error {
		if key != batch.Envelope {
			return badRequest("malformed", "the body does not have the expected envelope")
		}
		return list()
	})
	return bodies, err
}

// readOne reads one contact of a batch, which may be refused alone when it
// cannot be read.
func (c *charles) readOne(w *jsonWalker) (contactBody, error) {
	start := w.at
	body, err := readContact(w)
	bad, isBad := errors.AsType[*callError](err)
	if !isBad {
		return body, err
	}
	if c.options.Malformed == RefuseContact {
		w.at = start
		w.raw()
		body.malformed = &refusal{bad.key, bad.text}
		return body, nil
	}
	return body, c.malformed(err)
}

// malformed gives the error of a contact that cannot be read its status.
func (c *charles) malformed(err error) error {
	if bad, isBad := errors.AsType[*callError](err); isBad {
		return &callError{status: c.options.MalformedStatus, key: bad.key, text: bad.text}
	}
	return err
}

// readContact reads one contact, which has no key that the API does not know.
func readContact(w *jsonWalker) (contactBody, error) {
	var c contactBody
	err := w.object(func(key string) error {
		switch key {
		case "external_reference_id":
			return readValue(&c.reference, w.text)
		case "source_type":
			return readValue(&c.sourceType, w.text)
		case "first_name":
			return readField(w, &c.firstName, w.text)
		case "middle_name":
			return readField(w, &c.middleName, w.text)
		case "last_name":
			return readField(w, &c.lastName, w.text)
		case "phone_numbers":
			return readField(w, &c.phones, w.channels)
		case "email_address":
			return readField(w, &c.emails, w.channels)
		case "tags":
			return readField(w, &c.tags, w.texts)
		case "custom_properties":
			return readField(w, &c.properties, w.properties)
		default:
			return badRequest("unknown_field", "a contact has a key that does not exist")
		}
	})
	switch {
	case err != nil:
		return c, err
	case c.reference == "" || c.sourceType == "":
		return c, badRequest("required", "external_reference_id and source_type are required")
	}
	return c, nil
}

func readValue[T any](to *T, read func() (T, error)) (err error) {
	*to, err = read()
	return err
}

func readField[T any](w *jsonWalker, to *contacts.Field[T], read func() (T, error)) error {
	*to = contacts.Field[T]{Set: true, Null: w.null()}
	if to.Null {
		return nil
	}
	return readValue(&to.Value, read)
}
