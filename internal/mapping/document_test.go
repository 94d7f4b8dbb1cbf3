package mapping_test

import (
	"encoding/json"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
	"github.com/stretchr/testify/require"

	"audiencesync/internal/audience"
	"audiencesync/internal/config"
	"audiencesync/internal/mapping"
)

const document = "../../docs/mapping.md"

// syncOf completes a part of a sync file. Where the part has none, the reference
// is the field id as it is, and the marker sends nothing that an example shows.
func syncOf(tb testing.TB, part string) config.Sync {
	tb.Helper()
	file := "sync: spring\nsource: zeotap\ndestination: charles\n" + part
	for key, line := range map[string]string{
		"audience:": `audience: {id: "984"}`, "reference:": "reference: {from: id, normalise: raw}", "marker:": "marker: {tag: the-marker}",
	} {
		if !strings.Contains("\n"+part, "\n"+key) {
			file += "\n" + line
		}
	}
	sync, err := config.ParseSync("sync.yaml", []byte(file+"\n"))
	require.NoError(tb, err)
	return sync
}

// block is a fenced block of the document.
type block struct {
	kind, text string
	line       int
}

func blocksOf(t *testing.T) []block {
	t.Helper()
	raw, err := os.ReadFile(document)
	require.NoError(t, err)
	var blocks []block
	var open *block
	for i, line := range strings.Split(string(raw), "\n") {
		fence, isFence := strings.CutPrefix(line, "```")
		switch {
		case isFence && open == nil:
			open = &block{kind: fence, line: i + 1}
		case isFence:
			blocks = append(blocks, *open)
			open = nil
		case open != nil:
			open.text += line + "\n"
		}
	}
	require.Nil(t, open, "a block is not closed")
	return blocks
}

// workspace is what an example says of Hello Charles.
type workspace struct {
	Tags    []string            `yaml:"tags"`
	Options map[string][]string `yaml:"options"`
}

func TestEveryExampleOfTheDocumentIsTrue(t *testing.T) {
	t.Parallel()
	var sync config.Sync
	var to mapping.Destination
	var given string
	run := 0
	for _, b := range blocksOf(t) {
		switch b.kind {
		case "yaml sync":
			require.Empty(t, given, "line %d: the member before has no result", b.line)
			sync, to = syncOf(t, b.text), mapping.Destination{}
		case "yaml workspace":
			var known workspace
			require.NoError(t, yaml.Unmarshal([]byte(b.text), &known), "line %d", b.line)
			to = mapping.Destination{Tags: known.Tags, Options: known.Options}
		case "json member":
			require.Empty(t, given, "line %d: the member before has no result", b.line)
			given = b.text
		case "json contact", "json outcome":
			require.NotEmpty(t, given, "line %d: there is no member", b.line)
			mapper, err := mapping.Compile(sync, to)
			require.NoError(t, err)
			kind, result := resultOf(t, mapper, member(t, given))
			require.Equal(t, b.kind, kind, "line %d: %s", b.line, result)
			require.JSONEq(t, b.text, result, "line %d", b.line)
			given = ""
			run++
		default:
			t.Fatalf("line %d: no test runs a block %q", b.line, b.kind)
		}
	}
	require.Empty(t, given, "the last member has no result")
	require.Greater(t, run, 25)
}

// resultOf is what the document shows of a member.
func resultOf(t *testing.T, mapper *mapping.Mapper, m audience.Member) (kind, result string) {
	t.Helper()
	mapped := mapper.Mapped(m)
	reference, rejected := mapper.Reference(mapped)
	if rejected == nil {
		if excluded := mapper.Excluded(mapped); excluded != nil {
			return "json outcome", asJSON(t, map[string]any{"suppressed": excluded.Reason, "field": excluded.Field})
		}
		if unknown := mapper.Unknown(mapped); unknown != nil {
			return "json outcome", asJSON(t, map[string]any{"stops": byTarget(unknown)})
		}
	}
	var contact audience.Contact
	var withheld []audience.Withheld
	if rejected == nil {
		contact, withheld, rejected = mapper.Contact(mapped, reference)
	}
	if rejected != nil {
		return "json outcome", asJSON(t, map[string]any{"invalid": rejected.Reason, "field": rejected.Field})
	}
	return "json contact", shownContact(t, contact, withheld)
}

func shownContact(t *testing.T, contact audience.Contact, withheld []audience.Withheld) string {
	t.Helper()
	shown := map[string]any{"reference": contact.Reference}
	for name, value := range map[string]string{
		"first_name": contact.FirstName, "middle_name": contact.MiddleName, "last_name": contact.LastName, "phone": contact.Phone, "email": contact.Email,
	} {
		if value != "" {
			shown[name] = value
		}
	}
	var tags []string
	for _, tag := range contact.Tags {
		if tag != "the-marker" {
			tags = append(tags, tag)
		}
	}
	if tags != nil {
		shown["tags"] = tags
	}
	properties := map[string]any{}
	for _, property := range contact.Properties {
		properties[property.Name] = property.Value
	}
	if len(properties) > 0 {
		shown["properties"] = properties
	}
	if withheld != nil {
		shown["withheld"] = byTarget(withheld)
	}
	return asJSON(t, shown)
}

func byTarget(withheld []audience.Withheld) map[string][]string {
	labels := map[string][]string{}
	for _, w := range withheld {
		if labels[w.Target] == nil {
			labels[w.Target] = []string{}
		}
		if w.Label != "" {
			labels[w.Target] = append(labels[w.Target], w.Label)
		}
	}
	return labels
}

func asJSON(t *testing.T, value any) string {
	t.Helper()
	raw, err := json.Marshal(value)
	require.NoError(t, err)
	return string(raw)
}

func TestEveryReasonOfTheDocumentExists(t *testing.T) {
	t.Parallel()
	raw, err := os.ReadFile(document)
	require.NoError(t, err)
	_, table, found := strings.Cut(string(raw), "| reason | means |")
	require.True(t, found)
	codes := regexp.MustCompile("`([a-z]+(?:_[a-z]+)+)`").FindAllStringSubmatch(table, -1)
	require.Greater(t, len(codes), 20)
	for _, code := range codes {
		if code[1] == "max_length" || code[1] == "default_region" {
			continue
		}
		require.NotEqual(t, code[1], audience.Reason(code[1]).Explain(), "no such reason")
	}
}
