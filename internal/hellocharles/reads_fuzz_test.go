package hellocharles

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"audiencesync/internal/config"
	"audiencesync/internal/vendorhttp"
)

// FuzzLists checks for any page of tags or custom properties: an error, or
// entries that have a name and belong to contacts.
func FuzzLists(f *testing.F) {
	for _, seed := range []string{
		"", "null", "[]", "{}", `{"data":[]}`, `{"data":{}}`, `{"data":[null,7,"x",[],{}]}`, "<html>", `{"data":[`,
		`{"data":[{"id":"t1","label":"VIP","object":"person","active":true,"deleted":false}]}`,
		`{"data":[{"id":1,"label":7,"name":true,"object":"person","active":0,"deleted":"2026-01-31"}]}`,
		`{"data":[{"name":"card","object":"person","type":"string","input":{"type":"select","label":{"de":"Karte"},"options":[{"label":"Gold","value":"gold"},"x",null,[]]}}]}`,
		`{"data":[{"name":"b","object":"person","readonly":1,"input":[]},{"name":"c","object":"event"}],"data":[]}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		page, err := pageIn(vendorhttp.Response{Status: http.StatusOK, Header: http.Header{}, Body: body}, "data")
		if err != nil {
			var wrong *replyError
			require.ErrorAs(t, err, &wrong)
			return
		}
		var records []map[string]any
		for _, item := range page {
			record, _ := item.(map[string]any)
			if identity(record) != "" {
				records = append(records, record)
			}
		}
		for _, tag := range tagsOf(records) {
			require.NotEmpty(t, tag.Label)
		}
		for _, property := range propertiesOf(records) {
			require.NotEmpty(t, property.Name)
			require.NotEmpty(t, property.Label)
			require.NotContains(t, property.Options, "")
		}
	})
}

// FuzzHeld checks for any reply about one contact: the contact with the
// reference, or an error that names nothing of the reply.
func FuzzHeld(f *testing.F) {
	for _, seed := range []string{
		"", "null", "[]", "{}", `{"data":[]}`, `{"data":{}}`, `{"data":[null,7,"x",[],{}]}`, "<html>", `{"data":[`,
		`{"data":[{"channel_users":[{"external_person_reference_id":"+49151"}],"first_name":"A","phonenumbers":[{"value":1}],"tags":["a",{"label":"b"}],"custom_properties":{"a":[1,null]}}]}`,
		`{"data":{"channel_users":{"external_person_reference_id":49151},"emails":"x","custom_properties":[]}}`,
		`{"data":[{"channel_users":[{"external_person_reference_id":"+49151"}]},{"channel_users":[[{"external_person_reference_id":"49151"}]]}]}`,
	} {
		f.Add([]byte(seed), "+49151")
	}
	names := config.DefaultHelloCharles().Read.Contact
	f.Fuzz(func(t *testing.T, body []byte, reference string) {
		held, err := heldIn(vendorhttp.Response{Status: http.StatusOK, Header: http.Header{}, Body: body}, names, reference)
		if err != nil {
			require.Nil(t, held)
			return
		}
		require.Equal(t, reference, held.Reference)
		root, err := decode(body)
		require.NoError(t, err)
		_, holds := references(at(root, names.Data), names.Reference, reference)
		require.True(t, holds)
		require.NotContains(t, held.OtherReferences, reference)
		for _, texts := range [][]string{held.Phones, held.Emails, held.Tags} {
			require.NotContains(t, texts, "")
		}
	})
}

// FuzzSegmentRows checks for any page of a segment: an error, or contacts of
// which each is counted once, by whose it is; the same page again brings none.
func FuzzSegmentRows(f *testing.F) {
	for _, seed := range []string{
		`[]`, `[null]`, `[7]`, `[{}]`, `[{"person":{}}]`,
		`[{"person":{"id":"p1","channel_users":[{"source_type":"zeotap","external_person_reference_id":"+49151"}]}}]`,
		`[{"person":{"id":1,"channel_users":[]}},{"person":{"id":1,"channel_users":null}},{"person":{"channel_users":[7,[],null]}}]`,
		`[{"person":{"id":"p1","channel_users":{"source_type":7,"external_person_reference_id":true}}},{"person":[]}]`,
	} {
		f.Add([]byte(seed))
	}
	settings := config.DefaultHelloCharles()
	settings.SourceType = "zeotap"
	f.Fuzz(func(t *testing.T, body []byte) {
		page, err := pageIn(vendorhttp.Response{Status: http.StatusOK, Header: http.Header{}, Body: body}, "")
		if err != nil {
			return
		}
		rows := newSegmentRows(settings)
		members, err := rows.take(page)
		if err != nil {
			require.Empty(t, members)
			return
		}
		require.EqualValues(t, len(page), int64(len(members))+rows.repeated)
		var read SegmentRead
		for _, member := range members {
			require.NotContains(t, member.References, "")
			read.add(member)
		}
		require.EqualValues(t, len(members), read.Contacts)
		require.Equal(t, read.Contacts, read.Ours+read.OfOthers+read.Unreferenced)
		again, err := rows.take(page)
		require.NoError(t, err)
		require.Empty(t, again)
	})
}
