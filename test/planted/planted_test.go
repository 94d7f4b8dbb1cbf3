package planted_test

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"audiencesync/test/planted"
)

var values = []string{"4915199077", "Qplantfirst", "Plántdörf & \"Söhne\"", "qplant+mail@", "1904-02-29"}

func TestEachFormOfEachValueIsFoundWhereverItStands(t *testing.T) {
	t.Parallel()
	finder := planted.New(values...)
	forms := map[string]func(string) string{
		"plain":       func(text string) string { return text },
		"capitals":    strings.ToUpper,
		"URL query":   url.QueryEscape,
		"URL path":    url.PathEscape,
		"Go":          strconv.Quote,
		"Go in ASCII": strconv.QuoteToASCII,
		"JSON": func(text string) string {
			quoted, _ := json.Marshal(map[string]string{"a": text})
			return string(quoted)
		},
		"hex":         func(text string) string { return hex.EncodeToString([]byte(text)) },
		"HEX":         func(text string) string { return fmt.Sprintf("%X", text) },
		"base64":      func(text string) string { return base64.StdEncoding.EncodeToString([]byte(text)) },
		"base64 URL":  func(text string) string { return base64.URLEncoding.EncodeToString([]byte(text)) },
		"base64 bare": func(text string) string { return base64.RawStdEncoding.EncodeToString([]byte(text)) },
		"base64 of JSON in ASCII": func(text string) string {
			return base64.StdEncoding.EncodeToString([]byte(strconv.QuoteToASCII(text)))
		},
		"base64 of base64": func(text string) string {
			return base64.StdEncoding.EncodeToString([]byte("x" + base64.StdEncoding.EncodeToString([]byte(text))))
		},
	}
	for name, form := range forms {
		for _, value := range values {
			for before := range 7 {
				text := strings.Repeat("ü", before/2) + strings.Repeat("-", before%2) + value + strings.Repeat("z", before%3)
				found := finder.Find([]byte("log: " + form(text) + "\n"))
				require.NotEmpty(t, found, "%s of %q", name, text)
				require.Equal(t, value, found[0].Value)
				require.NotEmpty(t, found[0].String())
			}
		}
	}
}

func TestWhatWasNotPlantedIsNotFound(t *testing.T) {
	t.Parallel()
	finder := planted.New(values...)
	for _, text := range []string{"", "4915199066123", "Qplantlast", base64.StdEncoding.EncodeToString([]byte("Qplantlast")), "1904-02-28"} {
		require.Empty(t, finder.Find([]byte(text)), text)
	}
}
