package simulator

import (
	"net/http"
	"sync/atomic"

	"audiencesync/internal/simulator/contacts"
	"audiencesync/internal/simulator/faults"
)

// charles serves one Hello Charles workspace (see docs/hello-charles.md sections
// 3 to 9 and 13).
type charles struct {
	options  CharlesOptions
	sim      *Simulator
	store    *contacts.Store
	counters *counters
	vendor   *vendor
	limits   *limits
	queue    queue
	odd      exceptions

	tags       atomic.Pointer[tagSet]
	properties map[string]Property
}

// newCharles returns a workspace; counters count its contacts.
func newCharles(s *Simulator, o CharlesOptions, counters *counters) *charles {
	c := &charles{
		options: o, sim: s, counters: counters,
		store:      contacts.New(o.Segments, o.Lag, s.clock),
		limits:     newLimits(o.Limits, s.clock, s.options.RetryAfterGrace),
		properties: map[string]Property{},
	}
	c.vendor = newVendor(faults.Charles, c.refuse)
	c.tags.Store(newTagSet(o.Tags, o.TagsByID))
	for _, property := range o.Properties {
		// The same name may exist for another kind of object, or deleted.
		if known, twice := c.properties[property.Name]; property.exists() && (!twice || !known.Writable()) {
			c.properties[property.Name] = property
		}
	}
	c.routes()
	c.settle()
	return c
}

func (c *charles) routes() {
	batch := c.options.Batch
	c.vendor.handle("contact", "PUT /api/v1beta/contacts", c.writes(c.putContact))
	c.vendor.handle("batch", batch.Method+" "+batch.Path, c.writes(c.putBatch))
	if path, _ := c.contactPath(); path != "" {
		c.vendor.handle("contact_read", "GET "+path, c.reads(c.readContact))
	}
	for _, slash := range []string{"", "/{$}"} { // the server takes both (section 8)
		c.vendor.handle("tags", "GET /api/v0/tags"+slash, c.reads(c.listTags))
		c.vendor.handle("custom_properties", "GET /api/v0/custom_properties"+slash, c.reads(c.listProperties))
		c.vendor.handle("contact_lists", "GET /api/v0/contact_lists"+slash, c.reads(c.listContactLists))
	}
	c.vendor.handle("contact_list", "GET /api/v0/contact_lists/{id}", c.reads(c.contactList))
	for _, version := range []string{"v0", "v1"} {
		preview := "/api/" + version + "/contact_lists/{id}/preview"
		c.vendor.handle("segment_count", "HEAD "+preview, c.reads(c.segmentCount))
		c.vendor.handle("segment_members", "GET "+preview, c.reads(c.segmentMembers))
	}
}

// reset empties the workspace.
func (c *charles) reset() {
	c.tags.Store(newTagSet(c.options.Tags, c.options.TagsByID))
	c.queue.reset()
	c.store.Reset()
	c.settle()
	c.odd.reset()
	c.limits.reset()
}

func (c *charles) refuse(w http.ResponseWriter, status int, key, text string) {
	c.writeProblems(w, status, []problem{newProblem(status, key, text)})
}
