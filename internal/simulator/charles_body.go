package simulator

import (
	"bytes"
	"errors"
	"fmt"
	"mime"
	"net/http"
	"slices"
	"strings"
	"time"

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
}

// refusal is why one contact is refused.
type refusal struct {
	Code    string `json:"code"`
	Message string `json:"message"`
}

// callError refuses a call as a whole. Its text names keys, never values.
type callError struct {
	status    int
	key, text string
}

func (e *callError) Error() string { return e.text }

func badRequest(key, text string) error { return &callError{http.StatusBadRequest, key, text} }

// readJSON reads the body of a call, which must be declared as JSON and be one
// valid value.
func readJSON(r *http.Request) (*jsonWalker, error) {
	kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || kind != "application/json" {
		return nil, badRequest("content_type", "the content type is not application/json")
	}
	var body bytes.Buffer
	if r.ContentLength > 0 {
		body.Grow(int(min(r.ContentLength, maxBody)) + bytes.MinRead)
	}
	if _, err := body.ReadFrom(http.MaxBytesReader(nil, r.Body, maxBody)); err != nil {
		if _, tooLarge := errors.AsType[*http.MaxBytesError](err); tooLarge {
			return nil, &callError{http.StatusRequestEntityTooLarge, "too_large", "the body is too large"}
		}
		return nil, badRequest("body", "the body ended early")
	}
	walker, valid := walkJSON(body.Bytes())
	if !valid {
		return nil, badRequest("malformed", "the body is not JSON")
	}
	return walker, nil
}

// readBatch reads the contacts of a batch call, most at most.
func readBatch(w *jsonWalker, envelope string, most int) ([]contactBody, error) {
	bodies := make([]contactBody, 0, most)
	list := func() error {
		return w.array(func() error {
			if len(bodies) == most {
				return &callError{http.StatusRequestEntityTooLarge, "too_many", fmt.Sprintf("a batch has at most %d contacts", most)}
			}
			body, err := readContact(w)
			bodies = append(bodies, body)
			return err
		})
	}
	if envelope == "array" {
		return bodies, list()
	}
	err := w.object(func(key string) error {
		if key != envelope {
			return badRequest("malformed", "the body does not have the expected envelope")
		}
		return list()
	})
	return bodies, err
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

// upsert checks a contact. It returns the upsert, or why the contact is
// refused, and how many values were dropped; or a *callError.
func (c *charles) upsert(body *contactBody) (u contacts.Upsert, no *refusal, dropped int64, err error) {
	u = contacts.Upsert{
		SourceType: body.sourceType, Reference: body.reference,
		FirstName: body.firstName, MiddleName: body.middleName, LastName: body.lastName,
		Phones: body.phones, Emails: body.emails, Tags: body.tags, Properties: body.properties,
	}
	if !c.options.AnyChannels {
		if no := checkChannels(u); no != nil {
			return u, no, 0, nil
		}
	}
	unknown := append(c.keepTags(&u), c.keepProperties(&u)...)
	if len(unknown) == 0 {
		return u, nil, 0, nil
	}
	switch c.options.Unknown {
	case RefuseContact:
		return u, &unknown[0], 0, nil
	case RefuseWholeCall:
		return u, nil, 0, &callError{http.StatusUnprocessableEntity, unknown[0].Code, unknown[0].Message}
	case DropUnknown:
	}
	return u, nil, int64(len(unknown)), nil
}

// checkChannels asks for international numbers, with or without the plus, and
// for something that looks like an address.
func checkChannels(u contacts.Upsert) *refusal {
	for _, phone := range u.Phones.Value {
		digits := strings.TrimPrefix(phone, "+")
		if len(digits) < 7 || len(digits) > 15 || digits[0] == '0' || strings.Trim(digits, "0123456789") != "" {
			return &refusal{"phone_invalid", "the phone number is not in international format"}
		}
	}
	for _, email := range u.Emails.Value {
		local, host, _ := strings.Cut(email, "@")
		if local == "" || !strings.Contains(host, ".") || strings.ContainsAny(email, " \t\n") || strings.Contains(host, "@") {
			return &refusal{"email_invalid", "the email address is not valid"}
		}
	}
	return nil
}

// keepTags leaves the tags that exist, as labels.
func (c *charles) keepTags(u *contacts.Upsert) (unknown []refusal) {
	sent := u.Tags.Value
	u.Tags.Value = sent[:0]
	for _, tag := range sent {
		label, known := c.tags[tag]
		if !known {
			unknown = append(unknown, refusal{"tag_unknown", "a tag does not exist"})
			continue
		}
		u.Tags.Value = append(u.Tags.Value, label)
	}
	return unknown
}

// keepProperties leaves the properties that can be written, with values of
// their types.
func (c *charles) keepProperties(u *contacts.Upsert) (unknown []refusal) {
	u.Properties.Value = slices.DeleteFunc(u.Properties.Value, func(given contacts.Property) bool {
		property, known := c.properties[given.Name]
		switch {
		case !known:
			unknown = append(unknown, refusal{"custom_property_unknown", "a custom property does not exist or cannot be written"})
		case !property.accepts(given.Value):
			unknown = append(unknown, refusal{"custom_property_type", "the value of a custom property has the wrong type"})
		default:
			return false
		}
		return true
	})
	return unknown
}

// accepts says whether a value has the type of the property (see
// docs/hello-charles.md, section 6). null clears any.
func (p Property) accepts(value []byte) bool {
	if string(value) == "null" {
		return true
	}
	switch first := value[0]; p.Type {
	case "number":
		return first == '-' || first >= '0' && first <= '9'
	case "boolean":
		return first == 't' || first == 'f'
	case "object":
		return first == '{' || first == '['
	default:
		if p.Input.Type == "date" {
			_, err := time.Parse(`"`+time.DateOnly+`"`, string(value))
			return err == nil
		}
		return first == '"'
	}
}
