package mapping_test

import (
	"net/mail"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"audiencesync/internal/audience"
)

// Usual addresses are recognised without the parser of the standard library: the
// answers are the same.
func TestAnAddressIsWhatTheStandardLibraryTakes(t *testing.T) {
	t.Parallel()
	mapper := compile(t, syncOf(t, "mapping: {email: {from: email, unusable: omit}}"))
	address := rapid.OneOf(
		rapid.StringMatching(`[a-zA-Z0-9._+'@-]{1,12}@[a-zA-Z0-9.-]{1,12}`),
		rapid.StringMatching(`[a-z]{1,3}[.@_+-]{0,2}[a-z0-9]{0,3}@[a-z]{1,4}[.@-]{0,2}[a-z]{0,3}`),
		rapid.StringOf(rapid.SampledFrom([]rune("aZ9.@-_+'\"<> (,)ö"))),
	)
	rapid.Check(t, func(t *rapid.T) {
		value := strings.TrimSpace(address.Draw(t, "address"))
		want := ""
		if parsed, err := mail.ParseAddress(value); err == nil && parsed.Address == value {
			at := strings.LastIndexByte(value, '@')
			if domain := strings.ToLower(value[at+1:]); strings.Contains(domain, ".") && !strings.HasPrefix(domain, "[") {
				want = value[:at+1] + domain
			}
		}
		contact, _, rejected := mapper.Contact(audience.Member{"email": value}, "7")
		if rejected != nil || contact.Email != want {
			t.Fatalf("%q is %q, the library says %q", value, contact.Email, want)
		}
	})
}
