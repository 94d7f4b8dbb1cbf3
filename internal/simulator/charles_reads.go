package simulator

import (
	"net/http"
	"slices"
	"strconv"

	"audiencesync/internal/simulator/contacts"
)

// The page sizes of reads (A12): what is served without a limit, and at most.
const (
	defaultPage = 1000
	largestPage = 1000
)

func (c *charles) listTags(w http.ResponseWriter, r *http.Request) {
	writeList(c, w, r, c.tags.Load().all)
}

func (c *charles) listProperties(w http.ResponseWriter, r *http.Request) {
	writeList(c, w, r, c.options.Properties)
}

// writeList answers with a part of the records, in the envelope of the app API.
func writeList[T any](c *charles, w http.ResponseWriter, r *http.Request, all []T) {
	if !c.options.IgnorePaging {
		limit, offset, err := paging(r, defaultPage, largestPage)
		if err != nil {
			c.refuse(w, http.StatusBadRequest, "paging", err.Error())
			return
		}
		from := min(int(offset), len(all))
		all = all[from:min(from+int(limit), len(all))]
	}
	exchangeOf(r).items = len(all)
	writeJSON(w, http.StatusOK, map[string]any{"data": append([]T{}, all...)})
}

// contactListRecord is a record of GET /api/v0/contact_lists (section 7).
type contactListRecord struct {
	ID        string   `json:"id"`
	Name      string   `json:"name"`
	Type      string   `json:"type"`
	Summary   string   `json:"summary"`
	Rules     any      `json:"rules"`
	Labels    []string `json:"labels"`
	Hide      bool     `json:"hide"`
	Active    bool     `json:"active"`
	Deleted   bool     `json:"deleted"`
	CreatedAt string   `json:"created_at"`
	UpdatedAt string   `json:"updated_at"`
}

// contactLists are the segments, and a static list and a deleted segment that
// cannot be counted.
func (c *charles) contactLists() []contactListRecord {
	record := func(id, name, kind string) contactListRecord {
		return contactListRecord{
			ID: id, Name: name, Type: kind, Labels: []string{}, Active: true, CreatedAt: presetTime, UpdatedAt: presetTime,
		}
	}
	deleted := record("seg-deleted", "Zeotap: old campaign", "dynamic")
	deleted.Deleted, deleted.Active = true, false
	all := make([]contactListRecord, 0, 2+len(c.options.Segments))
	all = append(all, record("list-fair", "Trade fair", "static"), deleted)
	for _, segment := range c.options.Segments {
		dynamic := record(segment.ID, segment.Name, "dynamic")
		dynamic.Rules = rules(segment)
		all = append(all, dynamic)
	}
	return all
}

// rules writes a segment's conditions in the shape of the public SDK's types;
// the words of the operators are assumption A10.
func rules(segment contacts.Segment) any {
	type object = map[string]any
	list := make([]any, 0, len(segment.All))
	for _, condition := range segment.All {
		operand, op, value := "properties.custom-property", "equals", condition.Equals
		if condition.Contains != "" {
			op, value = "contains", condition.Contains
		}
		if condition.Tag != "" {
			operand, op, value = "properties.tags", "contains", condition.Tag
		}
		list = append(list, object{
			"operand": operand, "mergeType": "inclusion",
			"requiredFilters": object{"op": "AND", "rules": []any{
				object{"operand": condition.Property, "op": op, "value": value, "valueType": "STRING"},
			}},
		})
	}
	return object{"op": "AND", "rules": list}
}

func (c *charles) listContactLists(w http.ResponseWriter, r *http.Request) {
	all := c.contactLists()
	if r.Method == http.MethodHead {
		c.writeCount(w, int64(len(all)))
		return
	}
	writeList(c, w, r, all)
}

func (c *charles) contactList(w http.ResponseWriter, r *http.Request) {
	for _, list := range c.contactLists() {
		if list.ID == r.PathValue("id") && !list.Deleted {
			writeJSON(w, http.StatusOK, map[string]any{"data": []contactListRecord{list}})
			return
		}
	}
	c.refuse(w, http.StatusNotFound, "not_found", "no such contact list")
}

// segment returns the number of the segment in the path, or answers 404.
func (c *charles) segment(w http.ResponseWriter, r *http.Request) (int, bool) {
	at := slices.IndexFunc(c.options.Segments, func(s contacts.Segment) bool { return s.ID == r.PathValue("id") })
	if at < 0 {
		c.refuse(w, http.StatusNotFound, "not_found", "no such segment")
	}
	return at, at >= 0
}

func (c *charles) segmentCount(w http.ResponseWriter, r *http.Request) {
	if at, known := c.segment(w, r); known {
		c.writeCount(w, c.store.Count(at))
	}
}

func (c *charles) writeCount(w http.ResponseWriter, count int64) {
	if !c.options.NoCountHeader && !c.sim.engine.Load().Plan().Preview.NoCount {
		w.Header().Set("X-Resource-Count", strconv.FormatInt(count, 10))
	}
	w.WriteHeader(http.StatusOK)
}

// segmentRow is a row of the preview (section 7).
type segmentRow struct {
	Person      personRow `json:"person"`
	StaticEntry any       `json:"static_entry"`
}

type personRow struct {
	ID           string        `json:"id"`
	FirstName    string        `json:"first_name"`
	MiddleName   string        `json:"middle_name"`
	LastName     string        `json:"last_name"`
	Tags         []string      `json:"tags"`
	ChannelUsers []channelUser `json:"channel_users"`
}

type channelUser struct {
	ID         string `json:"id"`
	SourceType string `json:"source_type"`
	SourceAPI  string `json:"source_api"`
	Reference  string `json:"external_person_reference_id"`
	FirstName  string `json:"first_name"`
	LastName   string `json:"last_name"`
}

func (c *charles) segmentMembers(w http.ResponseWriter, r *http.Request) {
	at, known := c.segment(w, r)
	if !known {
		return
	}
	limit, offset, err := paging(r, defaultPage, largestPage)
	if err != nil {
		c.refuse(w, http.StatusBadRequest, "paging", err.Error())
		return
	}
	plan := c.sim.engine.Load().Plan().Preview
	if plan.Forbidden {
		c.refuse(w, http.StatusForbidden, "forbidden", "the credential lacks the permission")
		return
	}
	limit, offset = plan.Part(limit, offset)
	rows := []segmentRow{}
	for _, contact := range c.store.Members(at, offset, limit) {
		rows = append(rows, segmentRow{Person: personRow{
			ID: contact.ID, FirstName: contact.FirstName, MiddleName: contact.MiddleName, LastName: contact.LastName,
			Tags: append([]string{}, contact.Tags...), ChannelUsers: channelUsers(contact),
		}})
	}
	exchangeOf(r).items = len(rows)
	writeJSON(w, http.StatusOK, map[string]any{"data": rows})
}
