package mapping_test

import (
	"testing"

	"audiencesync/internal/mapping"
	"audiencesync/internal/simulator/people"
)

// BenchmarkPhone reads the phone numbers of a simulated crowd, and
// BenchmarkPhoneByLibrary does so with the library alone.
func BenchmarkPhone(b *testing.B) {
	parse := mapping.PhoneParser("DE", false)
	phones := crowdPhones()
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		parse(phones[i%len(phones)])
	}
}

func BenchmarkPhoneByLibrary(b *testing.B) {
	phones := crowdPhones()
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		readByLibrary(phones[i%len(phones)], "DE", false)
	}
}

func crowdPhones() []string {
	crowd := people.New(1, 1000, "984")
	phones := make([]string, crowd.Size())
	for i := range phones {
		phones[i] = crowd.Member(int64(i)).Phone
	}
	return phones
}
