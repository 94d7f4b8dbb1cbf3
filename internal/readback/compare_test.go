package readback

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"

	"audiencesync/internal/audience"
	"audiencesync/internal/hellocharles"
)

func TestAFieldIsTheSameOrADifference(t *testing.T) {
	t.Parallel()
	property := func(value any) audience.Contact {
		return audience.Contact{Properties: []audience.Property{{Name: "p", Value: value}}}
	}
	holds := func(value any) hellocharles.Held { return hellocharles.Held{Properties: map[string]any{"p": value}} }
	for name, test := range map[string]struct {
		sent   audience.Contact
		held   hellocharles.Held
		fields []string
	}{
		"nothing was sent":           {audience.Contact{}, hellocharles.Held{FirstName: "Ada", Tags: []string{"vip"}}, nil},
		"equal names":                {audience.Contact{FirstName: "Ada", MiddleName: "B", LastName: "Lo"}, hellocharles.Held{FirstName: "Ada", MiddleName: "B", LastName: "Lo"}, nil},
		"other names":                {audience.Contact{FirstName: "Ada", MiddleName: "B", LastName: "Lo"}, hellocharles.Held{FirstName: "ada", LastName: "L"}, []string{"first_name", "middle_name", "last_name"}},
		"a phone among others":       {audience.Contact{Phone: "+4915112345678"}, hellocharles.Held{Phones: []string{"+49301234567", "49 151 12345678"}}, nil},
		"another phone":              {audience.Contact{Phone: "+4915112345678"}, hellocharles.Held{Phones: []string{"+4915112345679"}}, []string{"phone"}},
		"an email in other case":     {audience.Contact{Email: "Ada@example.com"}, hellocharles.Held{Emails: []string{"ada@example.com"}}, nil},
		"no email":                   {audience.Contact{Email: "ada@example.com"}, hellocharles.Held{}, []string{"email"}},
		"tags among others":          {audience.Contact{Tags: []string{"vip"}}, hellocharles.Held{Tags: []string{"a", "vip"}}, nil},
		"a tag by its id":            {audience.Contact{Tags: []string{"vip"}}, hellocharles.Held{Tags: []string{"id-of-vip"}}, nil},
		"a tag without id":           {audience.Contact{Tags: []string{"no id"}}, hellocharles.Held{Tags: []string{""}}, []string{"tags"}},
		"a missing tag":              {audience.Contact{Tags: []string{"vip", "new"}}, hellocharles.Held{Tags: []string{"vip"}}, []string{"tags"}},
		"equal text":                 {property("x"), holds("x"), nil},
		"other text":                 {property("x"), holds("X"), []string{"p"}},
		"text for a number":          {property("7"), holds(json.Number("7")), []string{"p"}},
		"a number for text":          {property(json.Number("7")), holds("7"), []string{"p"}},
		"equal numbers":              {property(json.Number("1e3")), holds(json.Number("1000.0")), nil},
		"large numbers":              {property(json.Number("9007199254740993")), holds(json.Number("9007199254740992")), []string{"p"}},
		"absurd numbers":             {property(json.Number("1")), holds(json.Number("1e999999999")), []string{"p"}},
		"the same moment":            {property("2026-11-20T10:00:00+01:00"), holds("2026-11-20T09:00:00Z"), nil},
		"another moment":             {property("2026-11-20T10:00:00+01:00"), holds("2026-11-20T10:00:00Z"), []string{"p"}},
		"booleans":                   {property(false), holds(false), nil},
		"false is not nothing":       {property(false), hellocharles.Held{}, []string{"p"}},
		"cleared":                    {property(nil), hellocharles.Held{}, nil},
		"cleared, held as null":      {property(nil), holds(nil), nil},
		"not cleared":                {property(nil), holds("x"), []string{"p"}},
		"options in another order":   {property([]string{"a", "b"}), holds([]any{"b", "a"}), nil},
		"an option too many":         {property([]string{"a"}), holds([]any{"b", "a"}), []string{"p"}},
		"an option that is another":  {property([]string{"a", "a"}), holds([]any{"a", "b"}), []string{"p"}},
		"options that are numbers":   {property([]json.Number{"1", "2"}), holds([]any{json.Number("2.0"), json.Number("1")}), nil},
		"an option that is no list":  {property([]string{"a"}), holds("a"), []string{"p"}},
		"several properties at once": {audience.Contact{Phone: "+49151", Tags: []string{"x"}}, hellocharles.Held{}, []string{"phone", "tags"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			found := differences(test.sent, &test.held, map[string]string{"vip": "id-of-vip", "no id": ""})
			fields := make([]string, len(found))
			for i, difference := range found {
				fields[i] = difference.Field
			}
			require.ElementsMatch(t, test.fields, fields)
		})
	}
}
