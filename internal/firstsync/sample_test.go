package firstsync_test

import (
	"encoding/json"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"audiencesync/internal/audience"
	"audiencesync/internal/firstsync"
)

// crowd are n members, each made of its number.
func crowd(n int, member func(i int) audience.Member) []audience.Member {
	members := make([]audience.Member, n)
	for i := range members {
		members[i] = member(i)
	}
	return members
}

// usual is a member as most sources give them.
func usual(i int) audience.Member {
	return audience.Member{
		"customer_id": fmt.Sprintf("c-%04d", i),
		"first_name":  "Ada", "last_name": "Lovelace",
		"phone":   fmt.Sprintf("+49151234%05d", 10000+i),
		"email":   fmt.Sprintf("ada%d@example.com", i),
		"city":    "Berlin",
		"points":  json.Number(fmt.Sprint(i)),
		"born":    "1990-01-31",
		"consent": map[string]any{"whatsapp": true},
		"seen":    []any{"a", "b"},
	}
}

func TestAShapeIsWhatAValueLooksLike(t *testing.T) {
	t.Parallel()
	for value, shape := range map[any]firstsync.Shape{
		"+49 151 23456789":                 firstsync.Phone,
		"0049 (151) 23456789":              firstsync.Phone,
		"tel:+4915123456789":               firstsync.Phone,
		"0151 23456789":                    firstsync.Phone, // of the sample's region
		"4915123456789":                    firstsync.Number,
		"+49":                              firstsync.Text,
		"a@example.com":                    firstsync.Email,
		"a@b":                              firstsync.Text,
		"5f4dcc3b5aa765d61d8327deb882cf99": firstsync.Hash,
		"2026-01-31":                       firstsync.Date,
		"31.01.2026":                       firstsync.Date,
		"01/31/2026":                       firstsync.Date,
		"2026-01-31T10:00:00Z":             firstsync.DateTime,
		"2026-02-31":                       firstsync.Text,
		"12.5":                             firstsync.Number,
		"12,5":                             firstsync.Number,
		"01067":                            firstsync.Text, // a post code
		"yes":                              firstsync.Boolean,
		"FALSE":                            firstsync.Boolean,
		true:                               firstsync.Boolean,
		json.Number("7"):                   firstsync.Number,
		"Ada":                              firstsync.Text,
		"\u202a+4915123456789\u202c":       firstsync.Text,
	} {
		members := append(crowd(3, usual), audience.Member{"looked_at": value})
		field, ok := firstsync.Look(members).Field("looked_at")
		require.True(t, ok)
		got, _ := field.Shape()
		require.Equal(t, shape, got, "%v", value)
	}
}

func TestAFieldIsCountedWhereItHasAValue(t *testing.T) {
	t.Parallel()
	sample := firstsync.Look([]audience.Member{
		{"a": "", "b": nil, "c": "  ", "d": []any{}, "e": map[string]any{}, "deep": map[string]any{"er": map[string]any{"est": "x"}}},
		{"deep": map[string]any{"er": map[string]any{"est": "7"}}},
		nil,
	})
	require.Equal(t, []firstsync.Field{{Name: "deep.er.est", Filled: 2, Shapes: map[firstsync.Shape]int{firstsync.Text: 1, firstsync.Number: 1}}}, sample.Fields)
	require.Equal(t, 3, sample.Members())
}

func TestTheRegionIsThatOfMostNumbersWithACountryCode(t *testing.T) {
	t.Parallel()
	phones := func(numbers ...string) []audience.Member {
		return crowd(len(numbers), func(i int) audience.Member { return audience.Member{"p": numbers[i]} })
	}
	require.Equal(t, "AT", firstsync.Look(phones("+436641234567", "00436641234568", "+4915123456789", "0151 23456789")).Region)
	require.Empty(t, firstsync.Look(phones("0151 23456789", "none")).Region, "no number says where it is from")
	require.Empty(t, firstsync.Look(nil).Region)
}

func TestAFieldWhoseNameIsContactDataIsNotNamed(t *testing.T) {
	t.Parallel()
	const blank = "blank " // No key of a mapping ends so.
	sample := firstsync.Look([]audience.Member{{
		"city": "Berlin", "by_phone": map[string]any{"+4915123456789": true, "4915123456780": true}, "by_mail": map[string]any{"ada@example.com": true}, "line\nbreak": "x", blank: "x",
	}})
	require.Equal(t, []string{"city"}, sample.Names())
	require.Equal(t, 5, sample.Unnamed)
}
