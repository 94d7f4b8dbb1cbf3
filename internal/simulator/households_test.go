package simulator_test

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"audiencesync/internal/simulator"
)

func TestAHouseholdMakesOneContactOfTwoMembers(t *testing.T) {
	t.Parallel()
	w := start(t, simulator.Options{
		Zeotap:  simulator.ZeotapOptions{Members: 20, Seed: 1},
		Charles: simulator.CharlesOptions{Households: 2, StitchPhone: true, AddChannels: true},
	})
	begin := func() {
		stats := w.Stats()
		require.EqualValues(t, 2, stats.Contacts)
		require.Zero(t, stats.UpsertsApplied)
		shop, known := w.Contact("shop-1")
		require.True(t, known)
		require.Len(t, shop.Phones, 2)
	}
	begin()
	var members []object
	for i := range int64(20) {
		if m := w.Crowd().Member(i); m.Original == i && m.Number != "" {
			members = append(members, with(contact(m.Number), "phone_numbers", []object{{"value": m.Number}}))
		}
	}
	w.do("POST", w.charles+batch, object{"contacts": members}, http.StatusOK, nil)
	stats := w.Stats()
	require.EqualValues(t, len(members)-2, stats.Contacts)
	require.EqualValues(t, 4, stats.Stitched)
	require.Zero(t, stats.DuplicateEffects)
	shop, _ := w.Contact("shop-0")
	require.Len(t, shop.AlsoKnownAs, 2)
	w.Reset()
	begin()
}
