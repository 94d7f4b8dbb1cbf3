package simulator

import (
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"audiencesync/internal/simulator/contacts"
)

// personRecord is a contact as the app API has it (section 9).
type personRecord struct {
	ID               string                     `json:"id"`
	FirstName        string                     `json:"first_name"`
	MiddleName       string                     `json:"middle_name"`
	LastName         string                     `json:"last_name"`
	Emails           []channelRecord            `json:"emails"`
	Phonenumbers     []channelRecord            `json:"phonenumbers"`
	Tags             []string                   `json:"tags"`
	CustomProperties map[string]json.RawMessage `json:"custom_properties"`
	ChannelUsers     []channelUser              `json:"channel_users"`
}

type channelRecord struct {
	Type  string `json:"type"`
	Value string `json:"value"`
}

// contactPath is the pattern of the path that reads one contact, and the query
// that goes with it; empty when there is none.
func (c *charles) contactPath() (path string, query url.Values) {
	if c.options.ContactPath == "none" {
		return "", nil
	}
	path, raw, _ := strings.Cut(c.options.ContactPath, "?")
	query, err := url.ParseQuery(raw)
	if err != nil {
		return "", nil
	}
	return path, query
}

// readContact answers with one contact: 404 when there is none, or an empty
// list where the reference came in the query.
func (c *charles) readContact(w http.ResponseWriter, r *http.Request) {
	reference, source := r.PathValue("reference"), r.PathValue("source_type")
	_, query := c.contactPath()
	inQuery := false
	for key, values := range query {
		switch values[0] {
		case "{reference}":
			reference, inQuery = r.URL.Query().Get(key), true
		case "{source_type}":
			source = r.URL.Query().Get(key)
		}
	}
	contact, known := c.store.Contact(reference)
	known = known && (source == "" || slices.Contains(contact.Keys, contacts.Key{SourceType: source, Reference: reference}))
	switch {
	case known:
		exchangeOf(r).items = 1
		writeJSON(w, http.StatusOK, map[string]any{"data": []personRecord{c.person(contact)}})
	case inQuery:
		writeJSON(w, http.StatusOK, map[string]any{"data": []personRecord{}})
	default:
		c.refuse(w, http.StatusNotFound, "not_found", "no such contact")
	}
}

func (c *charles) person(contact contacts.Contact) personRecord {
	record := personRecord{
		ID: contact.ID, FirstName: contact.FirstName, MiddleName: contact.MiddleName, LastName: contact.LastName,
		Emails: channelRecords("email", contact.Emails), Phonenumbers: channelRecords("mobile", contact.Phones),
		Tags: append([]string{}, contact.Tags...), CustomProperties: contact.Properties, ChannelUsers: channelUsers(contact),
	}
	if c.options.TagsByID {
		for i, label := range record.Tags {
			record.Tags[i] = c.tags.Load().ids[label]
		}
	}
	if record.CustomProperties == nil {
		record.CustomProperties = map[string]json.RawMessage{}
	}
	return record
}

func channelRecords(kind string, values []string) []channelRecord {
	records := make([]channelRecord, 0, len(values))
	for _, value := range values {
		records = append(records, channelRecord{kind, value})
	}
	return records
}

// channelUsers are the references of a contact.
func channelUsers(contact contacts.Contact) []channelUser {
	users := make([]channelUser, 0, len(contact.Keys))
	for i, key := range contact.Keys {
		id := "cu-" + contact.ID
		if i > 0 {
			id += "-" + strconv.Itoa(i)
		}
		users = append(users, channelUser{
			ID: id, SourceType: key.SourceType, SourceAPI: "contact_api",
			Reference: key.Reference, FirstName: contact.FirstName, LastName: contact.LastName,
		})
	}
	return users
}
