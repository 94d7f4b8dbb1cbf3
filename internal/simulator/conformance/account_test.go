package conformance_test

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"audiencesync/internal/audience"
	"audiencesync/internal/simulator/conformance"
)

// few members are enough where each of them shows the same.
const few = 25

func TestWhoClaimsEverythingAndSendsNothingIsFoundOutEverywhere(t *testing.T) {
	t.Parallel()
	for _, c := range conformance.All() {
		w := opened(t, c, few)
		contacts := w.contacts()
		claims := make([]conformance.Claim, len(contacts))
		for i, contact := range contacts {
			claims[i] = conformance.Claim{Contact: contact, Outcome: audience.Accepted}
		}
		require.Error(t, w.account.Check(claims), c.Name)
	}
}

// without takes a field out of a contact.
var without = map[string]func(*audience.Contact){
	"first name": func(c *audience.Contact) { c.FirstName = "" },
	"last name":  func(c *audience.Contact) { c.LastName = "" },
	"phone":      func(c *audience.Contact) { c.Phone = "" },
	"email":      func(c *audience.Contact) { c.Email = "" },
	"tags":       func(c *audience.Contact) { c.Tags = nil },
	"marker":     withoutProperty("zeotap_audience_984"),
	"birthday":   withoutProperty("birthday"),
	"city":       withoutProperty("city"),
	"points":     withoutProperty("loyalty_points"),
}

func withoutProperty(name string) func(*audience.Contact) {
	return func(c *audience.Contact) {
		c.Properties = slices.DeleteFunc(c.Properties, func(p audience.Property) bool { return p.Name == name })
	}
}

func TestAFieldThatDoesNotArriveIsFoundEverywhere(t *testing.T) {
	t.Parallel()
	cannotShow := map[string][]string{
		"channels-to-create":  {"phone", "email"}, // Nobody is taken without.
		"unknown-tag-dropped": {"tags"},           // It is dropped anyway.
	}
	for _, c := range conformance.All() {
		t.Run(c.Name, func(t *testing.T) {
			t.Parallel()
			for field, change := range without {
				if slices.Contains(cannotShow[c.Name], field) {
					continue
				}
				w := opened(t, c, few)
				w.changed = change
				claims, err := w.deliver(t.Context())
				require.NoError(t, err)
				require.Error(t, w.account.Check(claims), field)
			}
		})
	}
}

func TestASettingThatAWorkspaceNeedsAndTheConnectionLacksIsFoundOut(t *testing.T) {
	t.Parallel()
	for name, about := range map[string]string{"tags-by-id-key-by-reference": "tags", "phones-as-digits": "phone numbers"} {
		c, found := conformance.Named(name)
		require.True(t, found)
		w := opened(t, c, few)
		w.connect(t, connection(t, conformance.Configuration{}))
		claims, err := w.deliver(t.Context())
		require.NoError(t, err)
		require.ErrorContains(t, w.account.Check(claims), about)
	}
}

// turned returns the claims with another outcome of the first one that has this one.
func turned(claims []conformance.Claim, from, to audience.Outcome) ([]conformance.Claim, bool) {
	at := slices.IndexFunc(claims, func(claim conformance.Claim) bool {
		return claim.Outcome == from || from.Took() && claim.Outcome.Took()
	})
	if at < 0 {
		return nil, false
	}
	claims = slices.Clone(claims)
	claims[at] = conformance.Claim{Contact: claims[at].Contact, Outcome: to}
	return claims, true
}

func TestOneWrongClaimIsFoundEverywhere(t *testing.T) {
	t.Parallel()
	for _, c := range conformance.All() {
		t.Run(c.Name, func(t *testing.T) {
			t.Parallel()
			w := opened(t, c, 300)
			claims, err := w.deliver(t.Context())
			require.NoError(t, err)
			require.NoError(t, w.account.Check(claims))
			for _, wrong := range [][2]audience.Outcome{
				{audience.Accepted, audience.Refused},
				{audience.Accepted, audience.Invalid},
				{audience.Accepted, audience.Unresolved},
				{audience.Refused, audience.Accepted},
				{audience.Refused, audience.Unresolved},
				{audience.Refused, audience.Invalid},
			} {
				if turned, some := turned(claims, wrong[0], wrong[1]); some {
					require.Error(t, w.account.Check(turned), "%s instead of %s", wrong[1], wrong[0])
				}
			}
			require.ErrorContains(t, w.account.Check(claims[1:]), "nobody claims anything of it")
			require.ErrorContains(t, w.account.Check(append(claims, claims[0])), "claimed twice")
		})
	}
}
