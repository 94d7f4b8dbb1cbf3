package schedule_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/api/workflowservice/v1"
	"google.golang.org/protobuf/types/known/timestamppb"

	"audiencesync/internal/schedule"
)

// acts returns when the server acts for a schedule from one moment to another.
func (s server) acts(t *testing.T, w schedule.Wanted, from, to time.Time) []time.Time {
	t.Helper()
	var all []time.Time
	for {
		matching, err := s.WorkflowService().ListScheduleMatchingTimes(t.Context(), &workflowservice.ListScheduleMatchingTimesRequest{
			Namespace: s.namespace, ScheduleId: w.ID(), StartTime: timestamppb.New(from), EndTime: timestamppb.New(to),
		})
		require.NoError(t, err)
		if len(matching.GetStartTime()) == 0 {
			return all
		}
		for _, at := range matching.GetStartTime() {
			all = append(all, at.AsTime())
		}
		from = all[len(all)-1]
	}
}

// clocks writes moments as the clocks of a zone show them.
func clocks(moments []time.Time, zone *time.Location) []string {
	texts := make([]string, len(moments))
	for i, at := range moments {
		texts[i] = at.In(zone).Format("2006-01-02 15:04 -0700")
	}
	return texts
}

// What the server does by its own code, and what is made of it: one due time a day.
func TestAServerAndItsDueRunsComeToOneDueTimeForEverySlotOfAYear(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	for _, zone := range []string{
		"Europe/Berlin", "Europe/London", "Atlantic/Azores", "America/New_York", "America/Santiago", "Africa/Casablanca", "Africa/Cairo",
		"Australia/Lord_Howe", "Asia/Kolkata",
	} {
		for _, cron := range []string{"30 2 * * *", "30 1 * * *", "30 0 * * *", "0 2 * * *", "0 6 * * *", "30 1,2,3 * * *", "0 6 * * 0", "0 6 * * 6", "30 0 * * 5", "30 0 * * 1-5"} {
			name := strings.ToLower(strings.NewReplacer("/", "-", "_", "-", " ", "-", "*", "x", ",", "-").Replace(zone + " " + cron))
			t.Run(zone+" "+cron, func(t *testing.T) {
				t.Parallel()
				w := schedule.Wanted{Spec: spec(name), Kind: schedule.Runs, Cadence: daily(zone, cron)}
				s.create(t, w)
				times, err := w.Cadence.Timetable()
				require.NoError(t, err)
				from := time.Date(2027, 1, 1, 0, 0, 0, 0, times.Zone()).Add(-time.Second)
				to := time.Date(2028, 1, 1, 0, 0, 0, 0, times.Zone()).Add(-time.Second)

				// Runs that a due run would start: it starts none where one began since the slot.
				runs := map[int64]time.Time{}
				for _, at := range s.acts(t, w, from, to) {
					due := times.Due(at)
					if _, satisfied := runs[due.Unix()]; !satisfied {
						runs[due.Unix()] = at
					}
				}
				slots := 0
				for slot, ok := times.Next(from); ok && slot.Before(to); slot, ok = times.Next(slot) {
					slots++
					at, ran := runs[slot.Unix()]
					require.True(t, ran, "nothing is run for %s", slot)
					require.LessOrEqual(t, at.Sub(slot), time.Hour, "%s is run at %s", slot, at.In(times.Zone()))
				}
				require.Len(t, runs, slots, "something is run for no slot")
				if strings.HasSuffix(cron, "* * *") && !strings.Contains(cron, ",") {
					require.Equal(t, 365, slots)
				}
			})
		}
	}
}

// The days that workflows/due_clock_test.go goes through are those of a real server.
func TestWhatAServerDoesWhenClocksAreChanged(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	for name, c := range map[string]struct {
		zone, cron, day string
		acts            []string
	}{
		"spring-0230": {"Europe/Berlin", "30 2 * * *", "2027-03-28", []string{"2027-03-28 03:30 +0200"}},
		"march-0230":  {"Europe/Berlin", "30 2 * * *", "2027-03-21", []string{"2027-03-21 02:30 +0100", "2027-03-21 03:30 +0100"}},
		"autumn-0230": {"Europe/Berlin", "30 2 * * *", "2027-10-31", []string{"2027-10-31 02:30 +0100"}},
		"spring-0130": {"Europe/Berlin", "30 1 * * *", "2027-03-28", []string{"2027-03-28 01:30 +0100"}},
		"autumn-0130": {"Europe/Berlin", "30 1 * * *", "2027-10-31", []string{"2027-10-31 01:30 +0200", "2027-10-31 02:30 +0200"}},
		"autumn-ny":   {"America/New_York", "30 1 * * *", "2027-11-07", []string{"2027-11-07 01:30 -0400", "2027-11-07 01:30 -0500"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := schedule.Wanted{Spec: spec(name), Kind: schedule.Runs, Cadence: daily(c.zone, c.cron)}
			s.create(t, w)
			zone, err := w.Cadence.Zone()
			require.NoError(t, err)
			from, err := time.ParseInLocation(time.DateOnly, c.day, zone)
			require.NoError(t, err)
			require.Equal(t, c.acts, clocks(s.acts(t, w, from.Add(-time.Second), from.AddDate(0, 0, 1).Add(-time.Second)), zone))
		})
	}
}

func TestTheNextRunsAreThoseOfSlots(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	for name, c := range map[string]struct {
		zone, cron, now string
		next            []string
	}{
		"march": {"Europe/Berlin", "30 2 * * 0", "2027-03-14 02:29 +0100", []string{
			"2027-03-14 02:30 +0100", "2027-03-21 02:30 +0100", "2027-03-28 03:30 +0200", "2027-04-04 02:30 +0200",
		}},
		"past":     {"Europe/Berlin", "30 2 * * 0", "2027-03-14 02:31 +0100", []string{"2027-03-21 02:30 +0100", "2027-03-28 03:30 +0200"}},
		"october":  {"Europe/Berlin", "30 1 * * *", "2027-10-31 00:00 +0200", []string{"2027-10-31 01:30 +0200", "2027-11-01 01:30 +0100"}},
		"leap-day": {"UTC", "0 6 29 2 *", "2028-03-01 00:00 +0000", []string{"2032-02-29 06:00 +0000", "2036-02-29 06:00 +0000"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := schedule.Wanted{Spec: spec(name), Kind: schedule.Runs, Cadence: daily(c.zone, c.cron)}
			found := s.create(t, w)
			now, err := time.Parse("2006-01-02 15:04 -0700", c.now)
			require.NoError(t, err)
			next, err := found.Next(t.Context(), s, s.namespace, now, len(c.next))
			require.NoError(t, err)
			zone, err := w.Cadence.Zone()
			require.NoError(t, err)
			require.Equal(t, c.next, clocks(next, zone))
		})
	}
}

func TestAScheduleWithJitterHasItsNextRunsToo(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	w := schedule.Wanted{Spec: spec("jitter"), Kind: schedule.Runs, Cadence: daily("Europe/Berlin", "30 2 * * *")}
	w.Cadence.Jitter = w.Cadence.CatchUp
	found := s.create(t, w)
	next, err := found.Next(t.Context(), s, s.namespace, time.Date(2027, 3, 1, 0, 0, 0, 0, time.UTC), 40)
	require.NoError(t, err)
	require.Len(t, next, 40)
	days := map[string]bool{}
	for _, at := range next {
		days[at.Format(time.DateOnly)] = true
	}
	require.Len(t, days, 40, "one a day")
}

func TestAScheduleThatHasEndedHasNoNextRuns(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	w := schedule.Wanted{Spec: spec("ended"), Kind: schedule.Runs, Cadence: daily("UTC", "0 6 * * *")}
	w.Cadence.End = "2027-01-02"
	found := s.create(t, w)
	next, err := found.Next(t.Context(), s, s.namespace, time.Date(2027, 1, 1, 0, 0, 0, 0, time.UTC), 10)
	require.NoError(t, err)
	require.Len(t, next, 2)
}
