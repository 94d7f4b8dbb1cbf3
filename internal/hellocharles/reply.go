package hellocharles

import (
	"bytes"
	"encoding/json"
	"fmt"
	"mime"
	"net/http"
	"slices"
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
	settings  config.BatchContacts
	statuses  map[string]audience.Outcome
	transient map[string]bool
	gone      gone
	// refusedWith is the status of the refused request whose body is read; empty for
	// a success.
	refusedWith string
}

func newReplies(s config.BatchContacts, goneBy config.GoneRefusals) replies {
	statuses, transient := map[string]audience.Outcome{}, map[string]bool{}
	// A value that stands in two lists is a refusal first, a creation last.
	for _, list := range []struct {
		values  []string
		outcome audience.Outcome
	}{
		{s.Items.Created, audience.Created},
		{s.Items.Updated, audience.Updated},
		{s.Items.Accepted, audience.Accepted},
		{s.Items.Refused, audience.Refused},
		{s.Items.Transient, audience.Refused},
	} {
		for _, value := range list.values {
			statuses[value] = list.outcome
		}
	}
	for _, value := range s.Items.Transient {
		transient[strings.ToLower(value)] = true
	}
	return replies{settings: s, statuses: statuses, transient: transient, gone: newGone(goneBy)}
}

// mayPass reports whether a status or code of a refusal is in the list
// batch.items.transient.
func (r replies) mayPass(codes ...string) bool {
	return slices.ContainsFunc(codes, func(code string) bool { return r.transient[strings.ToLower(code)] })
}

// read returns one result for each contact, or a *replyError.
func (r replies) read(reply vendorhttp.Response, contacts []audience.Contact) ([]Result, error) {
	if err := checkSuccess(reply); err != nil {
		return nil, err
	}
	form := r.settings.Reply
	if form == config.RepliesNone {
		return r.none(reply, contacts)
	}
	if len(bytes.TrimSpace(reply.Body)) == 0 {
		if form == config.RepliesErrors && reply.Status == http.StatusNoContent {
			return allAre(audience.Accepted, len(contacts)), nil
		}
		return nil, unreadable(fmt.Sprintf("it is empty, but batch.reply is %s", form))
	}
	root, err := decode(reply.Body)
	if err != nil {
		return nil, unreadable(err.Error())
	}
	switch form {
	case config.RepliesItems:
		return r.items(root, newSent(contacts))
	case config.RepliesErrors:
		return r.errors(root, newSent(contacts))
	default:
		return r.counts(root, newSent(contacts))
	}
}

// none accepts every contact of a success. Only the proof confirms them.
func (r replies) none(reply vendorhttp.Response, contacts []audience.Contact) ([]Result, error) {
	if reply.Status == http.StatusMultiStatus || r.reportsErrors(reply.Body) {
		return nil, unreadable("it reports results of contacts, but batch.reply is none; set it to items, errors or counts")
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
			return unreadable(errNotJSON.Error())
		}
	}
	return nil
}
