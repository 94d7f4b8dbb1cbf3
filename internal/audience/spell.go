package audience

import (
	"fmt"
	"time"
)

// Spell writes a duration for people: "2 days 7 h", "3 h 20 min", "2 min 5 s", "45s".
func Spell(d time.Duration) string {
	const day = 24 * time.Hour
	switch {
	case d >= day:
		return fmt.Sprintf("%d days %d h", d/day, d%day/time.Hour)
	case d >= time.Hour:
		return fmt.Sprintf("%d h %d min", d/time.Hour, d%time.Hour/time.Minute)
	case d >= time.Minute:
		return fmt.Sprintf("%d min %d s", d/time.Minute, d%time.Minute/time.Second)
	default:
		return max(d.Round(time.Second), time.Second).String()
	}
}
