package simulator_test

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"audiencesync/internal/simulator"
)

func TestAContactCanBeReadBack(t *testing.T) {
	t.Parallel()
	w := start(t, simulator.Options{Charles: simulator.CharlesOptions{StitchPhone: true}})
	w.do("PUT", w.charles+single, contact("+491"), http.StatusCreated, nil)
	w.do("PUT", w.charles+single, contact("a/b"), http.StatusOK, nil)
	for _, path := range []string{"/+491", "/a%2Fb"} {
		got := w.do("GET", w.charles+single+path, nil, http.StatusOK, nil)
		stored, _ := w.Contact("+491")
		require.JSONEq(t, `{"data":[{
			"id":"`+stored.ID+`","first_name":"Zoë","middle_name":"","last_name":"",
			"emails":[{"type":"email","value":"zoe@example.com"}],"phonenumbers":[{"type":"mobile","value":"+4915112345678"}],
			"tags":["zeotap"],"custom_properties":{"zeotap_audience_984":"member"},
			"channel_users":[
				{"id":"cu-`+stored.ID+`","source_type":"zeotap","source_api":"contact_api","external_person_reference_id":"+491","first_name":"Zoë","last_name":""},
				{"id":"cu-`+stored.ID+`-1","source_type":"zeotap","source_api":"contact_api","external_person_reference_id":"a/b","first_name":"Zoë","last_name":""}
			]}]}`, string(got.body))
	}
	w.do("GET", w.charles+single+"/+492", nil, http.StatusNotFound, nil)
	require.EqualValues(t, 2, w.Stats().Requests["contact_read"]["200"])
}

func TestTheReferenceCanBeAskedForInTheQuery(t *testing.T) {
	t.Parallel()
	w := start(t, simulator.Options{Charles: simulator.CharlesOptions{
		ContactPath: "/api/v0/people?source={source_type}&reference={reference}", TagsByID: true,
	}})
	w.do("PUT", w.charles+single, with(contact("+491"), "tags", []string{"t-01"}), http.StatusCreated, nil)
	people := w.list("/api/v0/people?reference=%2B491&source=zeotap")
	require.Equal(t, []any{"t-01"}, people[0]["tags"])
	require.Empty(t, w.list("/api/v0/people?reference=%2B491&source=crm"))
	require.Empty(t, w.list("/api/v0/people?reference=%2B492&source=zeotap"))
}

func TestThereMayBeNoCallThatReadsAContact(t *testing.T) {
	t.Parallel()
	w := start(t, simulator.Options{Charles: simulator.CharlesOptions{ContactPath: "none"}})
	w.do("PUT", w.charles+single, contact("a"), http.StatusCreated, nil)
	w.do("GET", w.charles+single+"/a", nil, http.StatusNotFound, nil)
}
