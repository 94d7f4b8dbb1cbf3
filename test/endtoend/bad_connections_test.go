package endtoend

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"audiencesync/internal/simulator"
)

// badConnections writes a connections file with one connection for each mishap.
func badConnections(t *testing.T, vendors simulators) settings {
	t.Helper()
	dir := t.TempDir()
	nowhere := freeAddress(t)
	write(t, dir, "demo.key", "demo-key\n")
	write(t, dir, "wrong.key", "no-such-key\n")
	require.NoError(t, os.Mkdir(filepath.Join(dir, "empty"), 0o700))
	write(t, dir, "short-row/984/2026-11-20/part-1.csv", "phone,email,city\n+4915112345678,zoe@example.com,Berlin\n+4915112345679,ada@example.com\n")
	api := func(address, key string) string {
		return fmt.Sprintf("kind: zeotap-api\n    base_url: http://%s\n    credential: file:%s\n    page_size: 500\n", address, key)
	}
	export := func(folder string) string {
		return "kind: zeotap-export\n    url: " + folder + "\n    pattern: ^{audience}/(?P<set>[^/]+)/part-[0-9]+\\.csv$\n    format: csv\n    settle: 1ms\n"
	}
	charles := func(address, key string) string {
		return fmt.Sprintf(`kind: hello-charles
    base_url: http://%s
    source_type: zeotap
    credential: file:%s
    limits: {requests_per_second: 20, requests_in_flight: 8}
    send: batch
    batch: {method: POST, path: /api/v1beta/contacts/batch, envelope: contacts, reply: items}
`, address, key)
	}
	var text strings.Builder
	text.WriteString("connections:\n")
	for _, connection := range [][2]string{
		{"zeotap-demo", api(vendors.zeotap, "demo.key")},
		{"zeotap-wrong-key", api(vendors.zeotap, "wrong.key")},
		{"zeotap-no-key-file", api(vendors.zeotap, "missing.key")},
		{"zeotap-nowhere", api(nowhere, "demo.key")},
		{"zeotap-broken-json", api(simulate(t, audienceOf{members: 1500, seed: 5, faults: "rules: [{match: {path: /v1/audiences/984/members, from: 2}, do: truncated_json}]"}).zeotap, "demo.key")},
		{"zeotap-ends-early", api(zeotapThatAnnounces(t, 1200, 1500), "demo.key")},
		{"export-empty", export("empty")},
		{"export-no-folder", export("no-such-folder")},
		{"export-short-row", export("short-row")},
		{"charles-demo", charles(vendors.charles, "demo.key")},
		{"charles-wrong-key", charles(vendors.charles, "wrong.key")},
		{"charles-nowhere", charles(nowhere, "demo.key")},
	} {
		fmt.Fprintf(&text, "  %s:\n    %s", connection[0], connection[1])
	}
	return settings{dir: dir, connections: write(t, dir, "connections.yaml", text.String())}
}

// zeotapThatAnnounces serves an audience whose announced total is not the
// number of its members: the read ends early.
func zeotapThatAnnounces(t *testing.T, members, announced int64) string {
	t.Helper()
	s := simulator.New(simulator.Options{Zeotap: simulator.ZeotapOptions{Members: members, TotalDelta: announced - members}})
	address := freeAddress(t)
	ended := make(chan error, 1)
	go func() { ended <- s.Serve(t.Context(), address, "127.0.0.1:0") }()
	t.Cleanup(func() { require.NoError(t, <-ended) })
	require.Eventually(t, func() bool {
		connection, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", address)
		return err == nil && connection.Close() == nil
	}, startWithin, poll)
	return address
}

func write(t *testing.T, dir, name, content string) string {
	t.Helper()
	path := filepath.Join(dir, name)
	require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o700))
	require.NoError(t, os.WriteFile(path, []byte(content), 0o600))
	return path
}
