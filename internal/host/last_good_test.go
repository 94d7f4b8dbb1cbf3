package host

import (
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/zap"

	"audiencesync/internal/ledger"
	"audiencesync/internal/telemetry"
)

func TestTheMetricsSayWhenTheLastGoodRunOfASyncEnded(t *testing.T) {
	t.Parallel()
	book, err := ledger.Open(t.Context(), "sqlite:"+filepath.Join(t.TempDir(), "ledger.db"))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, book.Close()) })
	metrics, err := telemetry.NewMetrics()
	require.NoError(t, err)
	stop, err := observeLastGood(metrics.Meter(), book, zap.NewNop())
	require.NoError(t, err)
	scrape := func() string {
		answer := httptest.NewRecorder()
		metrics.Handler().ServeHTTP(answer, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/metrics", http.NoBody))
		return answer.Body.String()
	}
	require.NotContains(t, scrape(), "audiencesync_last_good_run")

	run, err := book.OpenRun(t.Context(), ledger.Opening{
		Token: "a", StartedAt: time.Now(), Sync: "spring", Workspace: "w", AudienceID: "984", Reference: "phone", Spec: []byte("{}"), BatchSize: 10,
	})
	require.NoError(t, err)
	require.NoError(t, book.CloseRun(t.Context(), run, ledger.Closing{Report: []byte("{}"), Complete: true, Good: true}))
	require.Regexp(t, `audiencesync_last_good_run_timestamp_seconds\{sync="spring"\} 1\.\d+e\+09`, scrape())
	require.NoError(t, stop())
	require.NotContains(t, scrape(), "audiencesync_last_good_run")
}
