package config_test

import (
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"audiencesync/internal/config"
)

func notifyDocument(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile("../../docs/notifications.md")
	require.NoError(t, err)
	return string(text)
}

func TestTheFilesOfTheNotificationsDocumentAreReadAndNameEachOther(t *testing.T) {
	t.Parallel()
	text := notifyDocument(t)
	block := regexp.MustCompile("(?s)```yaml connections\n(.*?)```").FindStringSubmatch(text)
	require.NotNil(t, block)
	connections, err := config.ParseConnections("connections.yaml", []byte(block[1]))
	require.NoError(t, err)
	syncs := regexp.MustCompile("(?s)```yaml sync\n(.*?)```").FindAllStringSubmatch(text, -1)
	require.Len(t, syncs, 2)
	for _, sync := range syncs {
		spec, err := config.ParseSync("sync.yaml", []byte(minimalSync+sync[1]))
		require.NoError(t, err)
		names := spec.Notify.To
		if spec.Notify.Heartbeat != "" {
			names = append(names, spec.Notify.Heartbeat)
		}
		for _, name := range names {
			_, err := connections.Webhook(name)
			require.NoError(t, err)
		}
	}
}

func TestTheNotificationsDocumentNamesEverySettingAndEvent(t *testing.T) {
	t.Parallel()
	text := notifyDocument(t)
	notify := config.DefaultNotify()
	events := config.NotifyEvent("").Choices()
	for setting, initial := range map[string]string{
		"to": "none", "on": "`" + strings.Join(events, ", ") + "`", "reminder": "`" + notify.Reminder.String() + "`",
		"overdue_after": "`" + notify.OverdueAfter.String() + "`", "heartbeat": "none",
	} {
		require.Contains(t, text, "| `notify."+setting+"` | "+initial+" |")
	}
	for _, event := range events {
		require.Contains(t, text, "| `"+event+"` |")
	}
}
