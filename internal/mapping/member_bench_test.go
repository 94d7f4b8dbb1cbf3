package mapping_test

import (
	"encoding/json"
	"strings"
	"testing"

	"audiencesync/internal/audience"
	"audiencesync/internal/simulator/people"
)

// BenchmarkMember is all that mapping does for one member of a simulated
// crowd, from the page to the contact.
func BenchmarkMember(b *testing.B) {
	mapper := compile(b, full())
	crowd := people.New(1, 1000, "984")
	members := make([]audience.Member, crowd.Size())
	for i := range members {
		person := crowd.Member(int64(i))
		members[i] = audience.Member{
			"phone": person.Phone, "email": person.Email, "first_name": person.FirstName, "middle_name": person.MiddleName,
			"last_name": person.LastName, "address.city": person.City, "points": json.Number(person.LoyaltyPoints),
			"birth_date": person.BirthDate, "segments": strings.Join(person.Audiences, ","), "whatsapp": person.WhatsApp,
		}
	}
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		part := mapper.Mapped(members[i%len(members)])
		reference, rejection := mapper.Reference(part)
		if rejection != nil {
			continue
		}
		if _, err := mapper.Fingerprint(key, part); err != nil {
			b.Fatal(err)
		}
		mapper.Contact(part, reference)
	}
}
