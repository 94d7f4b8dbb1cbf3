package simulator

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"slices"
	"strings"
	"time"

	"audiencesync/internal/simulator/contacts"
)

// contactBody is a contact as it is sent (Contact API, help article 264408).
type contactBody struct {
	SourceType string                              `json:"source_type"`
	Reference  string                              `json:"external_reference_id"`
	FirstName  contacts.Field[string]              `json:"first_name"`
	MiddleName contacts.Field[string]              `json:"middle_name"`
	LastName   contacts.Field[string]              `json:"last_name"`
	Phones     contacts.Field[[]channel]           `json:"phone_numbers"`
	Emails     contacts.Field[[]channel]           `json:"email_address"`
	Tags       contacts.Field[[]string]            `json:"tags"`
	Properties contacts.Field[map[string]rawValue] `json:"custom_properties"`
}

type rawValue = json.RawMessage

// channel is a phone number or an email address; its keys are assumption A3.
type channel struct {
	Type  string `json:"type"`
	Value string `json:"value"`
}

// refusal is why one contact is refused.
type refusal struct {
	Code    string `json:"code"`
	Message string `json:"message"`
}

// badCall is a call that is refused as a whole.
type badCall struct {
	status    int
	key, text string
}

func (e *badCall) Error() string { return e.text }

// jsonBody returns a decoder for the body, which must be declared as JSON and
// may hold no key that the API does not know.
func jsonBody(r *http.Request) (*json.Decoder, error) {
	kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || kind != "application/json" {
		return nil, &badCall{http.StatusBadRequest, "content_type", "the content type is not application/json"}
	}
	decoder := json.NewDecoder(http.MaxBytesReader(nil, r.Body, maxBody))
	decoder.DisallowUnknownFields()
	return decoder, nil
}

// bodyError tells a body that is too large from one that is wrong. The text
// names keys and types, never values.
func bodyError(err error) error {
	var tooLarge *http.MaxBytesError
	var wrongType *json.UnmarshalTypeError
	var bad *badCall
	switch {
	case errors.As(err, &bad):
		return bad
	case errors.As(err, &tooLarge):
		return &badCall{http.StatusRequestEntityTooLarge, "too_large", "the body is too large"}
	case errors.As(err, &wrongType):
		return &badCall{http.StatusBadRequest, "wrong_type", "the key " + wrongType.Field + " has a value of the wrong type"}
	case strings.HasPrefix(err.Error(), "json: unknown field"):
		return &badCall{http.StatusBadRequest, "unknown_field", "the body has a key that does not exist"}
	default:
		return &badCall{http.StatusBadRequest, "malformed", "the body is not JSON of the expected form"}
	}
}

// decodeBatch reads the contacts of a batch call.
func decodeBatch(decoder *json.Decoder, envelope string, most int) ([]contactBody, error) {
	opening, closing := []json.Token{json.Delim('[')}, []json.Token{json.Delim(']')}
	if envelope != "array" {
		opening = []json.Token{json.Delim('{'), envelope, json.Delim('[')}
		closing = append(closing, json.Delim('}'))
	}
	if err := expect(decoder, opening...); err != nil {
		return nil, err
	}
	bodies := make([]contactBody, 0, most)
	for decoder.More() {
		if len(bodies) == most {
			return nil, &badCall{http.StatusRequestEntityTooLarge, "too_many", fmt.Sprintf("a batch has at most %d contacts", most)}
		}
		bodies = append(bodies, contactBody{})
		if err := decoder.Decode(&bodies[len(bodies)-1]); err != nil {
			return nil, bodyError(err)
		}
	}
	if err := expect(decoder, closing...); err != nil {
		return nil, err
	}
	return bodies, atEnd(decoder)
}

func expect(decoder *json.Decoder, want ...json.Token) error {
	for _, token := range want {
		got, err := decoder.Token()
		if err != nil {
			return bodyError(err)
		}
		if got != token {
			return &badCall{http.StatusBadRequest, "malformed", "the body does not have the expected envelope"}
		}
	}
	return nil
}

func atEnd(decoder *json.Decoder) error {
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return &badCall{http.StatusBadRequest, "malformed", "something follows the JSON value"}
	}
	return nil
}

// upsert checks a contact. It returns the upsert, or why the contact is
// refused, and how many values were dropped; or a *badCall.
func (c *charles) upsert(body *contactBody) (u contacts.Upsert, no *refusal, dropped int64, err error) {
	if body.Reference == "" || body.SourceType == "" {
		return u, nil, 0, &badCall{http.StatusBadRequest, "required", "external_reference_id and source_type are required"}
	}
	u = contacts.Upsert{
		SourceType: body.SourceType, Reference: body.Reference,
		FirstName: body.FirstName, MiddleName: body.MiddleName, LastName: body.LastName,
		Phones: values(body.Phones), Emails: values(body.Emails),
	}
	if !c.options.AnyChannels {
		if no = checkChannels(u); no != nil {
			return u, no, 0, nil
		}
	}
	unknown := c.takeTags(&u, body.Tags)
	unknown = append(unknown, c.takeProperties(&u, body.Properties)...)
	if len(unknown) == 0 {
		return u, nil, 0, nil
	}
	switch c.options.Unknown {
	case RefuseContact:
		return u, &unknown[0], 0, nil
	case RefuseWholeCall:
		return u, nil, 0, &badCall{http.StatusUnprocessableEntity, unknown[0].Code, unknown[0].Message}
	case DropUnknown:
	}
	return u, nil, int64(len(unknown)), nil
}

func values(channels contacts.Field[[]channel]) contacts.Field[[]string] {
	field := contacts.Field[[]string]{Set: channels.Set, Null: channels.Null}
	for _, channel := range channels.Value {
		field.Value = append(field.Value, channel.Value)
	}
	return field
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

func (c *charles) takeTags(u *contacts.Upsert, tags contacts.Field[[]string]) (unknown []refusal) {
	u.Tags = contacts.Field[[]string]{Set: tags.Set, Null: tags.Null}
	for _, label := range tags.Value {
		if !c.tags[label] {
			unknown = append(unknown, refusal{"tag_unknown", "a tag does not exist"})
			continue
		}
		u.Tags.Value = append(u.Tags.Value, label)
	}
	return unknown
}

func (c *charles) takeProperties(u *contacts.Upsert, given contacts.Field[map[string]rawValue]) (unknown []refusal) {
	u.Properties = contacts.Field[[]contacts.Property]{Set: given.Set, Null: given.Null}
	for name, value := range given.Value {
		property, known := c.properties[name]
		if !known {
			unknown = append(unknown, refusal{"custom_property_unknown", "a custom property does not exist or cannot be written"})
			continue
		}
		if !property.accepts(value) {
			unknown = append(unknown, refusal{"custom_property_type", "the value of a custom property has the wrong type"})
			continue
		}
		u.Properties.Value = append(u.Properties.Value, contacts.Property{Name: name, Value: value})
	}
	// A map has no order; the first of these is the reason that is told.
	slices.SortFunc(unknown, func(a, b refusal) int { return strings.Compare(a.Code, b.Code) })
	return unknown
}

// accepts says whether a value has the type of the property (facts: Hello
// Charles, section 6, value forms). null clears any.
func (p Property) accepts(value rawValue) bool {
	value = bytes.TrimSpace(value)
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
