package mapping_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"testing"
	"unicode"

	"github.com/nyaruka/phonenumbers"
	"github.com/stretchr/testify/require"

	"audiencesync/internal/audience"
	"audiencesync/internal/mapping"
)

// numbersVariable sets how many numbers are read in both ways; a few million
// take some minutes:
//
//	AUDIENCESYNC_PHONE_NUMBERS=5000000 go test -run TestPhoneNumbersAreReadAsTheLibrary -timeout 60m ./internal/mapping/
const numbersVariable = "AUDIENCESYNC_PHONE_NUMBERS"

func TestPhoneNumbersAreReadAsTheLibraryReadsThem(t *testing.T) {
	t.Parallel()
	most := 50_000
	if testing.Short() {
		most /= 10
	}
	if text := os.Getenv(numbersVariable); text != "" {
		var err error
		most, err = strconv.Atoi(text)
		require.NoError(t, err)
	}
	seed := rand.Uint64()
	t.Logf("%d numbers of seed %d", most, seed)
	reader := newReader()
	counts := make([]map[audience.Reason]int, runtime.GOMAXPROCS(0))
	var running sync.WaitGroup
	for i := range counts {
		counts[i] = map[audience.Reason]int{}
		running.Go(func() {
			numbers := newNumbers(seed, uint64(i))
			for range most / len(counts) {
				value, region := numbers.draw()
				reason, difference := reader.compare(value, region, numbers.IntN(4) == 0)
				if difference != "" {
					t.Error(difference)
					return
				}
				counts[i][reason]++
			}
		})
	}
	running.Wait()
	for _, reason := range []audience.Reason{"", audience.PhoneNotANumber, audience.PhoneTooShort, audience.PhoneNoCountryCode} {
		sum := 0
		for _, count := range counts {
			sum += count[reason]
		}
		t.Logf("%8d %s", sum, reason)
		require.Greater(t, sum, most/50, "too few of %q to tell", reason)
	}
}

// reader reads numbers in both ways.
type reader struct {
	mutex   sync.Mutex
	parsers map[string]func(string) (string, audience.Reason)
}

func newReader() *reader {
	return &reader{parsers: map[string]func(string) (string, audience.Reason){}}
}

func (r *reader) parser(region string, international bool) func(string) (string, audience.Reason) {
	key := region + strconv.FormatBool(international)
	r.mutex.Lock()
	defer r.mutex.Unlock()
	if _, ok := r.parsers[key]; !ok {
		r.parsers[key] = mapping.PhoneParser(region, international)
	}
	return r.parsers[key]
}

// compare reads a number in both ways and describes the difference.
func (r *reader) compare(value, region string, international bool) (audience.Reason, string) {
	number, reason := r.parser(region, international)(value)
	if reason == audience.PhoneHashed && len(value) >= 32 && strings.Trim(value, "0123456789abcdefABCDEF") == "" {
		return reason, ""
	}
	want, wantReason := readByLibrary(value, region, international)
	if number == want && (reason == wantReason || reason == audience.PhoneTooShort && wantReason == audience.PhoneNotANumber) {
		return reason, ""
	}
	return reason, fmt.Sprintf("%q in %q is %q (%s), but to the library %q (%s)", value, region, number, reason, want, wantReason)
}

// readByLibrary is what the parser has to do, said with the library alone,
// which does not know of numbers that are too short.
func readByLibrary(value, region string, international bool) (string, audience.Reason) {
	value = strings.TrimPrefix(strings.Map(func(r rune) rune {
		if unicode.Is(unicode.Cf, r) {
			return -1
		}
		return r
	}, value), "tel:")
	if strings.ContainsFunc(value, unicode.IsLetter) {
		return "", audience.PhoneNotANumber
	}
	if strings.ContainsAny(value, "+\uff0b") {
		number, valid := libraryNumber(value, region)
		return inE164(number, valid)
	}
	digits, dialled := strings.CutPrefix(value, "00")
	other, otherValid := libraryNumber("+"+digits, "")
	if international && otherValid && !strings.HasPrefix(phonenumbers.NormalizeDigitsOnly(value), "0") {
		return inE164(other, true)
	}
	number, valid := libraryNumber(value, region)
	if kind := phonenumbers.GetNumberType(number); valid && (kind == phonenumbers.MOBILE || kind == phonenumbers.FIXED_LINE_OR_MOBILE) {
		return inE164(number, true)
	}
	if otherValid {
		number, valid = other, dialled || int(other.GetCountryCode()) == phonenumbers.GetCountryCodeForRegion(region)
	}
	if !valid && !dialled && region == "" && strings.ContainsFunc(value, unicode.IsDigit) {
		return "", audience.PhoneNoCountryCode
	}
	return inE164(number, valid)
}

func libraryNumber(value, region string) (*phonenumbers.PhoneNumber, bool) {
	number, err := phonenumbers.Parse(value, region)
	return number, err == nil && phonenumbers.IsValidNumber(number)
}

func inE164(number *phonenumbers.PhoneNumber, valid bool) (string, audience.Reason) {
	if !valid {
		return "", audience.PhoneNotANumber
	}
	return phonenumbers.Format(number, phonenumbers.E164), ""
}
