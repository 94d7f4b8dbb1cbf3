package endtoend

import (
	"crypto/sha256"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"audiencesync/internal/audience"
)

func TestReferencesThatAreHashesAreNamedAndNotSent(t *testing.T) {
	t.Parallel()
	vendors := simulate(t, audienceOf{members: 0, seed: 1})
	settings := copyDemo(t, vendors,
		"kind: zeotap-api", "kind: zeotap-export\n    url: drops\n    pattern: ^{audience}/(?P<set>[^/]+)/part\\.csv$\n    format: csv\n    settle: 1ms",
		"    base_url: http://"+vendors.zeotap+"\n", "",
		"    # demo.key opens only the simulators. Real keys stay out of the repository.\n    credential: file:demo.key\n", "",
	)
	var rows strings.Builder
	rows.WriteString("phone,first_name,last_name,email,city,loyalty_points,birth_date\n")
	for i := range 40 {
		fmt.Fprintf(&rows, "%x,Zoe,Example,zoe%d@example.com,Berlin,5,1990-01-02\n", sha256.Sum256(fmt.Appendf(nil, "+49151123456%02d", i)), i)
	}
	write(t, settings.dir, "drops/984/2026-11-20/part.csv", rows.String())
	site := deploy(t, settings)
	site.startWorker(t)

	ended := site.do(t, "run", site.sync, "--output", "json")
	require.Equal(t, 5, ended.code, ended.stderr)
	report := reportOf(t, ended)
	require.Equal(t, audience.Explained, report.Verdict)
	require.EqualValues(t, 40, report.Outcomes.Invalid)
	require.Equal(t, map[string]int64{string(audience.ReferenceHashed): 40}, report.Reasons)
	require.Zero(t, vendors.stats(t).UpsertsReceived)

	status := site.do(t, "status", "demo")
	require.Equal(t, 5, status.code, status.stderr)
	require.Contains(t, status.stdout, "40  the reference is a hash, not a phone number")
	require.Contains(t, status.stdout, "the run counts as failed")
}
