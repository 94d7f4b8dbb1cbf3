package main

import (
	"fmt"
	"os"
	"strings"
)

// connections is the connections file of one worker: one Zeotap, and one Hello
// Charles workspace under three names, whose paths tell the syncs apart.
func connections(zeotap, charles, key string) string {
	var text strings.Builder
	fmt.Fprintf(&text, `connections:
  zeotap:
    kind: zeotap-api
    base_url: http://%s
    credential: file:zeotap.key
`, zeotap)
	for n := range syncs {
		fmt.Fprintf(&text, `
  charles-%d:
    kind: hello-charles
    base_url: http://%s
    source_type: zeotap
    credential: file:%s
    limits:
      requests_per_second: %d
      requests_in_flight: 8
    send: batch
    batch:
      method: POST
      path: /sync-%d/api/v1beta/contacts/batch
      envelope: contacts
      reply: items
      max_items: %d
    omitted: keep
`, n, charles, key, perSecond, n, batchSize)
	}
	return text.String()
}

// markers are tags that the simulated workspace has: each sync marks the same
// members with another one.
var markers = [syncs]string{"zeotap", "newsletter", "vip"}

func nameOf(n int) string { return fmt.Sprintf("rate-%d", n) }

// syncFile is one of the syncs.
func syncFile(n int) string {
	return fmt.Sprintf(`sync: %s
audience:
  id: "984"
source: zeotap
destination: charles-%d
reference:
  from: phone
  normalise: e164
  default_region: DE
marker:
  tag: %s
mapping:
  first_name: first_name
  phone:
    from: phone
verification:
  none: true
accept:
  invalid: 10%%
  refused: 1%%
  source_gap: 1%%
`, nameOf(n), n, markers[n])
}

func (p *play) writeSettings(zeotap, charles string) error {
	files := map[string]string{"zeotap.key": zeotapKey}
	for n := range syncs {
		files[fmt.Sprintf("sync-%d.yaml", n)] = syncFile(n)
	}
	for n := range workers {
		key := fmt.Sprintf("worker-%d", n)
		files[key+".key"] = key
		files[key+".yaml"] = connections(zeotap, charles, key+".key")
	}
	for name, content := range files {
		if err := os.WriteFile(p.File(name), []byte(content), 0o600); err != nil {
			return err
		}
	}
	return nil
}
