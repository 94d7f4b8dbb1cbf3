package zeotap

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"time"
	"unicode/utf8"

	"audiencesync/internal/audience"
	"audiencesync/internal/config"
)

// Export reads the files that a Zeotap destination drops into a folder or bucket.
// It is a source of full sets, and makes sources of sets of changes (see Deltas).
type Export struct {
	name     string
	settings config.ZeotapExport
	storage  *storage
}

// NewExport returns a source that reads the newest complete set of files in a
// folder or bucket. The settings carry all their defaults. A pattern has to
// match the whole key below the URL. The folder or bucket is opened at the
// first use; buckets take their credentials from where their own tools look
// (for S3 the AWS_ variables, for gs:// the application default credentials,
// for azblob:// the AZURE_STORAGE_ variables), and SFTP from the references of
// the settings, by credential. Errors are mistakes in the settings.
func NewExport(name string, settings config.ZeotapExport, credential Credential) (*Export, error) {
	storage, err := newStorage(name, settings, credential)
	if err != nil {
		return nil, err
	}
	e := &Export{name: name, settings: settings, storage: storage}
	if settings.Pattern == "" {
		return nil, fmt.Errorf("connection %s: pattern is missing", name)
	}
	if _, err := e.pattern("0"); err != nil {
		return nil, err
	}
	switch settings.Format {
	case config.FormatCSV:
		if err := checkDelimiter(settings.Delimiter); err != nil {
			return nil, fmt.Errorf("connection %s: %w", name, err)
		}
	case config.FormatNDJSON, config.FormatJSON:
	default:
		return nil, fmt.Errorf("connection %s: format %q is not known; write csv, ndjson or json", name, settings.Format)
	}
	switch settings.Compression {
	case config.CompressionAuto, config.CompressionNone, config.CompressionGzip:
	default:
		return nil, fmt.Errorf("connection %s: compression %q is not known; write auto, none or gzip", name, settings.Compression)
	}
	if settings.PageSize < 1 || settings.MaxRecordKilobytes < 1 {
		return nil, fmt.Errorf("connection %s: page_size and max_record_kilobytes must be at least 1", name)
	}
	return e, nil
}

// Identify implements Source.
func (e *Export) Identify(ctx context.Context, id string) (audience.Audience, *audience.Size, error) {
	sets, err := e.sets(ctx, id)
	if err == nil && e.settings.MaxAge > 0 {
		_, err = e.newest(ctx, id, sets)
	}
	if failed, ok := errors.AsType[*Error](err); err != nil && (!ok || failed.Kind != NotSettled) {
		return audience.Audience{}, nil, err
	}
	return audience.Audience{ID: id}, nil, nil
}

// Open implements Source.
func (e *Export) Open(ctx context.Context, id string) (audience.Snapshot, error) {
	sets, err := e.sets(ctx, id)
	if err != nil {
		return audience.Snapshot{}, err
	}
	at, err := e.newest(ctx, id, sets)
	if err != nil {
		return audience.Snapshot{}, err
	}
	snapshot, err := sets[at].snapshot(id)
	if at > 0 {
		snapshot.Notes = append(snapshot.Notes, fmt.Sprintf("%s is newer and was not read, because it is not complete: %s",
			sets[0].place(id), e.incomplete(id, sets[0])))
	}
	return snapshot, err
}

// newest returns the place of the newest complete set, which is not too old.
func (e *Export) newest(ctx context.Context, id string, sets []fileSet) (at int, err error) {
	for at, set := range sets {
		complete, err := e.complete(ctx, id, set)
		if err != nil {
			return 0, err
		}
		if complete {
			return at, e.notTooOld(set.place(id), set.newest())
		}
	}
	return 0, e.notSettled(id, sets[0])
}

// notTooOld refuses what was delivered longer ago than max_age allows.
func (e *Export) notTooOld(place string, delivered time.Time) error {
	if e.settings.MaxAge == 0 || time.Since(delivered) <= e.settings.MaxAge.D() {
		return nil
	}
	return &Error{
		Kind: TooOld, Connection: e.name, Place: place,
		Text: fmt.Sprintf("it is the newest that is complete, of %s, and older than max_age of the connection (%s): see why Zeotap has delivered nothing since, or give max_age more time",
			delivered.UTC().Format(time.RFC3339), e.settings.MaxAge),
	}
}

// incomplete says why a set is not complete.
func (e *Export) incomplete(id string, set fileSet) string {
	if e.settings.Marker != "" {
		return fmt.Sprintf("its marker %s is not there", e.marker(id, set.Name))
	}
	return fmt.Sprintf("it changed at %s and counts as complete at %s (settle %s)",
		set.newest().Format(time.RFC3339), e.settled(set).Format(time.RFC3339), e.settings.Settle.D())
}

// Reader implements Source.
func (e *Export) Reader(_ context.Context, snapshot audience.Snapshot) (Reader, error) {
	set, err := parseToken(snapshot)
	if err != nil {
		return nil, &Error{
			Kind: SnapshotChanged, Connection: e.name, Place: "audience " + snapshot.Audience.ID,
			Text: "the stored snapshot is not of this source; the connection was changed while a run was reading: start a new run",
		}
	}
	return &exportReader{source: e, audience: snapshot.Audience.ID, set: set}, nil
}

// complete reports whether the set is complete: its marker is there, or its
// newest file has not changed for the settle time.
func (e *Export) complete(ctx context.Context, id string, set fileSet) (bool, error) {
	if e.settings.Marker == "" {
		return !time.Now().Before(e.settled(set)), nil
	}
	marker, found := e.marker(id, set.Name), false
	err := e.storage.list(ctx, marker, func(o object) {
		found = found || o.Key == marker
	})
	return found, err
}

func (e *Export) settled(set fileSet) time.Time {
	return set.newest().Add(e.settings.Settle.D())
}

func (e *Export) marker(id, set string) string {
	return strings.NewReplacer("{audience}", id, "{set}", set).Replace(e.settings.Marker)
}

func (e *Export) notSettled(id string, newest fileSet) error {
	failed := &Error{Kind: NotSettled, Connection: e.name, Place: newest.place(id)}
	if e.settings.Marker != "" {
		failed.Text = fmt.Sprintf("the set is still being written: %s; wait for it, or check marker of the connection", e.incomplete(id, newest))
		return failed
	}
	failed.Until = e.settled(newest)
	failed.Text = fmt.Sprintf("the set may still be written: %s; wait until then", e.incomplete(id, newest))
	return failed
}

// pattern compiles the pattern for one audience. It matches whole keys: else
// audience 984 would take the files of audience 1984.
func (e *Export) pattern(id string) (*regexp.Regexp, error) {
	text := strings.ReplaceAll(e.settings.Pattern, "{audience}", regexp.QuoteMeta(id))
	compiled, err := regexp.Compile("^(?:" + text + ")$")
	if err != nil {
		return nil, fmt.Errorf("connection %s: pattern %q is not a regular expression: %w", e.name, e.settings.Pattern, err)
	}
	return compiled, nil
}

// prefix is what every matching key starts with; listing stays below it.
func (e *Export) prefix(id string) string {
	text := strings.ReplaceAll(e.settings.Pattern, "{audience}", regexp.QuoteMeta(id))
	compiled, err := regexp.Compile(strings.TrimPrefix(text, "^"))
	if err != nil {
		return ""
	}
	prefix, _ := compiled.LiteralPrefix()
	return prefix
}

func checkDelimiter(delimiter string) error {
	r, size := utf8.DecodeRuneInString(delimiter)
	if size == 0 || size != len(delimiter) || r == '"' || r == '\r' || r == '\n' || r == utf8.RuneError {
		return fmt.Errorf("delimiter %q is not one character; write for example \",\", \";\" or \"\\t\"", delimiter)
	}
	return nil
}
