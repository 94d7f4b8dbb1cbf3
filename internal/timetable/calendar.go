package timetable

import (
	"math/bits"
	"time"
)

// Set is a set of small numbers, from 0 to 63.
type Set uint64

// Of returns the set of some numbers.
func Of(numbers ...int) Set {
	var s Set
	for _, n := range numbers {
		s |= 1 << n
	}
	return s
}

// Between returns the set of all numbers from one to another.
func Between(first, last int) Set {
	var s Set
	for n := first; n <= last; n++ {
		s |= 1 << n
	}
	return s
}

// Has reports whether a number is in the set.
func (s Set) Has(n int) bool { return s&(1<<n) != 0 }

// Len is how many numbers are in the set.
func (s Set) Len() int { return bits.OnesCount64(uint64(s)) }

// All are the numbers of the set, in their order.
func (s Set) All() []int {
	numbers := make([]int, 0, s.Len())
	for rest := uint64(s); rest != 0; rest &= rest - 1 {
		numbers = append(numbers, bits.TrailingZeros64(rest))
	}
	return numbers
}

// Range is a run of numbers without a gap.
type Range struct{ First, Last int }

// Ranges are the numbers of the set as the fewest ranges.
func (s Set) Ranges() []Range {
	var ranges []Range
	for _, n := range s.All() {
		if last := len(ranges) - 1; last >= 0 && ranges[last].Last == n-1 {
			ranges[last].Last = n
		} else {
			ranges = append(ranges, Range{n, n})
		}
	}
	return ranges
}

// Calendar holds at every minute whose parts are all in its sets.
type Calendar struct {
	Minutes, Hours Set
	// Days are those of the month, from 1, and Months from January, 1.
	Days, Months Set
	// Weekdays count from Sunday, 0.
	Weekdays Set
}

// The sets that hold always.
var (
	allHours    = Between(0, 23)
	allDays     = Between(1, 31)
	allMonths   = Between(1, 12)
	allWeekdays = Between(0, 6)
)

// Daily returns the calendar of one time of every day.
func Daily(hour, minute int) Calendar {
	return Calendar{Minutes: Of(minute), Hours: Of(hour), Days: allDays, Months: allMonths, Weekdays: allWeekdays}
}

// everyHour reports whether the calendar holds in every hour of every day.
func (c Calendar) everyHour() bool {
	return c.Hours == allHours && c.Days == allDays && c.Months == allMonths && c.Weekdays == allWeekdays
}

func (c Calendar) holdsOn(day date) bool {
	return c.Months.Has(int(day.month)) && c.Days.Has(day.day) && c.Weekdays.Has(int(day.weekday()))
}

// Comes reports whether there is a day on which the calendar holds: there is no
// 30 February.
func (c Calendar) Comes() bool {
	if c.Minutes == 0 || c.Hours == 0 {
		return false
	}
	// In 28 years every day of the year has been every day of the week.
	day := date{2024, time.January, 1}
	for n := range 28*365 + 7 {
		if c.holdsOn(day.plus(n)) {
			return true
		}
	}
	return false
}
