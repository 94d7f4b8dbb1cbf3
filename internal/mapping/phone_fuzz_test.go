package mapping_test

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/nyaruka/phonenumbers"

	"audiencesync/internal/mapping"
)

// FuzzPhone reads whatever a source may give as a phone number. It never
// panics, a number is a plus and digits, and the library has the same answer.
func FuzzPhone(f *testing.F) {
	regions := append(slices.Sorted(maps.Keys(phonenumbers.GetSupportedRegions())), "")
	for _, seed := range []struct {
		value, region string
		international bool
	}{
		{"+4915112345678", "", false},
		{"0151/123 456-78", "DE", false},
		{"436641234567", "DE", true},
		{"1-212-555-0123", "US", false},
		{"011 49 151 12345678", "US", false},
		{"+54 9 11 2345-6789", "AR", false},
		{"(11) 91234-5678", "BR", false},
		{"+39 06 12345678", "IT", true},
		{"8 912 345-67-89", "RU", false},
		{"+49 (0)151 12345678", "AT", false},
		{"+883 5100 1234567", "", false},
		{"\u202a+\uff14\uff19\u00a0151 12345678\u202c", "CH", false},
		{"tel:+49-151-12345678", "", false},
		{"+49 151 12345678#5", "DE", false},
		{"+", "GB", true},
		{strings.Repeat("0", 300), "DE", false},
	} {
		f.Add(seed.value, uint8(slices.Index(regions, seed.region)), seed.international)
	}
	reader := newReader()
	f.Fuzz(func(t *testing.T, value string, place uint8, international bool) {
		region := regions[int(place)%len(regions)]
		if _, difference := reader.compare(value, region, international); difference != "" {
			t.Fatal(difference)
		}
		number, reason := mapping.PhoneParser(region, international)(value)
		if (number == "") == (reason == "") {
			t.Fatalf("%q is %q and %q", value, number, reason)
		}
		if number == "" {
			return
		}
		if digits, plus := strings.CutPrefix(number, "+"); !plus || digits == "" || strings.Trim(digits, "0123456789") != "" {
			t.Fatalf("%q was read as %q", value, number)
		}
	})
}
