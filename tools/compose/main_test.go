package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestTheFileOfThisRepositoryIsValid(t *testing.T) {
	t.Parallel()
	if _, err := check(t.Context(), filepath.Join("..", "..", "docker-compose.yml")); err != nil {
		t.Fatal(err)
	}
}

func TestFaultsAreNamed(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ service, fault string }{
		"an unknown key":          {"image: a:1\n    restarts: always", "restarts"},
		"an image without a tag":  {"image: ghcr.io/acme/a", "not pinned"},
		"an image called latest":  {"image: a:latest", "not pinned"},
		"a missing Dockerfile":    {"build: .", "cannot be built"},
		"a missing mounted file":  {"image: a:1\n    volumes: [./missing.yaml:/etc/a.yaml:ro]", "the mount at /etc/a.yaml has no source"},
		"an undeclared volume":    {"image: a:1\n    volumes: [data:/data]", "undefined volume data"},
		"a port for everyone":     {"image: a:1\n    ports: ['80:80']", "publish it on 127.0.0.1"},
		"a port for the network":  {"image: a:1\n    ports: ['192.0.2.1:80:80']", "publish it on 127.0.0.1"},
		"an unknown dependency":   {"image: a:1\n    depends_on: [b]", "depends on undefined service"},
		"a fault behind profiles": {"image: a\n    profiles: [full]", "not pinned"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path := filepath.Join(t.TempDir(), "docker-compose.yml")
			if err := os.WriteFile(path, []byte("services:\n  a:\n    "+c.service+"\n"), 0o600); err != nil {
				t.Fatal(err)
			}
			if _, err := check(t.Context(), path); err == nil || !strings.Contains(err.Error(), c.fault) {
				t.Fatalf("got %v, want an error that says %q", err, c.fault)
			}
		})
	}
}
