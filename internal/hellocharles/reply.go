package hellocharles

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"strings"

	"audiencesync/internal/audience"
	"audiencesync/internal/config"
	"audiencesync/internal/vendorhttp"
)

// bareArray is the setting value for an array without an object around it.
const bareArray = "array"

// replyError is a success whose body is not what the settings say, or that
// refuses contacts without naming them. Its text holds no contact data.
type replyError struct {
	kind   vendorhttp.Kind
	detail string
}

// Error implements error.
func (e *replyError) Error() string { return e.detail }

func unreadable(detail string) error {
	return &replyError{kind: vendorhttp.Unreadable, detail: detail}
}

// replies reads the replies to batches of one connection.
type replies struct {
	settings config.BatchContacts
	statuses map[string]audience.Outcome
}

func newReplies(s config.BatchContacts) replies {
	statuses := map[string]audience.Outcome{}
	// A value that stands in two lists is a refusal first, a creation last.
	for _, list := range []struct {
		values  []string
		outcome audience.Outcome
	}{
		{s.Items.Created, audience.Created},
		{s.Items.Updated, audience.Updated},
		{s.Items.Accepted, audience.Accepted},
		{s.Items.Refused, audience.Refused},
	} {
		for _, value := range list.values {
			statuses[value] = list.outcome
		}
	}
	return replies{settings: s, statuses: statuses}
}

// read returns one result for each contact, or a *replyError.
func (r replies) read(reply vendorhttp.Response, contacts []audience.Contact) ([]Result, error) {
	if err := checkSuccess(reply); err != nil {
		return nil, err
	}
	if r.settings.Reply != config.RepliesNone && len(bytes.TrimSpace(reply.Body)) == 0 {
		return nil, unreadable(fmt.Sprintf("it is empty, but batch.reply is %s", r.settings.Reply))
	}
	switch r.settings.Reply {
	case config.RepliesItems:
		return r.items(reply.Body, contacts)
	case config.RepliesCounts:
		return r.counts(reply.Body, contacts)
	default:
		return r.none(reply, contacts)
	}
}

// none accepts every contact of a success. Only the proof confirms them.
func (r replies) none(reply vendorhttp.Response, contacts []audience.Contact) ([]Result, error) {
	if reply.Status == http.StatusMultiStatus || reportsErrors(reply.Body) {
		return nil, unreadable("it reports results of contacts, but batch.reply is none; set it to items or counts")
	}
	return allAre(audience.Accepted, len(contacts)), nil
}

func allAre(outcome audience.Outcome, n int) []Result {
	results := make([]Result, n)
	for i := range results {
		results[i].Outcome = outcome
	}
	return results
}

// checkSuccess refuses a success that did not come from the API (a page of a
// gateway), or whose JSON is cut. A body that need not be read may be empty.
func checkSuccess(reply vendorhttp.Response) error {
	body := bytes.TrimSpace(reply.Body)
	if len(body) == 0 {
		return nil
	}
	kind, _, _ := mime.ParseMediaType(reply.Header.Get("Content-Type"))
	switch {
	case kind == "text/html", body[0] == '<':
		return unreadable("it is a page in HTML, not an answer of the API; check base_url and what stands before it")
	case kind == "application/json", strings.HasSuffix(kind, "+json"), body[0] == '{', body[0] == '[':
		if !json.Valid(body) {
			return unreadable("its JSON is cut or wrong")
		}
	}
	return nil
}

var errTrailing = errors.New("more than one JSON value")

// decode reads one JSON value; numbers stay as they are written.
func decode(body []byte) (any, error) {
	decoder := json.NewDecoder(bytes.NewReader(body))
	decoder.UseNumber()
	var root any
	if err := decoder.Decode(&root); err != nil {
		return nil, err
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return nil, errTrailing
	}
	return root, nil
}

// at descends into objects by a path of keys with dots between them. It
// returns nil where there is nothing.
func at(value any, path string) any {
	for path != "" {
		var key string
		key, path, _ = strings.Cut(path, ".")
		object, ok := value.(map[string]any)
		if !ok {
			return nil
		}
		value = object[key]
	}
	return value
}
