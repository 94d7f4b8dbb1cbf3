package config_test

import (
	"os"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"audiencesync/internal/config"
)

func TestTheSyncsOfTheSchedulesDocumentAreRead(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../../docs/schedules.md")
	require.NoError(t, err)
	blocks := regexp.MustCompile("(?s)```yaml sync\n(.*?)```").FindAllStringSubmatch(string(text), -1)
	require.Len(t, blocks, 2)
	var words []string
	for _, block := range blocks {
		sync, err := config.ParseSync("schedules.md", []byte(minimalSync+block[1]))
		require.NoError(t, err)
		for _, cadence := range []*config.Cadence{sync.Schedule.Runs(), sync.Schedule.Proofs()} {
			if cadence == nil {
				continue
			}
			times, err := cadence.Timetable()
			require.NoError(t, err)
			words = append(words, times.String())
		}
	}
	require.Equal(t, []string{
		"on Monday to Friday at 06:00 (Europe/Berlin)", "daily at 04:00 (Europe/Berlin)",
		"on Monday to Friday at 06:00, 12:00, 18:00; on Saturday, Sunday at 08:00 (Europe/Berlin)",
	}, words)
}

func TestTheSchedulesDocumentNamesEverySettingAndItsDefault(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../../docs/schedules.md")
	require.NoError(t, err)
	for field := range reflect.TypeFor[config.Cadence]().Fields() {
		require.Contains(t, string(text), "`schedule."+field.Tag.Get("yaml")+"`")
	}
	for field := range reflect.TypeFor[config.Calendar]().Fields() {
		require.Contains(t, string(text), "| `schedule.calendars."+field.Tag.Get("yaml")+"` |")
	}
	usual := config.DefaultCadence()
	require.Contains(t, string(text), "| `schedule.catch_up` | `"+usual.CatchUp.String()+"` |")
	require.Contains(t, string(text), "| `schedule.pause_after` | `3` |")
	require.Equal(t, 3, usual.PauseAfter)
	require.Equal(t, 1, strings.Count(string(text), "| `schedule.verify` |"))
}

// The commented section of the example is a section that can be used.
func TestTheCommentedScheduleOfTheExampleIsRead(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../../examples/sync.yaml")
	require.NoError(t, err)
	_, section, ok := strings.Cut(string(text), "\n# schedule:\n")
	require.True(t, ok)
	section, _, _ = strings.Cut(section, "\n\n")
	sync, err := config.ParseSync("sync.yaml", []byte(provable+"schedule:\n"+regexp.MustCompile(`(?m)^# `).ReplaceAllString(section, "")+"\n"))
	require.NoError(t, err)
	require.Equal(t, "0 6 * * 1-5", sync.Schedule.Cron)
	require.NotNil(t, sync.Schedule.Verify)
}
