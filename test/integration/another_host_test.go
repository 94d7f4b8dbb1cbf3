package integration

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/client"

	"audiencesync/workflows"
)

// stranger is a host that no connection names: it notes every request.
type stranger struct {
	url   string
	mutex sync.Mutex
	asked []string
}

func newStranger(t *testing.T) *stranger {
	t.Helper()
	s := &stranger{}
	server := httptest.NewServer(s)
	t.Cleanup(server.Close)
	s.url = server.URL
	return s
}

// ServeHTTP implements http.Handler.
func (s *stranger) ServeHTTP(_ http.ResponseWriter, r *http.Request) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	s.asked = append(s.asked, fmt.Sprintf("%s %s %v", r.Method, r.URL, r.Header))
}

// requireNothing makes sure that nobody has asked the stranger anything.
func (s *stranger) requireNothing(t *testing.T) {
	t.Helper()
	s.mutex.Lock()
	defer s.mutex.Unlock()
	require.Empty(t, s.asked)
}

const (
	zeotapKey  = "the-key-of-zeotap"
	charlesKey = "the-key-of-hello-charles"
)

// keyed notes which keys arrive at a vendor.
type keyed struct {
	next  http.Handler
	mutex sync.Mutex
	keys  map[string]bool
}

// ServeHTTP implements http.Handler.
func (k *keyed) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	k.mutex.Lock()
	for _, values := range r.Header {
		for _, value := range values {
			if strings.Contains(value, "the-key-of") {
				k.keys[value] = true
			}
		}
	}
	k.mutex.Unlock()
	k.next.ServeHTTP(w, r)
}

func (k *keyed) all() map[string]bool {
	k.mutex.Lock()
	defer k.mutex.Unlock()
	return k.keys
}

// keyedWorld is a world whose vendors have keys of their own, and note those that they get.
func keyedWorld(t *testing.T) (w *world, zeotap, charles *keyed) {
	t.Helper()
	w = newWorld(t, 20, func(s *settings) {
		s.simulator.Zeotap.Key, s.simulator.Charles.Key = zeotapKey, charlesKey
		s.connections = append(s.connections,
			"kind: zeotap-api", "kind: zeotap-api\n    page_size: 5",
			"credential: file:demo.key\n\n", "credential: file:zeotap.key\n\n")
	})
	require.NoError(t, os.WriteFile(filepath.Join(w.dir, "zeotap.key"), []byte(zeotapKey), 0o600))
	require.NoError(t, os.WriteFile(filepath.Join(w.dir, "demo.key"), []byte(charlesKey), 0o600))
	zeotap, charles = &keyed{next: w.zeotap.next, keys: map[string]bool{}}, &keyed{next: w.charles.next, keys: map[string]bool{}}
	w.zeotap.next, w.charles.next = zeotap, charles
	return w, zeotap, charles
}

// crafted is the input of a run of the demo's sync, as JSON, with something else in its spec.
func crafted(t *testing.T, change func(spec map[string]any)) map[string]any {
	t.Helper()
	sent, err := json.Marshal(workflows.AudienceSyncInput{Spec: demo(t)})
	require.NoError(t, err)
	var in map[string]any
	require.NoError(t, json.Unmarshal(sent, &in))
	spec, _ := in["spec"].(map[string]any)
	change(spec)
	return in
}

func TestAnInputThatNamesAnotherHostSendsNoKeyThere(t *testing.T) {
	t.Parallel()
	w, zeotap, charles := keyedWorld(t)
	evil := newStranger(t)
	host := strings.TrimPrefix(evil.url, "http://")
	for i, change := range []func(map[string]any){
		func(spec map[string]any) { spec["source"] = evil.url },
		func(spec map[string]any) { spec["destination"] = evil.url },
		func(spec map[string]any) { spec["source"] = "charles-demo" },
		func(spec map[string]any) { spec["destination"] = "zeotap-demo" },
		func(spec map[string]any) { spec["source"], spec["destination"] = "charles-demo", "zeotap-demo" },
		func(spec map[string]any) { spec["base_url"] = evil.url; spec["destination"] = "../" + host },
		func(spec map[string]any) {
			spec["source"] = map[string]any{"kind": "zeotap-api", "base_url": evil.url, "credential": "file:zeotap.key"}
		},
		func(spec map[string]any) { spec["source"], spec["credential"] = "zeotap-demo@"+host, "file:zeotap.key" },
		func(spec map[string]any) { spec["audience"] = map[string]any{"id": "@" + host + "/"} },
		func(spec map[string]any) { spec["audience"] = map[string]any{"id": "../../" + evil.url} },
		func(spec map[string]any) { spec["audience"] = map[string]any{"id": "//" + host + "/?#"} },
		func(spec map[string]any) {
			verification, _ := spec["verification"].(map[string]any)
			verification["segment"] = "//" + host + "/x@" + host
		},
		func(spec map[string]any) {
			spec["notify"] = map[string]any{"to": []string{evil.url, "charles-demo"}, "heartbeat": evil.url, "on": []string{"bad"}}
		},
	} {
		in := crafted(t, change)
		run, err := w.client.ExecuteWorkflow(t.Context(), client.StartWorkflowOptions{
			ID: fmt.Sprint("audience-sync/crafted-", i), TaskQueue: workflows.TaskQueue,
		}, "AudienceSync", in)
		require.NoError(t, err)
		if _, isName := in["spec"].(map[string]any)["source"].(string); !isName {
			// An input that is none is never decoded: its task fails for ever.
			require.NoError(t, w.client.TerminateWorkflow(t.Context(), run.GetID(), run.GetRunID(), "it is no input"))
		}
		require.Error(t, run.Get(t.Context(), nil), "case %d", i)
	}
	evil.requireNothing(t)
	require.Equal(t, map[string]bool{zeotapKey: true}, zeotap.all(), "a key of another connection")
	for key := range charles.all() {
		require.Equal(t, charlesKey, key)
	}
}
