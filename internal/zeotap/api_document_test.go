package zeotap_test

import (
	"encoding/json"
	"io"
	"net/http"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"audiencesync/internal/audience"
	"audiencesync/internal/config"
)

var (
	exchange  = regexp.MustCompile("(?s)```http\n(.*?) HTTP/1.1\n.*?HTTP/1.1 [^\n]*\n\n(.*?)```")
	yamlBlock = regexp.MustCompile("(?s)```yaml\n(.*?)```")
)

func document(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile("../../docs/zeotap-members-api.md")
	require.NoError(t, err)
	return string(text)
}

func TestAPIReadsTheExamplesOfItsDocument(t *testing.T) {
	t.Parallel()
	examples := exchange.FindAllStringSubmatch(document(t), -1)
	require.Len(t, examples, 4)
	replies := map[string]string{}
	for _, example := range examples {
		replies[example[1]] = example[2]
	}
	var unexpected []string
	source := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		// The document asks for pages of 2, the settings for pages of 10,000.
		asked := strings.Replace(r.Method+" "+r.URL.RequestURI(), "limit=10000", "limit=2", 1)
		reply, found := replies[asked]
		if !found {
			unexpected = append(unexpected, asked)
			w.WriteHeader(http.StatusTeapot)
			return
		}
		_, _ = io.WriteString(w, reply)
	}))

	snapshot := open(t, source)
	at := time.Date(2026, 11, 20, 6, 0, 0, 0, time.UTC)
	total := int64(99874)
	require.Equal(t, audience.Snapshot{
		Token: "b1946ac9", Version: "2026-11-20T06:00:00Z/17", AsOf: at, Total: &total, Pinned: true,
		Reported: &audience.Size{Value: 100000, Basis: "unique_customers", AsOf: at},
		Audience: audience.Audience{ID: "984", Name: "Spring campaign"},
	}, snapshot)
	require.Equal(t, []audience.Member{
		{"customer_id": "C-1001", "first_name": "Ada", "phone": "+49 151 00000001", "score": json.Number("12.5")},
		{"customer_id": "C-1002", "first_name": "Zoë", "phone": nil},
	}, readFrom(t, readerOf(t, source, snapshot), ""))
	require.Empty(t, unexpected)
}

func TestAPIDocumentShowsTheDefaults(t *testing.T) {
	t.Parallel()
	want := config.DefaultZeotapAPI()
	want.BaseURL = "https://members.example.com"
	want.Credential = "env:MEMBERS_API_KEY"
	blocks := yamlBlock.FindAllStringSubmatch(document(t), -1)
	require.Len(t, blocks, 2)
	for _, block := range blocks {
		connections, err := config.ParseConnections("document.yaml", []byte(block[1]))
		require.NoError(t, err)
		require.Equal(t, want, connections.ZeotapAPI["members"])
	}
}
