package contacts

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func referencesOf(list []Contact) []string {
	references := make([]string, len(list))
	for i, contact := range list {
		references[i] = contact.Reference
	}
	return references
}

func TestAListShowsWhoComesAndWhoGoesAfterTheDelay(t *testing.T) {
	t.Parallel()
	s, now := newStore(Lag{Delay: 10 * time.Second})
	s.Apply([]Upsert{marked("1", "member"), marked("2", "member"), marked("3", "member")}, Policy{})
	*now = now.Add(10 * time.Second)
	s.Apply([]Upsert{marked("1", "left"), marked("4", "member")}, Policy{})
	s.Erase("2")
	require.EqualValues(t, 3, s.Count(0))
	require.Equal(t, []string{"1", "2", "3"}, referencesOf(s.Members(0, 0, 10)))
	require.Equal(t, []string{"3"}, referencesOf(s.Members(0, 2, 10)))
	*now = now.Add(10 * time.Second)
	require.EqualValues(t, 2, s.Count(0))
	require.Equal(t, []string{"3", "4"}, referencesOf(s.Members(0, 0, 10)))
}

// Whatever comes, goes and is erased, count and list are those of a moment ago.
func TestASegmentIsAsItWasBeforeTheDelay(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		const delay = 5
		s, now := newStore(Lag{Delay: delay * time.Second})
		seconds := rapid.IntRange(1, 30).Draw(t, "seconds")
		was := make([][]string, 1, seconds+1)
		for range seconds {
			for range rapid.IntRange(0, 3).Draw(t, "writes") {
				reference := fmt.Sprint(rapid.IntRange(0, 3).Draw(t, "reference"))
				switch what := rapid.SampledFrom([]string{"member", "left", "erased"}).Draw(t, "what"); what {
				case "erased":
					s.Erase(reference)
				default:
					s.Apply([]Upsert{marked(reference, what)}, Policy{})
				}
			}
			var members []string
			for contact := range s.All() {
				if slices.Contains(contact.Segments, "equals") {
					members = append(members, contact.Reference)
				}
			}
			was = append(was, members)
			*now = now.Add(time.Second)
			want := was[max(0, len(was)-delay)]
			require.EqualValues(t, len(want), s.Count(0))
			require.ElementsMatch(t, want, referencesOf(s.Members(0, 0, 10)))
		}
	})
}
