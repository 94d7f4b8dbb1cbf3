package mapping_test

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"

	"audiencesync/internal/audience"
	"audiencesync/internal/config"
	"audiencesync/internal/mapping"
)

func TestAMemberBecomesAContactWithEveryFieldOfTheGuide(t *testing.T) {
	t.Parallel()
	got := mapMember(t, compile(t, full()), member(t, `{
		"first_name": "Jörg", "middle_name": "Maria", "last_name": "Müller", "phone": "0151 12345678", "email": "Joerg@Example.COM",
		"address": {"city": "Köln"}, "points": 1250, "birth_date": "1990-02-28", "shoe_size": 43
	}`))
	require.Empty(t, got.withheld)
	require.Equal(t, audience.Contact{
		Reference: "+4915112345678",
		FirstName: "Jörg", MiddleName: "Maria", LastName: "Müller",
		Phone: "+4915112345678", Email: "Joerg@example.com",
		Tags: []string{"zeotap", "newsletter"},
		Properties: []audience.Property{
			{Name: "zeotap_audience_984", Value: "member"},
			{Name: "source_system", Value: "zeotap"},
			{Name: "birthday", Value: "1990-02-28"},
			{Name: "city", Value: "Köln"},
			{Name: "loyalty_points", Value: json.Number("1250")},
		},
	}, got.contact)
}

func TestWhatAMemberLacksIsNotSent(t *testing.T) {
	t.Parallel()
	sync := withSync(full(), func(s *config.Sync) {
		s.Reference = config.Reference{Origin: config.Origin{From: "id"}, Normalise: config.NormaliseRaw}
	})
	for name, m := range map[string]string{
		"absent": `{"id": "7"}`,
		"null": `{"id": "7", "first_name": null, "middle_name": null, "last_name": null, "phone": null, "email": null,
			"address": null, "points": null, "birth_date": null}`,
		"empty": `{"id": "7", "first_name": "", "middle_name": " ", "last_name": "\t", "phone": "", "email": "  ",
			"address": {"city": ""}, "points": "", "birth_date": "\n"}`,
		"only control characters": `{"id": "7", "first_name": "\u0000", "middle_name": "\u0000 \u0001", "last_name": "\u0000\n\u0000",
			"phone": "\u0007\t\u0007", "email": "\u0000 \u0000", "address": {"city": "\u001b"}, "points": "\u0000", "birth_date": "\u0000 "}`,
		"the object is a text": `{"id": "7", "address": "Köln"}`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := mapMember(t, compile(t, sync), member(t, m))
			require.Empty(t, got.withheld)
			require.Equal(t, audience.Contact{
				Reference: "7", Tags: []string{"zeotap", "newsletter"},
				Properties: []audience.Property{{Name: "zeotap_audience_984", Value: "member"}, {Name: "source_system", Value: "zeotap"}},
			}, got.contact)
		})
	}
}

func TestADottedNameFindsAFieldInsideObjects(t *testing.T) {
	t.Parallel()
	sync := config.Sync{
		Reference: config.Reference{Origin: config.Origin{From: "id"}, Normalise: config.NormaliseRaw},
		Mapping:   config.Mapping{FirstName: nameFrom("profile.name.first")},
	}
	for text, first := range map[string]string{
		`{"id": "7", "profile": {"name": {"first": "Ada"}}}`:                                  "Ada",
		`{"id": "7", "profile.name.first": "Ada"}`:                                            "Ada",
		`{"id": "7", "profile.name.first": "Ada", "profile": {"name": {"first": "Grace"}}}`:   "Ada",
		`{"id": "7", "profile.name.first": null, "profile": {"name": {"first": "Grace"}}}`:    "",
		`{"id": "7", "profile": {"name": "Ada"}}`:                                             "",
		`{"id": "7", "profile": {"name.first": "Ada"}}`:                                       "",
		`{"id": "7", "profile": [{"name": {"first": "Ada"}}]}`:                                "",
		`{"id": "7", "profile": {"name": {"first": "", "last": "Lovelace"}}, "first": "Ada"}`: "",
	} {
		require.Equal(t, first, mapMember(t, compile(t, sync), member(t, text)).contact.FirstName, text)
	}
}

func TestAFieldInsideAnotherMappedFieldStaysItself(t *testing.T) {
	t.Parallel()
	sync := config.Sync{
		Reference: config.Reference{Origin: config.Origin{From: "id"}, Normalise: config.NormaliseRaw},
		Mapping:   config.Mapping{FirstName: nameFrom("a.b"), Email: &config.Channel{Origin: config.Origin{From: "a"}, Unusable: config.Omit}},
	}
	got := mapMember(t, compile(t, sync), member(t, `{"id": "7", "a.b": null, "a": {"b": "somebody else"}}`))
	require.Empty(t, got.contact.FirstName, "what is staged is read as the member was")
	require.Equal(t, []audience.Withheld{{Target: "email"}}, got.withheld)
}

func TestScalarsAreTextWhateverFormTheSourceHas(t *testing.T) {
	t.Parallel()
	sync := config.Sync{
		Reference: config.Reference{Origin: config.Origin{From: "id"}, Normalise: config.NormaliseRaw},
		Mapping:   config.Mapping{FirstName: nameFrom("value")},
	}
	for text, want := range map[string]string{
		`"Ada"`: "Ada", `7`: "7", `7.50`: "7.50", `1e3`: "1e3", `-0`: "-0", `12345678901234567890`: "12345678901234567890",
		`true`: "true", `false`: "false", `null`: "",
		`" Ada "`: "Ada", `"\u00a0Ada\u3000"`: "Ada", `"Ada\nMaria\tLovelace"`: "Ada Maria Lovelace", `"A\u0000d\u001ba\u007f"`: "Ada",
		`"\u0000 Ada \u0000"`: "Ada", `"A\ud800da"`: "Ada", `"Ада 김 \ud83d\udc69\u200d\ud83d\udcbb"`: "Ада 김 \U0001F469\u200d\U0001F4BB",
	} {
		got := mapMember(t, compile(t, sync), member(t, `{"id": "7", "value": `+text+`}`))
		require.Equal(t, want, got.contact.FirstName, text)
	}
	got := mapMember(t, compile(t, sync), audience.Member{"id": "\xff7\xc3", "value": "A\xffd\xe2\x82a"})
	require.Equal(t, "7", got.contact.Reference, "broken UTF-8 is left out")
	require.Equal(t, "Ada", got.contact.FirstName)
}

func TestAListOrObjectIsNoValue(t *testing.T) {
	t.Parallel()
	for _, value := range []string{`[]`, `["x"]`, `{}`, `{"value": "x"}`} {
		for _, field := range []string{"phone", "first_name", "middle_name", "last_name", "email", "points", "birth_date"} {
			m := member(t, `{"phone": "+4915112345678", "`+field+`": `+value+`}`)
			require.Equal(t, mapping.Rejection{Reason: audience.FieldNotText, Field: field}, reject(t, compile(t, full()), m))
		}
		m := member(t, `{"phone": "+4915112345678", "address": {"city": `+value+`}}`)
		require.Equal(t, mapping.Rejection{Reason: audience.FieldNotText, Field: "address.city"}, reject(t, compile(t, full()), m))
	}
}

func TestAnUnusableChannelHoldsTheMemberBackOrIsOmitted(t *testing.T) {
	t.Parallel()
	sync := withSync(full(), func(s *config.Sync) {
		s.Reference = config.Reference{Origin: config.Origin{From: "id"}, Normalise: config.NormaliseRaw}
	})
	for name, test := range map[string]struct {
		member string
		field  string
		reason audience.Reason
	}{
		"a phone that is none":            {`{"id": "7", "phone": "unknown"}`, "phone", audience.PhoneNotANumber},
		"a phone without a country code":  {`{"id": "7", "phone": "0151 12345678"}`, "phone", audience.PhoneNoCountryCode},
		"a phone that is a hash":          {`{"id": "7", "phone": "d41d8cd98f00b204e9800998ecf8427e"}`, "phone", audience.PhoneHashed},
		"a phone that is a list":          {`{"id": "7", "phone": ["+4915112345678"]}`, "phone", audience.FieldNotText},
		"an email that is none":           {`{"id": "7", "email": "ada at example.com"}`, "email", audience.EmailNotAnAddress},
		"an email that is a hash":         {`{"id": "7", "email": "D41D8CD98F00B204E9800998ECF8427E"}`, "email", audience.EmailHashed},
		"an email that is an object":      {`{"id": "7", "email": {"main": "ada@example.com"}}`, "email", audience.FieldNotText},
		"an email that is a truth value":  {`{"id": "7", "email": true}`, "email", audience.EmailNotAnAddress},
		"a phone that is a truth value":   {`{"id": "7", "phone": false}`, "phone", audience.PhoneNotANumber},
		"a phone that is a short number":  {`{"id": "7", "phone": 112}`, "phone", audience.PhoneNoCountryCode},
		"an email with a name around it":  {`{"id": "7", "email": "Ada <ada@example.com>"}`, "email", audience.EmailNotAnAddress},
		"a phone of a country that isn't": {`{"id": "7", "phone": "+999 123456789"}`, "phone", audience.PhoneNotANumber},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := member(t, test.member)
			require.Equal(t, mapping.Rejection{Reason: test.reason, Field: test.field}, reject(t, compile(t, sync), m))

			omit := withSync(sync, func(s *config.Sync) {
				s.Mapping.Phone = &config.Channel{Origin: config.Origin{From: "phone"}, Unusable: config.Omit}
				s.Mapping.Email = &config.Channel{Origin: config.Origin{From: "email"}, Unusable: config.Omit}
			})
			got := mapMember(t, compile(t, omit), m)
			require.Equal(t, []audience.Withheld{{Target: test.field}}, got.withheld)
			require.Empty(t, got.contact.Phone)
			require.Empty(t, got.contact.Email)
		})
	}
}

func TestBothChannelsCanBeWithheld(t *testing.T) {
	t.Parallel()
	sync := withSync(full(), func(s *config.Sync) {
		s.Reference = config.Reference{Origin: config.Origin{From: "id"}, Normalise: config.NormaliseRaw}
		s.Mapping.Phone = &config.Channel{Origin: config.Origin{From: "phone"}, Unusable: config.Omit}
		s.Mapping.Email = &config.Channel{Origin: config.Origin{From: "email"}, Unusable: config.Omit}
	})
	got := mapMember(t, compile(t, sync), member(t, `{"id": "7", "phone": "none", "email": "none", "first_name": "Ada"}`))
	require.Equal(t, []audience.Withheld{{Target: "phone"}, {Target: "email"}}, got.withheld)
	require.Equal(t, "Ada", got.contact.FirstName)
}

func TestAnEmailIsCheckedAndItsDomainIsInLowerCase(t *testing.T) {
	t.Parallel()
	sync := config.Sync{
		Reference: config.Reference{Origin: config.Origin{From: "id"}, Normalise: config.NormaliseRaw},
		Mapping:   config.Mapping{Email: &config.Channel{Origin: config.Origin{From: "email"}, Unusable: config.HoldBack}},
	}
	mapper := compile(t, sync)
	long := make([]byte, 250)
	for i := range long {
		long[i] = 'a'
	}
	for value, want := range map[string]string{
		"ada@example.com": "ada@example.com", "Ada.Lovelace+news@EXAMPLE.Com": "Ada.Lovelace+news@example.com", "ada@example.com\n": "ada@example.com",
		"jörg@exämple.de": "jörg@exämple.de", "o'neil@example.co.uk": "o'neil@example.co.uk",
	} {
		require.Equal(t, want, mapMember(t, mapper, audience.Member{"id": "7", "email": value}).contact.Email)
	}
	for _, value := range []string{
		"ada", "ada@", "@example.com", "ada@localhost", "ada@@example.com", "ada@example..com", "ada@.com", "ada@example.com.", "a da@example.com",
		"ada@[192.0.2.1]", "<ada@example.com>", "Ada <ada@example.com>", "ada@example.com, eve@example.com", "mailto:ada@example.com",
		"ada@example.com (Ada)", ".ada@example.com", "ada..l@example.com", `"ada l"@example.com`, string(long) + "@example.com",
	} {
		require.Equal(t, mapping.Rejection{Reason: audience.EmailNotAnAddress, Field: "email"},
			reject(t, mapper, audience.Member{"id": "7", "email": value}), value)
	}
}
