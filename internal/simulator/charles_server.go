package simulator

import (
	"crypto/subtle"
	"net/http"
	"strings"

	"audiencesync/internal/simulator/contacts"
	"audiencesync/internal/simulator/faults"
)

// charles serves a Hello Charles workspace (see docs/hello-charles.md sections 3
// to 9 and 13).
type charles struct {
	options  CharlesOptions
	sim      *Simulator
	store    *contacts.Store
	counters *counters
	vendor   *vendor

	// tags are the labels of the usable tags, by the form in which they are sent.
	tags       map[string]string
	properties map[string]Property
}

func newCharles(s *Simulator) *charles {
	c := &charles{
		options: s.options.Charles, sim: s, store: s.store, counters: s.counters,
		tags: map[string]string{}, properties: map[string]Property{},
		vendor: newVendor(faults.Charles, charlesProblem),
	}
	for _, tag := range c.options.Tags {
		switch {
		case !tag.Writable():
		case c.options.TagsByID:
			c.tags[tag.ID] = tag.Label
		default:
			c.tags[tag.Label] = tag.Label
		}
	}
	for _, property := range c.options.Properties {
		if property.Writable() {
			c.properties[property.Name] = property
		}
	}
	return c
}

// problem is one entry of the body of an error, as the app API writes it
// (see docs/hello-charles.md section 10; for v1beta it is assumption A7).
type problem struct {
	Code           int    `json:"code"`
	Class          string `json:"class"`
	MessageKey     string `json:"message_key"`
	Message        string `json:"message"`
	DescriptionKey string `json:"description_key"`
	Description    string `json:"description"`
}

type problems struct {
	Errors []problem `json:"errors"`
}

func charlesProblem(status int, key, text string) any {
	return problems{[]problem{newProblem(status, key, text)}}
}

func newProblem(status int, key, text string) problem {
	return problem{
		Code: status, Class: strings.ReplaceAll(http.StatusText(status), " ", "") + "Error",
		MessageKey: key, Message: text, DescriptionKey: key + "_description", Description: text,
	}
}

func (c *charles) routes() *vendor {
	batch := c.options.Batch
	c.vendor.handle("contact", "PUT /api/v1beta/contacts", c.writes(c.putContact))
	c.vendor.handle("batch", batch.Method+" "+batch.Path, c.writes(c.putBatch))

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
	return c.vendor
}

// writes lets contact calls pass that have the key, when the beta is enabled.
func (c *charles) writes(next http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		switch {
		case !same(r.Header.Get("X-Api-Key"), c.options.Key):
			c.refuse(w, http.StatusUnauthorized, "unauthorized", "the API key is missing or not valid")
		case c.options.BetaStatus != 0:
			c.refuse(w, c.options.BetaStatus, "feature_not_enabled", "this API is not enabled for the workspace")
		default:
			next(w, r)
		}
	}
}

// reads lets calls of the app API pass that have the key, or the token.
func (c *charles) reads(next http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		allowed := same(r.Header.Get("X-Api-Key"), c.options.Key)
		if c.options.Bearer != "" {
			allowed = same(r.Header.Get("Authorization"), "Bearer "+c.options.Bearer)
		}
		switch {
		case !allowed:
			c.refuse(w, http.StatusUnauthorized, "unauthorized", "the credential is missing or not valid")
		case c.options.ReadsForbidden:
			c.refuse(w, http.StatusForbidden, "forbidden", "the credential lacks the permission")
		default:
			next(w, r)
		}
	}
}

func same(given, want string) bool {
	return subtle.ConstantTimeCompare([]byte(given), []byte(want)) == 1
}

func (c *charles) refuse(w http.ResponseWriter, status int, key, text string) {
	c.vendor.refuse(w, status, key, text)
}
