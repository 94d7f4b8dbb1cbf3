package hellocharles_test

import (
	"encoding/json"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"audiencesync/internal/config"
	"audiencesync/internal/hellocharles"
	"audiencesync/internal/vendorhttp"
)

func readable(s *config.HelloCharles) {
	s.Read.ContactPath = "/api/v0/contacts/{source_type}/{reference}"
}

func TestContactIsReadBackAsTheAppAPINamesIt(t *testing.T) {
	t.Parallel()
	w := serve(t, answer(200, `{"data":[
		{"first_name":"Someone","channel_users":[{"external_person_reference_id":"+4915199999999"}]},
		{"id":7,"first_name":"Quintessa","middle_name":null,"last_name":"Example",
		"channel_users":[{"source_type":"shopify","external_person_reference_id":"c-1"},{"external_person_reference_id":"4915112345678"}],
		"phonenumbers":[{"type":"main","value":"+4915112345678"},{"value":"+441632960001"}],
		"emails":[{"value":"quintessa@example.com"},{"value":null}],
		"tags":["VIP","zeotap"],
		"custom_properties":{"card":"gold","points":12.50,"since":null}}]}`), readable)
	held, err := w.api.Contact(t.Context(), plantedReference)
	require.NoError(t, err)
	require.Equal(t, &hellocharles.Held{
		Reference: plantedReference, FirstName: "Quintessa", LastName: "Example",
		Phones: []string{"+4915112345678", "+441632960001"}, Emails: []string{"quintessa@example.com"},
		Tags: []string{"VIP", "zeotap"}, OtherReferences: []string{"c-1"},
		Properties: map[string]any{"card": "gold", "points": json.Number("12.50"), "since": nil},
	}, held)
	require.Equal(t, "GET", w.requests()[0].Method)
	require.Equal(t, "/api/v0/contacts/zeotap/+4915112345678", w.requests()[0].Path)
	require.Equal(t, apiKey, w.requests()[0].Key)
}

func TestContactIsReadBackByTheNamesInTheSettings(t *testing.T) {
	t.Parallel()
	w := serve(t, answer(200, `{"ref":"a/b c?","name":{"first":"Quintessa"},"phone":"+4915112345678","mail":["quintessa@example.com"],
		"labels":[{"label":"VIP"}],"fields":{"card":"gold"}}`), func(s *config.HelloCharles) {
		s.Read.ContactPath = "/people/{reference}?by={source_type}&ref={reference}&limit=1"
		s.Read.Contact = config.ContactNames{
			Reference: "ref", FirstName: "name.first", MiddleName: "name.middle", LastName: "name.last",
			Phones: "phone", Emails: "mail", Tags: "labels.label", Properties: "fields",
		}
	})
	held, err := w.api.Contact(t.Context(), "a/b c?")
	require.NoError(t, err)
	require.Equal(t, &hellocharles.Held{
		Reference: "a/b c?", FirstName: "Quintessa", Phones: []string{plantedReference}, Emails: []string{plantedEmail},
		Tags: []string{"VIP"}, Properties: map[string]any{"card": "gold"},
	}, held)
	require.Equal(t, "/people/a%2Fb%20c%3F", w.requests()[0].Path)
	require.Equal(t, "by=zeotap&limit=1&ref=a%2Fb+c%3F", w.requests()[0].Query)
}

func TestContactThatCannotBeReadBackSaysWhy(t *testing.T) {
	t.Parallel()
	w := serve(t, answer(200, ""))
	_, err := w.api.Contact(t.Context(), plantedReference)
	require.ErrorIs(t, err, hellocharles.ErrCannotRead)
	require.ErrorContains(t, err, "connection acme: contacts cannot be read back: give the call that reads one contact as read.contact_path")

	w = serve(t, answer(200, ""), readable, func(s *config.HelloCharles) { s.Read.Allowed = new(false) })
	_, err = w.api.Contact(t.Context(), plantedReference)
	require.ErrorIs(t, err, hellocharles.ErrCannotRead)
	require.ErrorContains(t, err, "read.allowed")
	require.Empty(t, w.requests())
}

func TestContactThatIsNotThere(t *testing.T) {
	t.Parallel()
	for name, handler := range map[string]http.HandlerFunc{
		"404":        answer(404, `{"errors":[{"message":"Quintessa"}]}`),
		"410":        answer(410, ""),
		"empty list": answer(200, `{"data":[]}`),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := serve(t, handler, readable)
			held, err := w.api.Contact(t.Context(), plantedReference)
			require.Nil(t, held)
			require.ErrorIs(t, err, hellocharles.ErrNoContact)
			require.ErrorContains(t, err, "connection acme: reading a contact back: no contact with this reference is held")
			require.NotContains(t, err.Error(), plantedReference)
		})
	}
}

func TestReplyThatIsNotTheContactIsAnError(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		handler http.HandlerFunc
		kind    vendorhttp.Kind
		text    string
	}{
		"another contact": {answer(200, `{"data":[{"channel_users":[{"external_person_reference_id":"r1"}],"first_name":"Quintessa"}]}`), vendorhttp.Unreadable, "none of its 1 contacts has the reference where read.contact.reference says"},
		"no reference":    {answer(200, `{"data":{"first_name":"Quintessa"}}`), vendorhttp.Unreadable, "read.contact.reference"},
		"the contact twice": {
			answer(200, `{"data":[{"channel_users":{"external_person_reference_id":"+4915112345678"}},{"channel_users":{"external_person_reference_id":"+4915112345678"}}]}`),
			vendorhttp.Unreadable, "several contacts with the reference",
		},
		"no data": {answer(200, `{}`), vendorhttp.Unreadable, "read.contact.data"},
		"text":    {answer(200, `{"data":"Quintessa"}`), vendorhttp.Unreadable, "read.contact.data"},
		"empty":   {answer(200, ``), vendorhttp.Unreadable, "its JSON is cut or wrong"},
		"cut":     {answer(200, `{"data":[{"first_name":"Quintessa"`), vendorhttp.Unreadable, "its JSON is cut or wrong"},
		"page":    {answerAs(200, "text/html", "<p>Quintessa"), vendorhttp.Unreadable, "HTML"},
		"403":     {answer(403, ""), vendorhttp.Forbidden, "read.credential"},
		"405":     {answer(405, ""), vendorhttp.NotFound, "check read.contact_path and base_url"},
		"503":     {answer(503, ""), vendorhttp.Unavailable, "status 503"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := serve(t, test.handler, readable)
			_, err := w.api.Contact(t.Context(), plantedReference)
			failed(t, err, test.kind)
			require.ErrorContains(t, err, test.text)
		})
	}
	w := serve(t, answer(200, ""), readable)
	_, err := w.api.Contact(t.Context(), "")
	failed(t, err, vendorhttp.Misconfigured)
	require.Empty(t, w.requests())
}
