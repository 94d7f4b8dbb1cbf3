package hellocharles

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"strings"
)

var (
	errNotJSON = errors.New("its JSON is cut or wrong")
	// A key that stands twice may be two results of one contact, of which
	// encoding/json would drop the first.
	errKeyTwice = errors.New("its JSON has an object that holds a key twice")
)

// decode reads one JSON value; numbers stay as they are written.
func decode(body []byte) (any, error) {
	decoder := json.NewDecoder(bytes.NewReader(body))
	decoder.UseNumber()
	var root any
	if err := decoder.Decode(&root); err != nil {
		return nil, errNotJSON
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return nil, errNotJSON
	}
	if keysHeld(root) != keysWritten(body) {
		return nil, errKeyTwice
	}
	return root, nil
}

// keysWritten counts the keys in a JSON text: a colon follows each of them.
func keysWritten(body []byte) int {
	keys, inText := 0, false
	for i := 0; i < len(body); i++ {
		switch c := body[i]; {
		case inText && c == '\\':
			i++
		case c == '"':
			inText = !inText
		case c == ':' && !inText:
			keys++
		}
	}
	return keys
}

// keysHeld counts the keys of a decoded value.
func keysHeld(value any) int {
	keys := 0
	switch value := value.(type) {
	case []any:
		for _, entry := range value {
			keys += keysHeld(entry)
		}
	case map[string]any:
		keys = len(value)
		for _, entry := range value {
			keys += keysHeld(entry)
		}
	}
	return keys
}

// at descends into objects by a path of keys with dots between them. It
// returns nil where there is nothing.
func at(value any, path string) any {
	found, _ := lookUp(value, path)
	return found
}

// lookUp is at, and says whether something is there, be it null.
func lookUp(value any, path string) (any, bool) {
	for path != "" {
		var key string
		key, path, _ = strings.Cut(path, ".")
		object, ok := value.(map[string]any)
		if !ok {
			return nil, false
		}
		if value, ok = object[key]; !ok {
			return nil, false
		}
	}
	return value, true
}

// scalar returns a JSON text, number or bool as text, and nothing for the rest.
func scalar(value any) string {
	switch value := value.(type) {
	case string:
		return value
	case json.Number:
		return value.String()
	case bool:
		if value {
			return "true"
		}
		return "false"
	default:
		return ""
	}
}

// scalarAt is scalar at a path; an empty path leads nowhere.
func scalarAt(value any, path string) string {
	if path == "" {
		return ""
	}
	return scalar(at(value, path))
}

// textAt returns the text at a path; an object or a list as its JSON.
func textAt(value any, path string) string {
	if path == "" {
		return ""
	}
	return text(at(value, path))
}

func text(value any) string {
	switch value.(type) {
	case map[string]any, []any:
		encoded, err := json.Marshal(value)
		if err != nil {
			return ""
		}
		return string(encoded)
	default:
		return scalar(value)
	}
}
