package hellocharles

import (
	"encoding/json"
	"fmt"
	"strings"
	"unicode/utf8"

	"audiencesync/internal/audience"
	"audiencesync/internal/config"
)

// encoder writes contacts as JSON. What is the same for all contacts of a
// connection is written once, in newEncoder.
type encoder struct {
	sourceType  string // ,"source_type":"..."
	phoneOpen   string // ,"phone_numbers":[{"type":"...","value":
	emailOpen   string // ,"email_address":[{"type":"...","value":
	digits      bool
	batchOpen   string // {"...":[ or [
	batchClosed string
}

func newEncoder(s config.HelloCharles) encoder {
	e := encoder{
		sourceType:  `,"source_type":` + quoted(s.SourceType),
		phoneOpen:   channelOpen("phone_numbers", s.Phone.TypeKey, s.Phone.Type, s.Phone.ValueKey),
		emailOpen:   channelOpen("email_address", s.Email.TypeKey, s.Email.Type, s.Email.ValueKey),
		digits:      s.Phone.Spelling == config.NormaliseDigits,
		batchOpen:   "[",
		batchClosed: "]",
	}
	if s.Batch.Envelope != bareArray {
		e.batchOpen, e.batchClosed = "{"+quoted(s.Batch.Envelope)+":[", "]}"
	}
	return e
}

// channelOpen starts the array with the one object of a main phone number or
// email address, up to its value.
func channelOpen(field, typeKey, kind, valueKey string) string {
	open := `,"` + field + `":[{`
	if typeKey != "" && kind != "" {
		open += quoted(typeKey) + ":" + quoted(kind) + ","
	}
	return open + quoted(valueKey) + ":"
}

// batch appends the body of a batch; tags holds the ids of tags by label, or
// is nil when labels are sent.
func (e encoder) batch(b []byte, contacts []audience.Contact, tags map[string]string) ([]byte, error) {
	b = append(b, e.batchOpen...)
	for i := range contacts {
		if i > 0 {
			b = append(b, ',')
		}
		var err error
		if b, err = e.contact(b, &contacts[i], tags); err != nil {
			return nil, fmt.Errorf("contact %d of %d: %w", i+1, len(contacts), err)
		}
	}
	return append(b, e.batchClosed...), nil
}

// contact appends one contact (Contact API, help article 264408). Empty fields
// are left out.
func (e encoder) contact(b []byte, c *audience.Contact, tags map[string]string) ([]byte, error) {
	b = append(b, `{"external_reference_id":`...)
	b = appendString(b, c.Reference)
	b = append(b, e.sourceType...)
	b = appendField(b, `,"first_name":`, c.FirstName)
	b = appendField(b, `,"middle_name":`, c.MiddleName)
	b = appendField(b, `,"last_name":`, c.LastName)
	if c.Phone != "" {
		phone := c.Phone
		if e.digits {
			phone = strings.TrimPrefix(phone, "+")
		}
		b = append(appendField(b, e.phoneOpen, phone), "}]"...)
	}
	if c.Email != "" {
		b = append(appendField(b, e.emailOpen, c.Email), "}]"...)
	}
	if len(c.Tags) > 0 {
		b = append(b, `,"tags":[`...)
		for i, tag := range c.Tags {
			if i > 0 {
				b = append(b, ',')
			}
			if tags != nil {
				tag = tags[tag]
			}
			b = appendString(b, tag)
		}
		b = append(b, ']')
	}
	if len(c.Properties) > 0 {
		b = append(b, `,"custom_properties":{`...)
		for i, property := range c.Properties {
			if i > 0 {
				b = append(b, ',')
			}
			b = append(appendString(b, property.Name), ':')
			var err error
			if b, err = appendValue(b, property.Value); err != nil {
				return nil, fmt.Errorf("custom property %s: %w", property.Name, err)
			}
		}
		b = append(b, '}')
	}
	return append(b, '}'), nil
}

func appendField(b []byte, prefix, value string) []byte {
	if value == "" {
		return b
	}
	return appendString(append(b, prefix...), value)
}

// appendValue appends the value of a custom property. Errors name its Go type,
// never the value.
func appendValue(b []byte, value any) ([]byte, error) {
	switch value := value.(type) {
	case nil:
		return append(b, "null"...), nil // clears the property
	case string:
		return appendString(b, value), nil
	case []string:
		return appendList(b, value)
	case []json.Number:
		return appendList(b, value)
	case bool:
		if value {
			return append(b, "true"...), nil
		}
		return append(b, "false"...), nil
	case json.Number:
		if !isJSONNumber(value.String()) {
			return nil, fmt.Errorf("not a number in JSON")
		}
		return append(b, value...), nil
	default:
		return nil, fmt.Errorf("a %T cannot be sent; only text, bool, numbers and lists of text or numbers can", value)
	}
}

// appendList appends the options of a multiselect property.
func appendList[option string | json.Number](b []byte, options []option) ([]byte, error) {
	b = append(b, '[')
	for i, value := range options {
		if i > 0 {
			b = append(b, ',')
		}
		var err error
		if b, err = appendValue(b, value); err != nil {
			return nil, err
		}
	}
	return append(b, ']'), nil
}

func isJSONNumber(text string) bool {
	return text != "" && (text[0] == '-' || (text[0] >= '0' && text[0] <= '9')) &&
		!strings.ContainsAny(text, " \t\r\n") && json.Valid([]byte(text))
}

func quoted(text string) string { return string(appendString(nil, text)) }

// appendString appends text as a JSON string. Bytes that are not UTF-8 become
// the replacement character, as in encoding/json.
func appendString(b []byte, text string) []byte {
	const hex = "0123456789abcdef"
	b = append(b, '"')
	start := 0
	for i := 0; i < len(text); {
		c := text[i]
		if c >= utf8.RuneSelf {
			r, size := utf8.DecodeRuneInString(text[i:])
			if r == utf8.RuneError && size == 1 {
				b = append(append(b, text[start:i]...), "\uFFFD"...)
				start = i + 1
			}
			i += size
			continue
		}
		if c >= ' ' && c != '"' && c != '\\' {
			i++
			continue
		}
		b = append(b, text[start:i]...)
		switch c {
		case '"', '\\':
			b = append(b, '\\', c)
		case '\n':
			b = append(b, '\\', 'n')
		case '\r':
			b = append(b, '\\', 'r')
		case '\t':
			b = append(b, '\\', 't')
		default:
			b = append(b, '\\', 'u', '0', '0', hex[c>>4], hex[c&15])
		}
		i++
		start = i
	}
	return append(append(b, text[start:]...), '"')
}
