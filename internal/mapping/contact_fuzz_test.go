package mapping_test

import (
	"encoding/json"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"audiencesync/internal/audience"
	"audiencesync/internal/config"
	"audiencesync/internal/mapping"
)

// FuzzContact maps whatever a source may give. It never panics, and a contact
// holds neither control characters nor broken UTF-8.
func FuzzContact(f *testing.F) {
	for _, seed := range [][3]string{
		{"+4915112345678", "ada@example.com", "12.50"},
		{"0151 12345678", "", "2026-01-31"},
		{"\x00+49 151\x1b 123 456 78\n", "\x7fada@example.com\x00", "\u0085 7 \u0085"},
		{"\xff\xfe", "ada\xc3@example.com", "\xe2\x82"},
		{"d41d8cd98f00b204e9800998ecf8427e", "a@b@c", "1e999"},
		{"tel:+1-800-FLOWERS;ext=5", "\u202eada@example.com", "-0"},
		{"＋４９１５１１２３４５６７８", "jörg@exämple.de", "+"},
		{"00", "@", "."},
		{strings.Repeat("9", 300), strings.Repeat("a", 300) + "@example.com", strings.Repeat("1", 300)},
	} {
		f.Add(seed[0], seed[1], seed[2])
	}
	mappers := make([]*mapping.Mapper, 0, 6)
	for _, normalise := range []config.Normalise{config.NormaliseE164, config.NormaliseDigits, config.NormaliseRaw} {
		for _, unusable := range []config.Unusable{config.HoldBack, config.Omit} {
			mappers = append(mappers, compile(f, withSync(full(), func(s *config.Sync) {
				s.Reference.Normalise = normalise
				s.Mapping.Phone = &config.Channel{From: "mobile", Unusable: unusable}
				s.Mapping.Email = &config.Channel{From: "email", Unusable: unusable}
			})))
		}
	}
	f.Fuzz(func(t *testing.T, phone, email, value string) {
		m := audience.Member{
			"phone": phone, "mobile": phone, "email": email, "first_name": value, "middle_name": email, "last_name": phone,
			"address": map[string]any{"city": value}, "points": value, "birth_date": value,
		}
		for _, mapper := range mappers {
			for _, without := range []string{"", "points", "birth_date"} {
				part := mapper.Mapped(m)
				delete(part, without)
				fingerprint(t, mapper, part)
				reference, rejection := mapper.Reference(part)
				if rejection != nil {
					continue
				}
				if contact, _, rejection := mapper.Contact(part, reference); rejection == nil {
					checkContact(t, contact)
				}
			}
		}
	})
}

func checkContact(t *testing.T, contact audience.Contact) {
	t.Helper()
	texts := append([]string{contact.Reference, contact.FirstName, contact.MiddleName, contact.LastName, contact.Phone, contact.Email}, contact.Tags...)
	for _, property := range contact.Properties {
		switch value := property.Value.(type) {
		case string:
			texts = append(texts, property.Name, value)
		case json.Number:
			texts = append(texts, property.Name, value.String())
			if !json.Valid([]byte(value)) {
				t.Fatalf("%q is not a number", value)
			}
		default:
			t.Fatalf("property %s is a %T", property.Name, value)
		}
	}
	for _, text := range texts {
		if !utf8.ValidString(text) || strings.ContainsFunc(text, unicode.IsControl) || text != strings.TrimSpace(text) {
			t.Fatalf("%q is in the contact", text)
		}
	}
	if contact.Reference == "" || contact.Phone != "" && !strings.HasPrefix(contact.Phone, "+") {
		t.Fatalf("reference %q, phone %q", contact.Reference, contact.Phone)
	}
}
