package preflight_test

import (
	"context"
	"errors"
	"testing"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel/metric/noop"

	"audiencesync/internal/config"
	"audiencesync/internal/endpoints"
	"audiencesync/internal/hellocharles"
	"audiencesync/internal/ledger"
	"audiencesync/internal/preflight"
	"audiencesync/internal/zeotap"
)

func TestWhoIsToldIsLookedForAndSentNothing(t *testing.T) {
	t.Parallel()
	webhook := func(url config.CredentialRef) config.Webhook {
		w := config.DefaultWebhook()
		w.URL = url
		return w
	}
	pool := endpoints.New(endpoints.Options{
		Connections: config.Connections{Webhooks: map[string]config.Webhook{
			"ops-slack": webhook("env:SLACK"), "pager": webhook("env:PAGER"), "healthchecks": webhook("env:PLAIN"),
		}},
		Credential: func(_ context.Context, reference string) (string, error) {
			switch reference {
			case "env:SLACK":
				return "https://hooks.example.com/hunter2", nil
			case "env:PLAIN":
				return "http://checks.example.com/hunter2", nil
			}
			return "", errors.New("credential " + reference + ": the environment variable is not set for the worker")
		},
		Meter: noop.NewMeterProvider().Meter("test"),
	})
	nobody := preflight.RefusedError{Problems: []string{"not asked"}}
	spec := config.DefaultSync()
	spec.Verification.None = true
	spec.Notify = &config.Notify{To: []string{"ops-slack", "ops-slak", "pager"}, Heartbeat: "healthchecks"}
	found, err := preflight.Inspect(t.Context(), preflight.Input{
		Spec: spec, Settings: config.HelloCharles{Omitted: config.OmittedKeep}, API: noAPI{}, Webhook: pool.Webhook,
		Source: func() (zeotap.Source, error) { return nil, &nobody },
		Ledger: func(context.Context) error { return nil },
		Beginning: func(context.Context) (ledger.Beginning, error) {
			return ledger.Beginning{Kind: ledger.BeginningIgnored}, nil
		},
	})
	require.NoError(t, err)
	require.Equal(t, []string{
		"not asked",
		`notify.to[1]: webhook "ops-slak" is not a known connection; did you mean "ops-slack"? The worker's connections file has "healthchecks", "ops-slack", "pager"`,
	}, found.Problems)
	require.Equal(t, []string{
		"notify.to[2]: connection pager: url: credential env:PAGER: the environment variable is not set for the worker; nothing is delivered there before this is mended",
		"notify.heartbeat: connection healthchecks: what is behind its url starts with http://, which shows it to everyone on the way: use https://, or set allow_plain_http: true; nothing is delivered there before this is mended",
	}, found.Notes)
}

// noAPI is a Hello Charles that nothing is asked of.
type noAPI struct{ hellocharles.API }

func (noAPI) Check(context.Context) error { return nil }
