package main

import "fmt"

// connectionsOf is the connections file of a round, with a workspace of its own.
func connectionsOf(zeotap, charles, workspace string) string {
	return fmt.Sprintf(`connections:
  zeotap:
    kind: zeotap-api
    base_url: http://%s
    page_size: %d
    credential: file:chaos.key
    limits: {requests_per_second: 1000}
  charles:
    kind: hello-charles
    base_url: http://%s
    source_type: %s
    credential: file:chaos.key
    limits:
      requests_per_second: 200
      requests_in_flight: %d
    send: batch
    batch:
      method: POST
      path: /api/v1beta/contacts/batch
      envelope: contacts
      reply: items
      max_items: %d
    omitted: keep
`, zeotap, pageSize, charles, workspace, inFlight, batchSize)
}

// syncOf is the sync of a round. It shows everything soon, asks nobody, and continues
// as new several times.
func syncOf(name string) string {
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
