package config_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"audiencesync/internal/config"
)

func TestWhoeverIsNamedIsToldOfEverythingByDefault(t *testing.T) {
	t.Parallel()
	sync, err := config.ParseSync("sync.yaml", []byte(minimalSync+"notify: {to: [ops-slack]}\n"))
	require.NoError(t, err)
	require.Equal(t, &config.Notify{
		To: []string{"ops-slack"},
		On: []config.NotifyEvent{
			config.NotifyBad, config.NotifyRecovered, config.NotifyApproval, config.NotifyPaused, config.NotifyStalled, config.NotifyOverdue, config.NotifyDigest,
		},
		Reminder: config.Duration(4 * time.Hour), OverdueAfter: config.Duration(26 * time.Hour),
	}, sync.Notify)
	require.True(t, sync.Notify.Tells(config.NotifyDigest))

	raw, err := json.Marshal(sync)
	require.NoError(t, err)
	var again config.Sync
	require.NoError(t, json.Unmarshal(raw, &again))
	require.Equal(t, sync, again)
}

func TestOnlyWhatIsAskedForIsTold(t *testing.T) {
	t.Parallel()
	sync, err := config.ParseSync("sync.yaml", []byte(minimalSync+
		"notify: {to: [ops-slack], on: [bad, recovered], reminder: 0s, overdue_after: 8h, heartbeat: healthchecks}\n"))
	require.NoError(t, err)
	require.True(t, sync.Notify.Tells(config.NotifyBad))
	require.False(t, sync.Notify.Tells(config.NotifyDigest))
	require.Zero(t, sync.Notify.Reminder)

	sync, err = config.ParseSync("sync.yaml", []byte(minimalSync+"notify: {heartbeat: healthchecks}\n"))
	require.NoError(t, err)
	require.False(t, sync.Notify.Tells(config.NotifyBad), "a heartbeat tells nobody anything")
}

// Runs that began before there were notifications go on as they are.
func TestASyncWithoutNotifyHasNoTraceOfIt(t *testing.T) {
	t.Parallel()
	sync, err := config.ParseSync("sync.yaml", []byte(minimalSync))
	require.NoError(t, err)
	require.Nil(t, sync.Notify)
	require.False(t, sync.Notify.Tells(config.NotifyBad))
	raw, err := json.Marshal(sync)
	require.NoError(t, err)
	require.NotContains(t, string(raw), "notify")
}

func TestASectionNotifyIsRefusedWithOneClearSentence(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ section, problem string }{
		"nobody":         {"{}", "7:9: notify: tells nobody; expected names of webhook connections below to, or one as heartbeat"},
		"only events":    {"{on: [bad]}", "7:9: notify: tells nobody; expected names of webhook connections below to, or one as heartbeat"},
		"empty list":     {"{to: []}", "7:14: notify.to: the list is empty; give at least one name of a connection or delete the key"},
		"no event":       {"{to: [a], on: []}", "7:23: notify.on: the list is empty; give at least one event or delete the key"},
		"other event":    {"{to: [a], on: [recoverd]}", `7:24: notify.on[0]: expected one of "bad", "recovered", "approval", "paused", "stalled", "overdue", "digest"; did you mean "recovered"?`},
		"event twice":    {"{to: [a], on: [bad, bad]}", "7:29: notify.on[1]: the same as entry 1 of the list; delete one"},
		"name twice":     {"{to: [a, a]}", "7:18: notify.to[1]: the same as entry 1 of the list; delete one"},
		"a name alone":   {"{to: ops-slack}", "7:14: notify.to: expected a list, found text"},
		"same heartbeat": {"{to: [a], heartbeat: a}", "7:30: notify.heartbeat: stands in notify.to too; a heartbeat says one thing only, so it needs a connection of its own"},
		"often":          {"{to: [a], reminder: 5s}", "7:29: notify.reminder: expected at least 1m, or 0s for never"},
		"soon":           {"{to: [a], overdue_after: 1s}", "7:34: notify.overdue_after: expected at least 1m, or 0s for never"},
		"a URL":          {"{to: [a], url: x}", `7:19: notify.url: unknown key; expected one of "to", "on", "reminder", "overdue_after", "heartbeat"`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := config.ParseSync("f.yaml", []byte(minimalSync+"notify: "+c.section+"\n"))
			require.EqualError(t, err, "f.yaml:"+c.problem)
		})
	}
}

func TestAWebhookIsAReferenceAndNeverTheURLItself(t *testing.T) {
	t.Parallel()
	connections, err := config.ParseConnections("c.yaml", []byte("connections:\n  ops-slack: {kind: webhook, url: env:OPS_SLACK, secret: file:ops.key}\n"))
	require.NoError(t, err)
	webhook := config.DefaultWebhook()
	webhook.URL, webhook.Secret = "env:OPS_SLACK", "file:ops.key"
	require.Equal(t, map[string]config.Webhook{"ops-slack": webhook}, connections.Webhooks)
	require.Equal(t, 10*time.Second, webhook.Timeout.D())
	require.Equal(t, []string{"ops-slack"}, connections.Names())

	const reference = "expected where the credential is, never the credential itself: env:NAME (an environment variable of the worker) " +
		"or file:PATH (relative to the connections file)"
	for name, c := range map[string]struct{ settings, problem string }{
		"URL":            {"url: 'https://hooks.example.com/hunter2'", "2:27: connections.a.url: " + reference},
		"literal secret": {"url: env:A, secret: whsec_hunter2", "2:42: connections.a.secret: " + reference},
		"no URL":         {"timeout: 5s", "2:3: connections.a.url: missing; expected env:NAME or file:PATH"},
		"no time":        {"url: env:A, timeout: 0s", "2:43: connections.a.timeout: expected a duration above zero"},
		"long":           {"url: env:A, timeout: 2m", "2:43: connections.a.timeout: expected at most 1m: a receiver only has to take a message"},
		"another's key":  {"url: env:A, base_url: x", "2:34: connections.a.base_url: unknown key; this connection is of kind webhook, the key belongs to zeotap-api and hello-charles"},
		"other kind":     {"url: env:A, token: x", "2:34: connections.a.token: unknown key; write where the URL and the secret are, never themselves: url: env:NAME, secret: env:NAME"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := config.ParseConnections("c.yaml", []byte("connections:\n  a: {kind: webhook, "+c.settings+"}\n"))
			require.EqualError(t, err, "c.yaml:"+c.problem)
		})
	}
	_, err = config.ParseConnections("c.yaml", []byte(minimalConnections+"    secret: env:A\n"))
	require.ErrorContains(t, err, "connections.charles.secret: unknown key; write where the credential is, never the credential itself")
}

func TestTheErrorForAnUnknownWebhookNamesThoseThatExist(t *testing.T) {
	t.Parallel()
	connections, err := config.ParseConnections("c.yaml", []byte(minimalConnections+"  ops-slack: {kind: webhook, url: env:A}\n"))
	require.NoError(t, err)
	_, err = connections.Webhook("ops-slak")
	require.EqualError(t, err, `webhook "ops-slak" is not a known connection; did you mean "ops-slack"? The worker's connections file has "ops-slack"`)
	_, err = connections.Webhook("charles")
	require.EqualError(t, err, `connection "charles" is of kind hello-charles and cannot be the webhook of a sync; the worker's connections file has "ops-slack"`)
}
