package mapping_test

import (
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/hex"
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"audiencesync/internal/audience"
	"audiencesync/internal/config"
	"audiencesync/internal/mapping"
)

// byReference is a sync that maps nothing but the reference.
func byReference(normalise config.Normalise, region string) config.Sync {
	return config.Sync{Reference: config.Reference{Origin: config.Origin{From: "ref"}, Normalise: normalise, DefaultRegion: region}}
}

func TestAReferenceIsNormalisedAsTheSyncSays(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		normalise config.Normalise
		value     any
		want      string
	}{
		{config.NormaliseE164, "0151 123 456 78", "+4915112345678"},
		{config.NormaliseE164, "+49 151 12345678", "+4915112345678"},
		{config.NormaliseDigits, "0151 123 456 78", "4915112345678"},
		{config.NormaliseDigits, "+49 (151) 12345678", "4915112345678"},
		{config.NormaliseRaw, "0151 123 456 78", "0151 123 456 78"},
		{config.NormaliseRaw, " C-0042 ", "C-0042"},
		{config.NormaliseRaw, "C\u00001\u200b2", "C1\u200b2"},
		{config.NormaliseRaw, json.Number("7.50"), "7.50"},
		{config.NormaliseRaw, true, "true"},
		{config.NormaliseRaw, "d41d8cd98f00b204e9800998ecf8427e", "d41d8cd98f00b204e9800998ecf8427e"},
		{config.NormaliseRaw, strings.Repeat("ж", 255), strings.Repeat("ж", 255)},
	} {
		got := mapMember(t, compile(t, byReference(test.normalise, "DE")), audience.Member{"ref": test.value})
		require.Equal(t, test.want, got.contact.Reference)
	}
}

func TestAMemberWithoutAUsableReferenceIsRejected(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		normalise config.Normalise
		region    string
		member    audience.Member
		reason    audience.Reason
	}{
		{config.NormaliseRaw, "", audience.Member{}, audience.ReferenceMissing},
		{config.NormaliseRaw, "", audience.Member{"ref": nil}, audience.ReferenceMissing},
		{config.NormaliseRaw, "", audience.Member{"ref": " \t"}, audience.ReferenceMissing},
		{config.NormaliseRaw, "", audience.Member{"ref": "\x00 \x00"}, audience.ReferenceMissing},
		{config.NormaliseRaw, "", audience.Member{"ref": "\xff"}, audience.ReferenceMissing},
		{config.NormaliseE164, "DE", audience.Member{"Ref": "+4915112345678"}, audience.ReferenceMissing},
		{config.NormaliseRaw, "", audience.Member{"ref": strings.Repeat("ж", 256)}, audience.ReferenceTooLong},
		{config.NormaliseRaw, "", audience.Member{"ref": []any{"7"}}, audience.FieldNotText},
		{config.NormaliseE164, "DE", audience.Member{"ref": map[string]any{"value": "+4915112345678"}}, audience.FieldNotText},
		{config.NormaliseE164, "DE", audience.Member{"ref": "unknown"}, audience.ReferenceNotANumber},
		{config.NormaliseDigits, "DE", audience.Member{"ref": "+49 1"}, audience.ReferenceTooShort},
		{config.NormaliseE164, "", audience.Member{"ref": "0151 12345678"}, audience.ReferenceNoCountryCode},
		{config.NormaliseDigits, "", audience.Member{"ref": json.Number("15112345678")}, audience.ReferenceNoCountryCode},
	} {
		require.Equal(t, mapping.Rejection{Reason: test.reason, Field: "ref"},
			reject(t, compile(t, byReference(test.normalise, test.region)), test.member), "%v", test.member)
	}
}

func TestHashesAreRecognisedInReferencePhoneAndEmail(t *testing.T) {
	t.Parallel()
	person := []byte("+4915112345678")
	sum5, sum1, sum224, sum256, sum384, sum512 := md5.Sum(person), sha1.Sum(person), sha256.Sum224(person),
		sha256.Sum256(person), sha512.Sum384(person), sha512.Sum512(person)
	for name, sum := range map[string][]byte{
		"MD5": sum5[:], "SHA-1": sum1[:], "SHA-224": sum224[:], "SHA-256": sum256[:], "SHA-384": sum384[:], "SHA-512": sum512[:],
		"only digits": {0x01, 0x23, 0x45, 0x67, 0x89, 0x01, 0x23, 0x45, 0x67, 0x89, 0x01, 0x23, 0x45, 0x67, 0x89, 0x01},
	} {
		lower := hex.EncodeToString(sum)
		for _, value := range []string{lower, strings.ToUpper(lower), " " + lower + "\n"} {
			for _, normalise := range []config.Normalise{config.NormaliseE164, config.NormaliseDigits} {
				rejection := reject(t, compile(t, byReference(normalise, "DE")), audience.Member{"ref": value})
				require.Equal(t, audience.ReferenceHashed, rejection.Reason, name)
			}
			m := audience.Member{"phone": "+4915112345678", "email": value}
			require.Equal(t, audience.EmailHashed, reject(t, compile(t, full()), m).Reason, name)
			sync := withSync(full(), func(s *config.Sync) { s.Reference.From = "mobile" })
			m = audience.Member{"mobile": "+4915112345678", "phone": value}
			require.Equal(t, audience.PhoneHashed, reject(t, compile(t, sync), m).Reason, name)
		}
	}
	for _, value := range []string{"d41d8cd98f00b204e9800998ecf8427", "d41d8cd98f00b204e9800998ecf8427ef", "g41d8cd98f00b204e9800998ecf8427e"} {
		rejection := reject(t, compile(t, byReference(config.NormaliseE164, "DE")), audience.Member{"ref": value})
		require.Equal(t, audience.ReferenceNotANumber, rejection.Reason, "no digest has this form: %s", value)
	}
}
