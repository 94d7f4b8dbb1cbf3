package main

import (
	"bytes"
	"net"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"audiencesync/internal/config"
)

func TestTheDemoTakesOtherPortsWhereTheUsualOnesAreTaken(t *testing.T) {
	t.Parallel()
	taken, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { _ = taken.Close() })
	_, port, err := net.SplitHostPort(taken.Addr().String())
	require.NoError(t, err)

	other, err := loopback(t.Context(), port)
	require.NoError(t, err)
	require.NotEqual(t, taken.Addr().String(), other)

	require.NoError(t, taken.Close())
	usual, err := loopback(t.Context(), port)
	require.NoError(t, err)
	require.Equal(t, taken.Addr().String(), usual)
}

func TestTheDemosFilesNameTheAddressesInUse(t *testing.T) {
	t.Parallel()
	d := &demo{dir: t.TempDir(), zeotap: "127.0.0.1:1111", charles: "127.0.0.1:2222"}
	require.NoError(t, d.writeFiles())
	connections, err := config.LoadConnections(filepath.Join(d.dir, "connections.yaml"))
	require.NoError(t, err)
	require.Equal(t, "http://127.0.0.1:1111", connections.ZeotapAPI["zeotap-demo"].BaseURL)
	require.Equal(t, "http://127.0.0.1:2222", connections.HelloCharles["charles-demo"].BaseURL)
	_, err = config.LoadSync(filepath.Join(d.dir, "sync.yaml"))
	require.NoError(t, err)
}

func TestAProcessOfTheDemoThatEndsAtOnceIsReportedWithItsLastLines(t *testing.T) {
	t.Parallel()
	var stderr bytes.Buffer
	program := filepath.Join(t.TempDir(), "program")
	require.NoError(t, os.WriteFile(program, []byte("#!/bin/sh\necho one; echo two: $1; exit 3\n"), 0o700))
	d := &demo{app: &app{stderr: &stderr}, dir: t.TempDir(), program: program}
	p, err := d.process(t.Context(), "simulate")
	require.NoError(t, err)
	err = p.awaitOK(t.Context(), "http://127.0.0.1:1/")
	require.EqualError(t, err, "simulate ended before it answered:\n  one\n  two: simulate")
	require.NoError(t, d.stop())
	require.NoDirExists(t, d.dir)
}
