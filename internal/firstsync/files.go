package firstsync

import (
	"bytes"
	"embed"
	"encoding/json"
	"regexp"
	"slices"
	"strings"
	"text/template"
	"unicode"

	"audiencesync/internal/config"
)

// Connections is what a connections file is made of: exactly one of API and Export, and
// the workspace.
type Connections struct {
	API     *API
	Export  *Export
	Charles Charles
}

// API is a source of kind zeotap-api. Credential may be empty.
type API struct{ BaseURL, Credential string }

// Export is a source of kind zeotap-export. Marker may be empty; what stands below it is
// for sftp:// only, and one of PrivateKey and Password may be empty.
type Export struct {
	URL, Pattern, Format, Delimiter, Marker string
	PrivateKey, Password, HostKey           string
}

// IsSFTP reports whether the files are on an SFTP server.
func (e Export) IsSFTP() bool { return strings.HasPrefix(e.URL, "sftp://") }

// Charles is the workspace.
type Charles struct {
	BaseURL, SourceType, Credential string
	// Batch is nil for send: single.
	Batch *Batch
	// MayNotRead writes read.allowed: false, with what is known to exist.
	MayNotRead      bool
	KnownTags       []string
	KnownProperties []string
}

// Batch is the call for batches.
type Batch struct{ Method, Path, Envelope, Reply string }

// The names of the connections in a file that Connections.YAML has made.
const (
	SourceName      = "zeotap"
	DestinationName = "charles"
)

// Sync is what a sync file is made of. What is empty becomes a comment that says what
// belongs there, but for the reference, the marker and the names.
type Sync struct {
	Name, AudienceID, AudienceName string
	Source, Destination            string
	Reference, Normalise, Region   string
	Marker, Member                 string
	FirstName, MiddleName          string
	LastName, Phone, Email         string
	Tags                           []string
	Properties                     []Property
	Remarks                        []Remark
	// Consent is a field for the comment on the filter.
	Consent string
	Segment string
	// AcceptInvalid is a share: "2%". SampleNote says what the sample had.
	AcceptInvalid, SampleNote string
}

// Property is a custom property by its technical name.
type Property struct {
	Name   string
	Source config.PropertySource
}

// Filter is the condition of the segment.
func (s Sync) Filter() string { return SegmentFilter(s.Marker, s.Member) }

// Names are the mappings of names.
func (s Sync) Names() []struct{ Target, Field string } {
	return []struct{ Target, Field string }{
		{"first_name", s.FirstName}, {"middle_name", s.MiddleName}, {"last_name", s.LastName},
	}
}

// MapsNothing reports whether the mapping is empty.
func (s Sync) MapsNothing() bool {
	return s.FirstName+s.MiddleName+s.LastName+s.Phone+s.Email == "" && len(s.Tags)+len(s.Properties) == 0
}

// YAML is the commented file. Whether it holds together is for package config to say.
func (c Connections) YAML() ([]byte, error) { return render("connections.yaml.tmpl", c) }

// YAML is the commented file. Whether it holds together is for package config to say.
func (s Sync) YAML() ([]byte, error) { return render("sync.yaml.tmpl", s) }

//go:embed templates
var templates embed.FS

func render(name string, content any) ([]byte, error) {
	parsed, err := template.New(name).Funcs(template.FuncMap{
		"q": scalar, "quoted": quoted, "list": list, "origin": originOf,
	}).ParseFS(templates, "templates/"+name)
	if err != nil {
		return nil, err
	}
	var text bytes.Buffer
	if err := parsed.Execute(&text, content); err != nil {
		return nil, err
	}
	return append(bytes.TrimSpace(text.Bytes()), '\n'), nil
}

// plain is text that YAML reads as it stands, wherever it stands.
var plain = regexp.MustCompile(`^[A-Za-z_/]([A-Za-z0-9_./:@-]*[A-Za-z0-9_/])?$`)

// words that YAML, of one version or another, takes for something else than text.
var notText = []string{"true", "false", "yes", "no", "on", "off", "y", "n", "null"}

// scalar is a text as YAML, in quotes where it needs them.
func scalar(text string) string {
	switch {
	case plain.MatchString(text) && !slices.Contains(notText, strings.ToLower(text)):
		return text
	case strings.ContainsAny(text, "\\\"") && !strings.Contains(text, "'") && !strings.ContainsFunc(text, unicode.IsControl):
		return "'" + text + "'" // Without escapes, as in regular expressions.
	default:
		return quoted(text)
	}
}

// quoted is a text in double quotes, whose escapes are those of JSON.
func quoted(text string) string {
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(text); err != nil {
		return `""`
	}
	return strings.TrimSpace(out.String())
}

func list(words []string) string {
	written := make([]string, len(words))
	for i, word := range words {
		written[i] = scalar(word)
	}
	return "[" + strings.Join(written, ", ") + "]"
}

// originOf is where a property comes from, for a mapping on one line.
func originOf(source config.PropertySource) string {
	if source.List != "" {
		return "list: " + scalar(source.List)
	}
	return "from: " + scalar(source.From)
}
