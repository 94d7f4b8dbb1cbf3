package zeotap_test

import (
	"context"
	"encoding/json"
	"encoding/xml"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"audiencesync/internal/audience"
	"audiencesync/internal/config"
	"audiencesync/internal/vendorhttp/tlstest"
	"audiencesync/internal/zeotap"
)

// bucket is what the two services below serve. Times hold milliseconds, which
// the services list and do not repeat in the headers of a file.
type bucket struct {
	files map[string]stored
	// denied refuses everything, as a service does without the right.
	denied bool
	// halfway, if set, is called when half of a file has been sent.
	halfway func()
}

type stored struct {
	content  []byte
	modified time.Time
	// encoding is the Content-Encoding that the file was uploaded with.
	encoding string
}

func newBucket(t *testing.T) *bucket {
	t.Helper()
	at := time.Date(2026, 11, 20, 6, 0, 0, 789e6, time.UTC)
	return &bucket{files: map[string]stored{
		"zeotap/984/a/part-1.csv.gz": {content: packed(t, "id\n1\n"), modified: at, encoding: "gzip"},
		"zeotap/984/a/part-2.csv":    {content: []byte("id\n2\n"), modified: at.Add(time.Second)},
		"zeotap/984/a/":              {modified: at},
		"zeotap/1984/a/part-1.csv":   {content: []byte("id\nnot ours\n"), modified: at},
		"984/a/part-9.csv":           {content: []byte("id\nnot ours\n"), modified: at},
	}}
}

// s3 answers as Amazon S3 does to path-style requests.
func (b *bucket) s3(w http.ResponseWriter, r *http.Request) {
	switch {
	case b.denied:
		w.WriteHeader(http.StatusForbidden)
		_, _ = w.Write([]byte("<Error><Code>AccessDenied</Code><Message>Access Denied</Message></Error>"))
	case r.URL.Query().Get("list-type") == "2":
		type contents struct {
			Key, LastModified, ETag string
			Size                    int
		}
		var reply struct {
			XMLName     xml.Name `xml:"ListBucketResult"`
			IsTruncated bool
			Contents    []contents
		}
		for _, key := range b.keys(r.URL.Query().Get("prefix")) {
			file := b.files[key]
			reply.Contents = append(reply.Contents, contents{
				Key: key, Size: len(file.content), LastModified: file.modified.Format("2006-01-02T15:04:05.000Z"),
				ETag: `"` + strings.Repeat("0", 32) + `"`,
			})
		}
		_ = xml.NewEncoder(w).Encode(reply)
	default:
		b.serve(w, r.Method, strings.TrimPrefix(r.URL.Path, "/drop/"))
	}
}

// gcs answers as Google Cloud Storage does.
func (b *bucket) gcs(w http.ResponseWriter, r *http.Request) {
	type item struct {
		Name    string `json:"name"`
		Bucket  string `json:"bucket"`
		Size    string `json:"size"`
		Updated string `json:"updated"`
	}
	itemOf := func(key string) item {
		file := b.files[key]
		return item{Name: key, Bucket: "drop", Size: strconv.Itoa(len(file.content)), Updated: file.modified.Format(time.RFC3339Nano)}
	}
	key, one := strings.CutPrefix(r.URL.Path, "/storage/v1/b/drop/o/")
	switch {
	case b.denied:
		w.WriteHeader(http.StatusForbidden)
	case one:
		_ = json.NewEncoder(w).Encode(itemOf(key))
	case r.URL.Path == "/storage/v1/b/drop/o":
		keys := b.keys(r.URL.Query().Get("prefix"))
		items := make([]item, 0, len(keys))
		for _, key := range keys {
			items = append(items, itemOf(key))
		}
		_ = json.NewEncoder(w).Encode(map[string]any{"items": items})
	default:
		b.serve(w, r.Method, strings.TrimPrefix(r.URL.Path, "/drop/"))
	}
}

func (b *bucket) serve(w http.ResponseWriter, method, key string) {
	file, found := b.files[key]
	if !found {
		w.WriteHeader(http.StatusNotFound)
		return
	}
	if file.encoding != "" {
		w.Header().Set("Content-Encoding", file.encoding)
	}
	w.Header().Set("Content-Length", strconv.Itoa(len(file.content)))
	w.Header().Set("Last-Modified", file.modified.Format(http.TimeFormat))
	if b.halfway != nil && method == http.MethodGet {
		_, _ = w.Write(file.content[:len(file.content)/2])
		_ = http.NewResponseController(w).Flush()
		b.halfway()
	}
	_, _ = w.Write(file.content)
}

func (b *bucket) keys(prefix string) []string {
	return slices.DeleteFunc(slices.Sorted(maps.Keys(b.files)), func(key string) bool {
		return !strings.HasPrefix(key, prefix)
	})
}

// services are the ways to reach the bucket. They set environment variables,
// so their tests are not parallel.
var services = map[string]func(t *testing.T, b *bucket) (url string){
	"s3": func(t *testing.T, b *bucket) string {
		t.Helper()
		server := httptest.NewServer(http.HandlerFunc(b.s3))
		t.Cleanup(server.Close)
		t.Setenv("AWS_MAX_ATTEMPTS", "1")
		return "s3://drop/zeotap?region=eu-central-1&anonymous=true&use_path_style=true&endpoint=" + server.URL
	},
	"gs": func(t *testing.T, b *bucket) string {
		t.Helper()
		server := httptest.NewServer(http.HandlerFunc(b.gcs))
		t.Cleanup(server.Close)
		t.Setenv("STORAGE_EMULATOR_HOST", strings.TrimPrefix(server.URL, "http://"))
		return "gs://drop/zeotap/?access_id=-"
	},
}

func TestExportReadsABucket(t *testing.T) {
	for name, serve := range services {
		t.Run(name, func(t *testing.T) {
			s := settings(serve(t, newBucket(t)), config.FormatCSV)
			s.Pattern = `{audience}/(?P<set>[^/]+)/.*`
			require.Equal(t, []audience.Member{{"id": "1"}, {"id": "2"}}, readAll(t, newExport(t, s)))
		})
	}
}

// A bucket's connections are made by the vendor's library: what it trusts is said to it.
func TestExportTrustsTheAuthorityThatAmazonsLibraryIsToldOf(t *testing.T) {
	authority := tlstest.NewAuthority(t)
	server := tlstest.Serve(t, authority.Issue(t), http.HandlerFunc(newBucket(t).s3))
	s := settings("s3://drop/zeotap?region=eu-central-1&anonymous=true&use_path_style=true&endpoint="+server.URL, config.FormatCSV)
	s.Pattern = `{audience}/(?P<set>[^/]+)/.*`
	t.Setenv("AWS_MAX_ATTEMPTS", "1")
	_, _, err := newExport(t, s).Identify(t.Context(), "984")
	failure(t, err, zeotap.Unavailable)

	bundle := filepath.Join(t.TempDir(), "ca.pem")
	require.NoError(t, os.WriteFile(bundle, []byte(authority.PEM), 0o600))
	t.Setenv("AWS_CA_BUNDLE", bundle)
	require.Equal(t, []audience.Member{{"id": "1"}, {"id": "2"}}, readAll(t, newExport(t, s)))
}

func TestExportRefusesAFileThatChangedInTheBucket(t *testing.T) {
	for name, serve := range services {
		t.Run(name, func(t *testing.T) {
			b := newBucket(t)
			s := settings(serve(t, b), config.FormatCSV)
			s.PageSize = 1
			source := newExport(t, s)
			reader := readerOf(t, source, open(t, source))
			_, err := reader.Page(t.Context(), "")
			require.NoError(t, err)

			file := b.files["zeotap/984/a/part-2.csv"]
			file.modified = file.modified.Add(time.Minute)
			b.files["zeotap/984/a/part-2.csv"] = file
			_, err = reader.Page(t.Context(), "1:0")
			failure(t, err, zeotap.SnapshotChanged)

			delete(b.files, "zeotap/984/a/part-2.csv")
			_, err = reader.Page(t.Context(), "1:0")
			failure(t, err, zeotap.SnapshotChanged)
		})
	}
}

func TestExportSaysThatItMayNotReadTheBucket(t *testing.T) {
	for name, serve := range services {
		t.Run(name, func(t *testing.T) {
			b := newBucket(t)
			b.denied = true
			_, _, err := newExport(t, settings(serve(t, b), config.FormatCSV)).Identify(t.Context(), "984")
			failed := failure(t, err, zeotap.Inaccessible)
			text := failed.Error()
			require.Contains(t, text, name+"://drop/zeotap")
			require.NotContains(t, text, "?")
		})
	}
}

func TestExportReportsALostConnectionToABucketAsPassing(t *testing.T) {
	b := newBucket(t)
	b.halfway = func() { panic(http.ErrAbortHandler) }
	err := readUntilError(t, newExport(t, settings(services["s3"](t, b), config.FormatCSV)))
	failure(t, err, zeotap.Unavailable)
}

func TestExportStopsWaitingForABucketWhenItsCallEnds(t *testing.T) {
	for name, serve := range services {
		t.Run(name, func(t *testing.T) {
			b := newBucket(t)
			ctx, cancel := context.WithCancel(t.Context())
			b.halfway = func() { cancel(); <-t.Context().Done() }
			source := newExport(t, settings(serve(t, b), config.FormatCSV))
			reader := readerOf(t, source, open(t, source))
			_, err := reader.Page(ctx, "")
			require.ErrorIs(t, err, context.Canceled)
		})
	}
}
