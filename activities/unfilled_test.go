package activities

import (
	"testing"

	"github.com/stretchr/testify/require"

	"audiencesync/internal/audience"
)

func TestAFieldIsUnfilledUntilAMemberHasAValueInIt(t *testing.T) {
	t.Parallel()
	members := []audience.Member{
		{"phone": "+4915112345001", "city": "Berlin", "nick": "", "score": 0.0},
		{"phone": "+4915112345002", "city": nil, "consent.whatsapp": false},
	}
	u := newUnfilled([]string{"city", "citty", "consent.whatsapp", "nick", "phone", "score", "zodiac"})
	for _, member := range members {
		u.see(member)
	}
	require.Equal(t, map[string]string{"citty": "city", "nick": "", "zodiac": ""}, u.meant(members), "an empty text is no value; zero and false are")
	u.see(audience.Member{"citty": "Rome", "nick": "Jo", "zodiac": "Leo"})
	require.Nil(t, u.meant(members))
}
