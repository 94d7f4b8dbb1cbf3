package hellocharles_test

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"audiencesync/internal/config"
	"audiencesync/internal/hellocharles"
)

func TestAContactExistsOrNotOrItCannotBeKnown(t *testing.T) {
	t.Parallel()
	const record = `{"channel_users":[{"external_person_reference_id":"+4915112345678"}]}`
	forbidden := func(s *config.HelloCharles) { readable(s); s.Read.Allowed = new(false) }
	tests := map[string]struct {
		handler http.HandlerFunc
		change  func(*config.HelloCharles)
		want    hellocharles.Existence
		text    string
	}{
		"there":            {answer(200, `{"data":[`+record+`]}`), readable, hellocharles.Exists, ""},
		"404":              {answer(404, `{"errors":[{"code":404}]}`), readable, hellocharles.Absent, ""},
		"410":              {answer(410, ""), readable, hellocharles.Absent, ""},
		"empty list":       {answer(200, `{"data":[]}`), readable, hellocharles.Absent, ""},
		"no call":          {answer(404, ""), func(*config.HelloCharles) {}, hellocharles.Unknowable, "give the call that reads one contact as read.contact_path"},
		"no reads":         {answer(404, ""), forbidden, hellocharles.Unknowable, "setting read.allowed"},
		"403":              {answer(403, ""), readable, hellocharles.Unknowable, "read.credential"},
		"405":              {answer(405, ""), readable, hellocharles.Unknowable, "check read.contact_path and base_url"},
		"page of a 404":    {answerAs(404, "text/html", "<h1>Not found</h1>"), readable, hellocharles.Unknowable, "check read.contact_path and base_url"},
		"429":              {answer(429, ""), readable, hellocharles.Unknowable, "too many requests"},
		"503":              {answer(503, ""), readable, hellocharles.Unknowable, "status 503"},
		"cut":              {cutAfter(`{"data":`), readable, hellocharles.Unknowable, "the connection was lost"},
		"somebody else":    {answer(200, `{"data":[{"channel_users":[]}]}`), readable, hellocharles.Unknowable, "none of its 1 contacts has the reference"},
		"twice":            {answer(200, `{"data":[`+record+`,`+record+`]}`), readable, hellocharles.Unknowable, "several contacts"},
		"no data":          {answer(200, `{}`), readable, hellocharles.Unknowable, "read.contact.data"},
		"204, an odd word": {answer(204, ""), readable, hellocharles.Unknowable, "its JSON is cut or wrong"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := serve(t, test.handler, test.change)
			existence, err := hellocharles.ExistenceOf(t.Context(), w.api, plantedReference)
			require.Equal(t, test.want, existence)
			if test.text == "" {
				require.NoError(t, err)
				return
			}
			require.ErrorContains(t, err, test.text)
			require.ErrorContains(t, err, "connection acme: ")
			require.NotContains(t, err.Error(), plantedReference)
		})
	}
}
