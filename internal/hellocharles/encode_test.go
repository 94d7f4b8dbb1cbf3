package hellocharles

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"audiencesync/internal/audience"
	"audiencesync/internal/config"
)

func TestContactIsWrittenAsTheHelpArticleSays(t *testing.T) {
	t.Parallel()
	full := audience.Contact{
		Reference: "crm-1", FirstName: "Zoë \"Z\"", MiddleName: "\t", LastName: "李\\<&>\u2028", Phone: "+4915112345678",
		Email: "zoe@example.com", Tags: []string{"VIP", "news letter"},
		Properties: []audience.Property{
			{Name: "since", Value: "2026-01-31"},
			{Name: "points", Value: json.Number("-1.5e3")},
			{Name: "gold", Value: true},
			{Name: "silver", Value: false},
			{Name: "empty", Value: ""},
		},
	}
	typed := func(s *config.HelloCharles) {
		s.Phone.Type, s.Phone.TypeKey, s.Phone.ValueKey, s.Phone.Spelling = "main", "kind", "number", config.NormaliseDigits
		s.Email.Type = "main"
	}
	tests := map[string]struct {
		contact audience.Contact
		tags    map[string]string
		change  func(*config.HelloCharles)
		want    string
	}{
		"reference alone": {
			contact: audience.Contact{Reference: "crm-1"},
			want:    `{"external_reference_id":"crm-1","source_type":"zeotap"}`,
		},
		"empty lists": {
			contact: audience.Contact{Reference: "crm-1", Tags: []string{}, Properties: []audience.Property{}},
			want:    `{"external_reference_id":"crm-1","source_type":"zeotap"}`,
		},
		"everything": {
			contact: full,
			want: `{"external_reference_id":"crm-1","source_type":"zeotap","first_name":"Zoë \"Z\"","middle_name":"\t","last_name":"李\\<&>` + "\u2028" + `",` +
				`"phone_numbers":[{"value":"+4915112345678"}],"email_address":[{"value":"zoe@example.com"}],"tags":["VIP","news letter"],` +
				`"custom_properties":{"since":"2026-01-31","points":-1.5e3,"gold":true,"silver":false,"empty":""}}`,
		},
		"lists, and a property that is cleared": {
			contact: audience.Contact{Reference: "crm-1", Properties: []audience.Property{
				{Name: "cards", Value: []string{"gold", "\"x\""}},
				{Name: "sizes", Value: []json.Number{"38", "40.5"}},
				{Name: "none", Value: []string{}},
				{Name: "since", Value: nil},
			}},
			want: `{"external_reference_id":"crm-1","source_type":"zeotap",` +
				`"custom_properties":{"cards":["gold","\"x\""],"sizes":[38,40.5],"none":[],"since":null}}`,
		},
		"other shapes": {
			contact: audience.Contact{Reference: "crm-1", Phone: "+4915112345678", Email: "zoe@example.com", Tags: []string{"VIP"}},
			tags:    map[string]string{"VIP": "t-1"},
			change:  typed,
			want: `{"external_reference_id":"crm-1","source_type":"zeotap","phone_numbers":[{"kind":"main","number":"4915112345678"}],` +
				`"email_address":[{"type":"main","value":"zoe@example.com"}],"tags":["t-1"]}`,
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			settings := config.DefaultHelloCharles()
			settings.SourceType = "zeotap"
			if test.change != nil {
				test.change(&settings)
			}
			body, err := newEncoder(settings).contact(nil, &test.contact, test.tags)
			require.NoError(t, err)
			require.Equal(t, test.want, string(body))
			require.True(t, json.Valid(body))
		})
	}
}

func TestValueThatIsNoValueIsNotSent(t *testing.T) {
	t.Parallel()
	encode := newEncoder(config.DefaultHelloCharles())
	for _, value := range []any{
		1, 1.5,
		[]any{"secret"},
		[]json.Number{"1", "secret"},
		map[string]any{},
		json.Number(""), json.Number("secret"), json.Number("NaN"), json.Number("01"),
		json.Number("1}"), json.Number(" 1"), json.Number("1 "), json.Number("+1"), json.Number("true"), json.Number(`"1"`), json.Number("1e"),
	} {
		_, err := encode.batch(nil, []audience.Contact{{Reference: "a"}, {Reference: "b", Properties: []audience.Property{{Name: "p", Value: value}}}}, nil)
		require.ErrorContains(t, err, "contact 2 of 2: custom property p: ", "%T %v", value, value)
		require.NotContains(t, err.Error(), "secret")
	}
}

func FuzzContactIsValidJSON(f *testing.F) {
	for _, seed := range []string{"", "a", "Zoë", "\"\\/\b\f\n\r\t\x00\x1f\x7f", "\xff\xfe", "a\xc3", "\u2028\u2029", "😀", `\u0041`} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		settings := config.DefaultHelloCharles()
		settings.SourceType, settings.Batch.Envelope = text, "contacts"
		contact := audience.Contact{
			Reference: text, FirstName: text, Tags: []string{text}, Properties: []audience.Property{{Name: text, Value: text}},
		}
		body, err := newEncoder(settings).batch(nil, []audience.Contact{contact, contact}, nil)
		require.NoError(t, err)
		var sent struct {
			Contacts []struct {
				Reference  string            `json:"external_reference_id"`
				SourceType string            `json:"source_type"`
				FirstName  string            `json:"first_name"`
				Tags       []string          `json:"tags"`
				Properties map[string]string `json:"custom_properties"`
			} `json:"contacts"`
		}
		require.NoError(t, json.Unmarshal(body, &sent))
		require.Len(t, sent.Contacts, 2)
		want := asJSON(text)
		for _, got := range sent.Contacts {
			require.Equal(t, want, got.Reference)
			require.Equal(t, want, got.SourceType)
			require.Equal(t, want, got.FirstName)
			require.Equal(t, []string{want}, got.Tags)
			require.Equal(t, map[string]string{want: want}, got.Properties)
		}
	})
}

// asJSON replaces each byte that is not UTF-8, as encoding/json does.
func asJSON(text string) string { return string([]rune(text)) }

// BenchmarkEncode1000Contacts writes one batch. The marshal variant writes the
// same JSON by encoding/json, from structs and a map for each contact.
func BenchmarkEncode1000Contacts(b *testing.B) {
	settings := config.DefaultHelloCharles()
	settings.SourceType, settings.Batch.Envelope = "zeotap", "contacts"
	encode, contacts := newEncoder(settings), benchmarkContacts(1000)
	b.Run("append", func(b *testing.B) {
		var body []byte
		b.ReportAllocs()
		for b.Loop() {
			var err error
			if body, err = encode.batch(body[:0], contacts, nil); err != nil {
				b.Fatal(err)
			}
		}
		b.SetBytes(int64(len(body)))
	})
	b.Run("marshal", func(b *testing.B) {
		var body []byte
		b.ReportAllocs()
		for b.Loop() {
			var err error
			if body, err = marshalled(contacts); err != nil {
				b.Fatal(err)
			}
		}
		b.SetBytes(int64(len(body)))
	})
}

func TestBenchmarkComparesTheSameJSON(t *testing.T) {
	t.Parallel()
	settings := config.DefaultHelloCharles()
	settings.SourceType, settings.Batch.Envelope = "zeotap", "contacts"
	appended, err := newEncoder(settings).batch(nil, benchmarkContacts(3), nil)
	require.NoError(t, err)
	other, err := marshalled(benchmarkContacts(3))
	require.NoError(t, err)
	require.JSONEq(t, string(other), string(appended))
}

type wireChannel struct {
	Value string `json:"value"`
}

type wireContact struct {
	Reference  string         `json:"external_reference_id"`
	SourceType string         `json:"source_type"`
	FirstName  string         `json:"first_name,omitempty"`
	LastName   string         `json:"last_name,omitempty"`
	Phones     []wireChannel  `json:"phone_numbers,omitempty"`
	Emails     []wireChannel  `json:"email_address,omitempty"`
	Tags       []string       `json:"tags,omitempty"`
	Properties map[string]any `json:"custom_properties,omitempty"`
}

func marshalled(contacts []audience.Contact) ([]byte, error) {
	list := make([]wireContact, len(contacts))
	for i, c := range contacts {
		properties := make(map[string]any, len(c.Properties))
		for _, property := range c.Properties {
			properties[property.Name] = property.Value
		}
		list[i] = wireContact{
			Reference: c.Reference, SourceType: "zeotap", FirstName: c.FirstName, LastName: c.LastName,
			Phones: []wireChannel{{c.Phone}}, Emails: []wireChannel{{c.Email}}, Tags: c.Tags, Properties: properties,
		}
	}
	return json.Marshal(map[string]any{"contacts": list})
}

func benchmarkContacts(n int) []audience.Contact {
	contacts := make([]audience.Contact, n)
	for i := range contacts {
		contacts[i] = audience.Contact{
			Reference: fmt.Sprintf("+49151%07d", i), FirstName: "Zoë", LastName: strings.Repeat("Müller-", 2) + "Özil",
			Phone: fmt.Sprintf("+49151%07d", i), Email: fmt.Sprintf("member%d@example.com", i), Tags: []string{"VIP", "newsletter"},
			Properties: []audience.Property{
				{Name: "zeotap_audience_name", Value: "|984|"},
				{Name: "points", Value: json.Number("1520")},
				{Name: "birthday", Value: "1990-02-01"},
			},
		}
	}
	return contacts
}
