package simulator

import (
	"bytes"
	"encoding/json"
	"slices"
	"unicode/utf8"

	"audiencesync/internal/simulator/contacts"
)

// jsonWalker reads JSON that is known to be valid, front to back and once.
// A benchmark sends millions of contacts to a simulator that shares the machine
// with the system under test, so this is made to cost little.
type jsonWalker struct {
	data []byte
	at   int
	// key is the last key of an object, for errors.
	key string
}

// walkJSON returns a walker over one JSON value.
func walkJSON(data []byte) (w *jsonWalker, valid bool) {
	return &jsonWalker{data: data}, json.Valid(data)
}

// peek returns the first byte of what comes next, after white space.
func (w *jsonWalker) peek() byte {
	for {
		switch c := w.data[w.at]; c {
		case ' ', '\t', '\n', '\r':
			w.at++
		default:
			return c
		}
	}
}

// begin enters an object or array.
func (w *jsonWalker) begin(delimiter byte) error {
	if w.peek() != delimiter {
		return w.wrongType()
	}
	w.at++
	return nil
}

// more says whether another element comes before the end, and moves past the
// comma or the end.
func (w *jsonWalker) more(first bool, end byte) bool {
	switch c := w.peek(); {
	case c == end:
		w.at++
		return false
	case !first: // the comma
		w.at++
		w.peek()
	}
	return true
}

// object calls each for every key; each reads the value.
func (w *jsonWalker) object(each func(key string) error) error {
	if err := w.begin('{'); err != nil {
		return err
	}
	for first := true; w.more(first, '}'); first = false {
		key, err := w.text()
		if err != nil {
			return err
		}
		w.key = key
		w.peek()
		w.at++ // the colon
		if err := each(key); err != nil {
			return err
		}
	}
	return nil
}

// array calls each for every element; each reads it.
func (w *jsonWalker) array(each func() error) error {
	if err := w.begin('['); err != nil {
		return err
	}
	for first := true; w.more(first, ']'); first = false {
		if err := each(); err != nil {
			return err
		}
	}
	return nil
}

// null reads a null, if one comes.
func (w *jsonWalker) null() bool {
	if w.peek() != 'n' {
		return false
	}
	w.at += len("null")
	return true
}

// text reads a string.
func (w *jsonWalker) text() (string, error) {
	if w.peek() != '"' {
		return "", w.wrongType()
	}
	quoted := w.quoted()
	inner := quoted[1 : len(quoted)-1]
	if bytes.IndexByte(inner, '\\') < 0 && utf8.Valid(inner) {
		return string(inner), nil
	}
	var text string
	if err := json.Unmarshal(quoted, &text); err != nil {
		return "", w.wrongType()
	}
	return text, nil
}

// quoted reads a string as it stands.
func (w *jsonWalker) quoted() []byte {
	start := w.at
	for w.at++; ; w.at++ {
		switch w.data[w.at] {
		case '\\':
			w.at++
		case '"':
			w.at++
			return w.data[start:w.at]
		}
	}
}

// raw reads any value as it stands.
func (w *jsonWalker) raw() []byte {
	w.peek()
	start, depth := w.at, 0
	for w.at < len(w.data) {
		switch w.data[w.at] {
		case '"':
			w.quoted()
			if depth == 0 {
				return w.data[start:w.at]
			}
			continue
		case '{', '[':
			depth++
		case '}', ']':
			if depth == 0 { // the end of what holds a number, bool or null
				return w.data[start:w.at]
			}
			if depth--; depth == 0 {
				w.at++
				return w.data[start:w.at]
			}
		case ',', ' ', '\t', '\n', '\r':
			if depth == 0 {
				return w.data[start:w.at]
			}
		}
		w.at++
	}
	return w.data[start:]
}

// texts reads a list of strings.
func (w *jsonWalker) texts() (list []string, err error) {
	err = w.array(func() error {
		text, err := w.text()
		list = append(list, text)
		return err
	})
	return list, err
}

// channels reads a list of objects with a value: phone numbers or email
// addresses. Their other keys are not public (A3) and are passed over.
func (w *jsonWalker) channels() (list []string, err error) {
	err = w.array(func() error {
		value := ""
		err := w.object(func(key string) (err error) {
			if key != "value" {
				w.raw()
				return nil
			}
			value, err = w.text()
			return err
		})
		list = append(list, value)
		return err
	})
	return list, err
}

// properties reads an object with any values.
func (w *jsonWalker) properties() (list []contacts.Property, err error) {
	err = w.object(func(name string) error {
		list = append(list, contacts.Property{Name: name, Value: slices.Clone(w.raw())})
		return nil
	})
	return list, err
}

func (w *jsonWalker) wrongType() error {
	if w.key == "" {
		return badRequest("wrong_type", "the body does not have the expected form")
	}
	return badRequest("wrong_type", "the key "+w.key+" has a value of the wrong type")
}
