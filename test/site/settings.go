package site

import "fmt"

// KeyFile is the name of the file with the key of both vendors, beside the connections.
func KeyFile(sync string) string { return sync + ".key" }

// Connections is the connections file of a sync, with a workspace of its own. The
// vendors are given as URLs.
func Connections(zeotap, charles, sync string) string {
	return fmt.Sprintf(`connections:
  zeotap:
    kind: zeotap-api
    base_url: %[1]s
    page_size: %[4]d
    credential: file:%[7]s
    limits: {requests_per_second: 1000}
  charles:
    kind: hello-charles
    base_url: %[2]s
    source_type: %[3]s
    credential: file:%[7]s
    limits:
      requests_per_second: 200
      requests_in_flight: %[5]d
    send: batch
    batch:
      method: POST
      path: /api/v1beta/contacts/batch
      envelope: contacts
      reply: items
      max_items: %[6]d
    omitted: keep
`, zeotap, charles, sync, PageSize, InFlight, BatchSize, KeyFile(sync))
}

// SyncFile is a sync. It shows everything soon, asks nobody, and continues
// as new several times.
func SyncFile(name string) string {
	return fmt.Sprintf(`sync: %s
audience:
  id: "984"
source: zeotap
destination: charles
mode: mirror
reference:
  from: phone
  normalise: e164
marker:
  property: zeotap_audience_984
  member: member
  left: left
mapping:
  first_name: first_name
  phone:
    from: phone
  properties:
    city: {from: city, type: string}
    loyalty_points: {from: loyalty_points, type: number}
gate:
  leavers: {share: 100%%}
verification:
  segment: seg-984
  poll: 100ms
  max_lag: 5s
  deadline: 1m
accept:
  invalid: 10%%
limits:
  batches_per_history: 4
`, name)
}
