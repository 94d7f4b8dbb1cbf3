package endtoend

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"

	"audiencesync/internal/simulator"
	"audiencesync/test/endtoend/programs"
)

// audienceOf says who the simulated members are.
type audienceOf struct {
	members int64
	seed    uint64
	// faults is a fault plan; empty for none.
	faults string
}

// simulators are both vendors, as one process.
type simulators struct {
	zeotap  string
	charles string
}

// simulate starts the vendors. Flags are added to those that say who the members are.
func simulate(t *testing.T, a audienceOf, flags ...string) simulators {
	t.Helper()
	s := simulators{zeotap: freeAddress(t), charles: freeAddress(t)}
	args := []string{
		"simulate", "--zeotap", s.zeotap, "--charles", s.charles,
		"--members", strconv.FormatInt(a.members, 10), "--seed", strconv.FormatUint(a.seed, 10),
	}
	args = append(args, flags...)
	if a.faults != "" {
		plan := filepath.Join(t.TempDir(), "faults.yaml")
		require.NoError(t, os.WriteFile(plan, []byte(a.faults), 0o600))
		args = append(args, "--faults", plan)
	}
	p := start(t, programs.Command{Name: "simulate", Path: built.AudienceSync, Args: args})
	awaitOK(t, p, s.statsURL())
	return s
}

func (s simulators) statsURL() string { return "http://" + s.charles + "/_sim/stats" }

// stats are what really happened at the vendors.
func (s simulators) stats(t *testing.T) simulator.Stats {
	t.Helper()
	stats, err := s.askStats(t)
	require.NoError(t, err)
	return stats
}

func (s simulators) askStats(t *testing.T) (stats simulator.Stats, err error) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.statsURL(), http.NoBody)
	if err != nil {
		return stats, err
	}
	reply, err := http.DefaultClient.Do(request)
	if err != nil {
		return stats, err
	}
	defer func() { _ = reply.Body.Close() }()
	if reply.StatusCode != http.StatusOK {
		return stats, fmt.Errorf("%s answers %s", s.statsURL(), reply.Status)
	}
	err = json.NewDecoder(reply.Body).Decode(&stats)
	return stats, err
}

// eventually waits until the vendors' statistics are as asked.
func (s simulators) eventually(t *testing.T, what string, is func(simulator.Stats) bool) {
	t.Helper()
	require.Eventually(t, func() bool {
		stats, err := s.askStats(t)
		return err == nil && is(stats)
	}, runWithin, poll, what)
}
