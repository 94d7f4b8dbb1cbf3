package config

import (
	"fmt"
	"reflect"
	"regexp"
	"slices"
	"strings"
)

// LoadSync reads a sync file. An error of the content is of type Problems.
func LoadSync(path string) (Sync, error) {
	raw, err := readFile(path)
	if err != nil {
		return Sync{}, fmt.Errorf("sync file: %w", err)
	}
	return ParseSync(path, raw)
}

// ParseSync reads the content of a sync file, fills defaults and checks it. The
// error is of type Problems: all that is wrong, with the name as the file.
func ParseSync(name string, raw []byte) (Sync, error) {
	r := newReport(name)
	sync := DefaultSync()
	if body := r.document(raw, "examples/sync.yaml"); body != nil {
		decoder{report: r, explain: explainSyncKey}.structure("", body, reflect.ValueOf(&sync).Elem(), "")
		sync.Schedule.inherit()
		checkSync(r, sync)
	}
	if err := r.err(); err != nil {
		return Sync{}, err
	}
	return sync, nil
}

func explainSyncKey(key string, structure reflect.Type) string {
	if near, ok := Nearest(key, names(structure)); ok {
		return fmt.Sprintf("did you mean %q?", near)
	}
	if credentialWord.MatchString(key) {
		return "a sync holds no credential: it belongs to a connection, as credential: env:NAME or file:PATH"
	}
	return explainElsewhere(key, reflect.TypeFor[Sync](), structure, "at the top level of the file")
}

// credentialWord matches keys under which people write credentials.
var credentialWord = regexp.MustCompile(`(?i)api[-_]?key|token|secret|passw|credential|authori[sz]ation|bearer`)

// explainElsewhere names the place of a key that belongs elsewhere in the file,
// or the keys that are known here.
func explainElsewhere(key string, root, structure reflect.Type, top string) string {
	if root != structure && slices.Contains(names(root), key) {
		return "it belongs " + top
	}
	if paths := pathsTo(root, key); len(paths) > 0 && len(paths) <= 3 {
		return "did you mean " + strings.Join(quotedEach(paths), " or ") + "?"
	}
	keys := names(structure)
	if len(keys) > mostListed {
		return "expected one of " + quoteAll(keys[:mostListed]) + " or further ones (see the schema)"
	}
	return "expected one of " + quoteAll(keys)
}

func quotedEach(words []string) []string {
	quoted := make([]string, len(words))
	for i, word := range words {
		quoted[i] = `"` + word + `"`
	}
	return quoted
}
