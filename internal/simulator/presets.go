package simulator

import (
	"audiencesync/internal/audience"
	"audiencesync/internal/simulator/contacts"
)

// Tag is a record of GET /api/v0/tags (see docs/hello-charles.md section 5).
type Tag struct {
	ID          string `json:"id"`
	Label       string `json:"label"`
	Object      string `json:"object"`
	Description string `json:"description"`
	TagGroup    string `json:"tag_group,omitempty"`
	Active      bool   `json:"active"`
	Deleted     bool   `json:"deleted"`
	CreatedAt   string `json:"created_at"`
	UpdatedAt   string `json:"updated_at"`
}

// Property is a record of GET /api/v0/custom_properties (see docs/hello-charles.md
// section 6).
type Property struct {
	ID     string        `json:"id"`
	Name   string        `json:"name"`
	Object string        `json:"object"`
	Type   string        `json:"type"`
	Input  PropertyInput `json:"input"`

	ShowIn              []string `json:"show_in"`
	Icon                string   `json:"icon"`
	OrderIndex          int      `json:"order_index"`
	Disabled            bool     `json:"disabled"`
	ReadOnly            bool     `json:"readonly"`
	Active              bool     `json:"active"`
	Deleted             bool     `json:"deleted"`
	IsProxy             bool     `json:"is_proxy"`
	ProxyVendor         string   `json:"proxy_vendor,omitempty"`
	ExternalReferenceID string   `json:"external_reference_id,omitempty"`
	ExternalLabel       string   `json:"external_label,omitempty"`
}

// PropertyInput is how the app edits a custom property.
type PropertyInput struct {
	Type        string            `json:"type"`
	Options     []PropertyOption  `json:"options,omitempty"`
	Unit        string            `json:"unit,omitempty"`
	Placeholder string            `json:"placeholder,omitempty"`
	Validation  string            `json:"validation,omitempty"`
	Label       map[string]string `json:"label"`
	Description map[string]string `json:"description,omitempty"`
}

// PropertyOption is one choice of a select; its value is a text or a number.
type PropertyOption struct {
	Label string `json:"label"`
	Value any    `json:"value"`
}

// person is the kind of object that contacts are.
const person = "person"

const presetTime = "2026-01-15T09:00:00.000Z"

// Writable reports whether a contact can carry the tag.
func (t Tag) Writable() bool { return t.Object == person && t.Active && !t.Deleted }

// Writable reports whether an upsert can set the property.
func (p Property) Writable() bool {
	return p.exists() && !p.Disabled && !p.ReadOnly && !p.IsProxy
}

// exists says whether contacts have the property, writable or not.
func (p Property) exists() bool { return p.Object == person && p.Active && !p.Deleted }

// PersonTag is a tag that contacts can carry.
func PersonTag(id, label string) Tag {
	return Tag{ID: id, Label: label, Object: person, Active: true, CreatedAt: presetTime, UpdatedAt: presetTime}
}

// PersonProperty is a custom property that upserts can set. kind is "string",
// "number", "boolean" or "object", input one of the app's input types.
func PersonProperty(id, name, kind, input string) Property {
	return Property{
		ID: id, Name: name, Object: person, Type: kind, Active: true, ShowIn: []string{"profile"},
		Input: PropertyInput{Type: input, Label: map[string]string{"en": name}},
	}
}

// DefaultTags are zeotap, newsletter, vip, and the twins Spring and spring,
// among others that look like them and that no contact can carry.
func DefaultTags() []Tag {
	ticket, deleted, inactive := PersonTag("t-04", "zeotap"), PersonTag("t-05", "spring-2025"), PersonTag("t-06", "dormant")
	ticket.Object, deleted.Deleted, inactive.Active = "ticket", true, false
	upper := PersonTag("t-07", "Newsletter")
	upper.Deleted = true
	return []Tag{
		ticket, upper,
		PersonTag("t-01", "zeotap"), PersonTag("t-02", "newsletter"), PersonTag("t-03", "vip"),
		deleted, inactive,
		PersonTag("t-08", "Spring"), PersonTag("t-09", "spring"),
	}
}

// DefaultProperties are the marker of the audience, zeotap_audiences (a marker
// that audiences share), city, loyalty_points, birthday, preferred_channel (a
// select), interests (a multiselect), newsletter_consent (a checkbox) and
// last_order_at (a date with time), among others that look like them and that
// no upsert can set.
func DefaultProperties(a audience.Audience) []Property {
	marker := "zeotap_audience_" + a.ID
	event := PersonProperty("p-06", marker, "string", "textinput")
	event.Object = "event"
	twin := PersonProperty("p-07", "Loyalty_Points", "string", "textinput")
	twin.Deleted = true
	readOnly := PersonProperty("p-08", "customer_tier", "string", "textinput")
	readOnly.ReadOnly = true
	disabled := PersonProperty("p-09", "shoe_size", "number", "numberinput")
	disabled.Disabled = true
	inactive := PersonProperty("p-10", "favourite_shop", "string", "select")
	inactive.Active = false
	inactive.Input.Options = []PropertyOption{{Label: "Nord", Value: "north"}, {Label: "Süd", Value: "south"}}
	proxy := PersonProperty("p-11", "orders_count", "number", "numberinput")
	proxy.IsProxy, proxy.ProxyVendor, proxy.ExternalReferenceID, proxy.ExternalLabel = true, "shopify", "orders", "Orders"

	channel := PersonProperty("p-12", "preferred_channel", "string", "select")
	channel.Input.Options = []PropertyOption{{Label: "WhatsApp", Value: "whatsapp"}, {Label: "E-Mail", Value: "email"}}
	interests := PersonProperty("p-13", "interests", "object", "multiselect")
	interests.Input.Options = []PropertyOption{{Label: "Running", Value: "running"}, {Label: "Hiking", Value: "hiking"}}

	all := []Property{
		event, twin,
		PersonProperty("p-01", marker, "string", "textinput"),
		PersonProperty("p-02", "city", "string", "textinput"),
		PersonProperty("p-03", "loyalty_points", "number", "numberinput"),
		PersonProperty("p-04", "birthday", "string", "date"),
		PersonProperty("p-05", "zeotap_audiences", "string", "textinput"),
		readOnly, disabled, inactive, proxy, channel, interests,
		PersonProperty("p-14", "newsletter_consent", "boolean", "checkbox"),
		PersonProperty("p-15", "last_order_at", "string", "datetime"),
	}
	for i := range all {
		all[i].OrderIndex = i
	}
	return all
}

// DefaultSegments are seg-<audience> by the marker's value "member", and the
// same audience by the shared marker and by the tag zeotap.
func DefaultSegments(a audience.Audience) []contacts.Segment {
	name := "Zeotap: " + a.Name
	return []contacts.Segment{
		{ID: "seg-" + a.ID, Name: name, All: []contacts.Condition{{Property: "zeotap_audience_" + a.ID, Equals: "member"}}},
		{ID: "seg-" + a.ID + "-shared", Name: name + " (shared marker)", All: []contacts.Condition{{Property: "zeotap_audiences", Contains: "|" + a.ID + "|"}}},
		{ID: "seg-zeotap", Name: "Everybody from Zeotap", All: []contacts.Condition{{Tag: "zeotap"}}},
	}
}
