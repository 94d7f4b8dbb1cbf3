// Package planted finds values that a test has planted, in whatever form a text
// may hold them: as they are, escaped, or encoded.
package planted

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// shortest is the least length of an encoded form that is looked for: shorter ones
// would be met by chance.
const shortest = 7

// Finder looks for values in texts. It is safe for concurrent use.
type Finder struct{ needles []needle }

type needle struct {
	value, form string
	bytes       []byte
}

// Find is a value that was found, and the form that it had.
type Find struct {
	Value, Form string
	// Around is the text in which it was found, cut.
	Around string
}

// String says what was found where.
func (f Find) String() string { return fmt.Sprintf("%s (%s) in …%s…", f.Value, f.Form, f.Around) }

// New returns a finder of the values, each at least 6 bytes long. Capital letters
// are no different from small ones, but in base64.
func New(values ...string) *Finder {
	f := &Finder{}
	for _, value := range values {
		f.plant(value)
	}
	return f
}

func (f *Finder) plant(value string) {
	f.add(value, "plain", []byte(value))
	f.add(value, "URL", []byte(url.QueryEscape(value)))
	f.add(value, "URL path", []byte(url.PathEscape(value)))
	for _, form := range spelled(value) {
		f.add(value, "quoted", []byte(form))
		f.add(value, "hex", []byte(hex.EncodeToString([]byte(form))))
		for _, once := range inBase64([]byte(form)) {
			f.add(value, "base64", once)
			for _, twice := range inBase64(once) {
				f.add(value, "base64 of base64", twice)
			}
		}
	}
}

// spelled are a value as it is, and as it is within quotes.
func spelled(value string) []string {
	inJSON, _ := json.Marshal(value) // A text cannot fail.
	forms := append(make([]string, 0, 4), value)
	for _, quoted := range []string{string(inJSON), strconv.Quote(value), strconv.QuoteToASCII(value)} {
		forms = append(forms, quoted[1:len(quoted)-1])
	}
	return slices.Compact(forms)
}

// inBase64 are the encodings of a value that stands anywhere in what is encoded:
// three, by its distance from a group of three bytes, in both alphabets. Letters at
// the edges, which what stands beside decides too, are left out.
func inBase64(value []byte) [][]byte {
	var found [][]byte
	for before := range 3 {
		encoded := base64.RawStdEncoding.EncodeToString(append(make([]byte, before), value...))
		bits := 8 * (before + len(value))
		first, last := (8*before+5)/6, bits/6
		core := encoded[first:last]
		found = append(found, []byte(core))
		if spelling := strings.NewReplacer("+", "-", "/", "_").Replace(core); spelling != core {
			found = append(found, []byte(spelling))
		}
	}
	return found
}

func (f *Finder) add(value, form string, text []byte) {
	if form != "plain" && len(text) < shortest {
		return
	}
	if !strings.HasPrefix(form, "base64") {
		text = bytes.ToLower(text)
	}
	for _, known := range f.needles {
		if bytes.Equal(known.bytes, text) {
			return
		}
	}
	f.needles = append(f.needles, needle{value, form, text})
}

// Find returns what the text holds of the values, each form of each once.
func (f *Finder) Find(text []byte) []Find {
	small := bytes.ToLower(text)
	var found []Find
	for _, n := range f.needles {
		in := small
		if strings.HasPrefix(n.form, "base64") {
			in = text
		}
		if at := bytes.Index(in, n.bytes); at >= 0 {
			found = append(found, Find{n.value, n.form, around(in, at, len(n.bytes))})
		}
	}
	return found
}

func around(text []byte, at, length int) string {
	const beside = 60
	return strings.ToValidUTF8(string(text[max(0, at-beside):min(len(text), at+length+beside)]), "?")
}
