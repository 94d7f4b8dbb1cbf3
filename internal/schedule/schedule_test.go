package schedule_test

import (
	"maps"
	"os"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	"go.uber.org/zap"
	"google.golang.org/protobuf/types/known/durationpb"

	"audiencesync/internal/config"
	"audiencesync/internal/devserver/devservertest"
	"audiencesync/internal/schedule"
	"audiencesync/internal/telemetry"
)

func TestMain(m *testing.M) { os.Exit(devservertest.Main(m)) }

// server is a Temporal namespace that nobody else uses.
type server struct {
	client.Client

	namespace string
}

func newServer(t *testing.T) server {
	t.Helper()
	options := client.Options{
		HostPort: devservertest.ForTest(t).Address(), Namespace: "test-" + uuid.NewString()[:8], Logger: telemetry.TemporalLogger(zap.NewNop()),
	}
	namespaces, err := client.NewNamespaceClient(options)
	require.NoError(t, err)
	defer namespaces.Close()
	require.NoError(t, namespaces.Register(t.Context(), &workflowservice.RegisterNamespaceRequest{
		Namespace: options.Namespace, WorkflowExecutionRetentionPeriod: durationpb.New(24 * time.Hour),
	}))
	c, err := client.DialContext(t.Context(), options)
	require.NoError(t, err)
	t.Cleanup(c.Close)
	return server{c, options.Namespace}
}

func spec(name string) config.Sync {
	spec := config.DefaultSync()
	spec.Sync, spec.Audience.ID, spec.Verification.Segment = name, "984", "seg-984"
	return spec
}

// cadence is one with every default but for what is changed.
func cadence(change func(*config.Cadence)) config.Cadence {
	c := config.DefaultCadence()
	change(&c)
	return c
}

func daily(zone, cron string) config.Cadence {
	return cadence(func(c *config.Cadence) { c.Cron, c.TimeZone = cron, zone })
}

// create creates a schedule and returns what the server has.
func (s server) create(t *testing.T, w schedule.Wanted) *schedule.Found {
	t.Helper()
	require.NoError(t, w.Create(t.Context(), s))
	return s.look(t, w)
}

func (s server) look(t *testing.T, w schedule.Wanted) *schedule.Found {
	t.Helper()
	found, err := schedule.Look(t.Context(), s, w.Spec.Sync, w.Kind)
	require.NoError(t, err)
	require.NotNil(t, found)
	return found
}

func differences(t *testing.T, found *schedule.Found, w schedule.Wanted) []schedule.Difference {
	t.Helper()
	list, err := found.Differences(w)
	require.NoError(t, err)
	return list
}

func TestAScheduleOnTheServerIsWhatWasAskedFor(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	for name, c := range map[string]config.Cadence{
		"every":     cadence(func(c *config.Cadence) { c.Every = config.Duration(6 * time.Hour) }),
		"cron":      daily("Europe/Berlin", "0 6 * * 1-5"),
		"night":     daily("Europe/Berlin", "15,45 1,2 * * *"),
		"hourly":    daily("Europe/Berlin", "*/15 * * * *"),
		"elsewhere": daily("Africa/Casablanca", "30 2 * * *"),
		"all": cadence(func(c *config.Cadence) {
			c.Calendars = []config.Calendar{
				{At: []config.ClockTime{"06:00", "18:30"}, Weekdays: []config.Weekday{"mon", "fri"}},
				{At: []config.ClockTime{"02:15"}, Days: []int{1, 15}, Months: []config.Month{"jan", "mar"}},
			}
			c.TimeZone, c.Jitter, c.CatchUp, c.PauseAfter = "Europe/Berlin", config.Duration(time.Minute), config.Duration(2*time.Hour), 0
			c.Start, c.End = "2027-01-31", "2028-12-31T18:00"
		}),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, kind := range schedule.Kinds() {
				w := schedule.Wanted{Spec: spec(name), Kind: kind, Cadence: c}
				found := s.create(t, w)
				require.Empty(t, differences(t, found, w))
				require.Equal(t, c, *found.Pinned.Cadence)
				require.Equal(t, w.Spec, found.Pinned.Spec)
				require.Equal(t, kind == schedule.Proofs, found.Pinned.VerifyOnly)
				require.Equal(t, w.Words(), found.Words())
				require.ErrorIs(t, w.Create(t.Context(), s), schedule.ErrExists)

				require.NoError(t, found.Change(t.Context(), w))
				require.Empty(t, differences(t, found, w), "it is the same once more")
			}
		})
	}
}

func TestAChangedScheduleStaysPaused(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	w := schedule.Wanted{Spec: spec("demo"), Kind: schedule.Runs, Cadence: daily("UTC", "0 6 * * *")}
	found := s.create(t, w)
	require.NoError(t, found.Pause(t.Context(), "until January"))
	require.True(t, found.Paused())
	require.Equal(t, "until January", found.Note())

	w.Cadence = daily("Europe/Berlin", "0 7 * * *")
	w.Cadence.PauseAfter = 0
	w.Spec.Mapping.Tags = config.ConstantTags("zeotap")
	w.Spec.Audience.Name = "Spring"
	list := differences(t, found, w)
	require.Equal(t, []schedule.Difference{
		{Key: "audience.name", To: "Spring"},
		{Key: "mapping.tags"},
		{Key: "schedule.cron", From: "0 6 * * *", To: "0 7 * * *"},
		{Key: "schedule.pause_after", From: "3", To: "0"},
		{Key: "schedule.time_zone", From: "UTC", To: "Europe/Berlin"},
	}, list)
	require.Equal(t, "audience.name (Spring, was none)", list[0].String())
	require.Equal(t, "mapping.tags", list[1].String())
	require.NoError(t, found.Change(t.Context(), w))
	require.Empty(t, differences(t, found, w))
	require.True(t, found.Paused())
	require.Equal(t, "until January", found.Note())
	require.Equal(t, "daily at 07:00 (Europe/Berlin)", found.Words())

	require.NoError(t, found.Resume(t.Context(), "it is January"))
	require.False(t, found.Paused())
	require.NoError(t, schedule.Delete(t.Context(), s, "demo", schedule.Runs))
	require.ErrorIs(t, found.Pause(t.Context(), ""), schedule.ErrMissing)
	require.ErrorIs(t, found.Trigger(t.Context()), schedule.ErrMissing)
	require.ErrorIs(t, found.Change(t.Context(), w), schedule.ErrMissing)
	require.ErrorIs(t, schedule.Delete(t.Context(), s, "demo", schedule.Runs), schedule.ErrMissing)
	gone, err := schedule.Look(t.Context(), s, "demo", schedule.Runs)
	require.NoError(t, err)
	require.Nil(t, gone)
}

func TestWhatSomethingElseHasChangedIsADifference(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	for name, change := range map[string]func(*client.Schedule){
		"times":   func(s *client.Schedule) { s.Spec.Calendars[0].Hour = []client.ScheduleRange{{Start: 7}} },
		"zone":    func(s *client.Schedule) { s.Spec.TimeZoneName = "Europe/Berlin" },
		"more":    func(s *client.Schedule) { s.Spec.Intervals = []client.ScheduleIntervalSpec{{Every: time.Hour}} },
		"skip":    func(s *client.Schedule) { s.Spec.Skip = []client.ScheduleCalendarSpec{{}} },
		"overlap": func(s *client.Schedule) { s.Policy.Overlap = 0 },
		"failure": func(s *client.Schedule) { s.Policy.PauseOnFailure = true },
		"window":  func(s *client.Schedule) { s.Policy.CatchupWindow = time.Minute },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := schedule.Wanted{Spec: spec(name), Kind: schedule.Runs, Cadence: daily("UTC", "0 6 * * *")}
			s.create(t, w)
			handle := s.ScheduleClient().GetHandle(t.Context(), w.ID())
			require.NoError(t, handle.Update(t.Context(), client.ScheduleUpdateOptions{DoUpdate: func(in client.ScheduleUpdateInput) (*client.ScheduleUpdate, error) {
				change(&in.Description.Schedule)
				return &client.ScheduleUpdate{Schedule: &in.Description.Schedule}, nil
			}}))
			found := s.look(t, w)
			require.Equal(t, []schedule.Difference{{Key: "what the server holds"}}, differences(t, found, w))
			require.NoError(t, found.Change(t.Context(), w))
			require.Empty(t, differences(t, found, w))
		})
	}
}

func TestAScheduleThatStartsSomethingElseIsNotOurs(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	for id, action := range map[string]*client.ScheduleWorkflowAction{
		"audience-sync/text":    {ID: "other", Workflow: "Other", TaskQueue: "other", Args: []any{"a text"}},
		"audience-sync/nothing": {ID: "other", Workflow: "Other", TaskQueue: "other"},
		"other/demo":            {ID: "other", Workflow: "Other", TaskQueue: "other"},
	} {
		_, err := s.ScheduleClient().Create(t.Context(), client.ScheduleOptions{
			ID: id, Spec: client.ScheduleSpec{Intervals: []client.ScheduleIntervalSpec{{Every: time.Hour}}}, Action: action,
		})
		require.NoError(t, err)
	}
	for _, sync := range []string{"text", "nothing"} {
		_, err := schedule.Look(t.Context(), s, sync, schedule.Runs)
		require.ErrorIs(t, err, schedule.ErrNotOurs)
	}
}

func TestAllSchedulesOfSyncsAreFound(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	_, err := s.ScheduleClient().Create(t.Context(), client.ScheduleOptions{
		ID: "other/demo", Spec: client.ScheduleSpec{Intervals: []client.ScheduleIntervalSpec{{Every: time.Hour}}},
		Action: &client.ScheduleWorkflowAction{ID: "other", Workflow: "Other", TaskQueue: "other"},
	})
	require.NoError(t, err)
	_, err = s.ScheduleClient().Create(t.Context(), client.ScheduleOptions{
		ID: "audience-sync/c", Spec: client.ScheduleSpec{Intervals: []client.ScheduleIntervalSpec{{Every: time.Hour}}},
		Action: &client.ScheduleWorkflowAction{ID: "other", Workflow: "Other", TaskQueue: "other"},
	})
	require.NoError(t, err)
	for _, w := range []schedule.Wanted{
		{Spec: spec("a"), Kind: schedule.Runs, Cadence: daily("UTC", "0 6 * * *")},
		{Spec: spec("b"), Kind: schedule.Runs, Cadence: daily("UTC", "0 6 * * *")},
		{Spec: spec("b"), Kind: schedule.Proofs, Cadence: daily("UTC", "0 3 * * *")},
	} {
		s.create(t, w)
	}
	require.Eventually(t, func() bool {
		all, others, err := schedule.All(t.Context(), s)
		require.NoError(t, err)
		names := map[string]bool{}
		for _, found := range all {
			names[found.Sync+" "+string(found.Kind)] = true
		}
		return slices.Equal(others, []string{"audience-sync/c"}) && maps.Equal(names, map[string]bool{"a runs": true, "b runs": true, "b proofs": true})
	}, time.Minute, 50*time.Millisecond, "the server lists them soon")
}
