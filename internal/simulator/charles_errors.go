package simulator

import (
	"errors"
	"io"
	"net/http"
	"strconv"
	"strings"
)

// problem is one entry of the body of an error, as the app API writes it
// (see docs/hello-charles.md section 10; for v1beta it is assumption A7).
type problem struct {
	Code           int    `json:"code"`
	Class          string `json:"class"`
	MessageKey     string `json:"message_key"`
	Message        string `json:"message"`
	DescriptionKey string `json:"description_key"`
	Description    string `json:"description"`
	// Reference or Index names a contact.
	Reference string `json:"external_reference_id,omitempty"`
	Index     *int   `json:"index,omitempty"`
}

type problems struct {
	Errors []problem `json:"errors"`
}

func newProblem(status int, key, text string) problem {
	return problem{
		Code: status, Class: strings.ReplaceAll(http.StatusText(status), " ", "") + "Error",
		MessageKey: key, Message: text, DescriptionKey: key + "_description", Description: text,
	}
}

// writeProblems answers with at least one problem, in the form of the options.
func (c *charles) writeProblems(w http.ResponseWriter, status int, list []problem) {
	switch c.options.Errors {
	case ErrorObject:
		writeJSON(w, status, map[string]refusal{"error": {Code: list[0].MessageKey, Message: list[0].Message}})
	case ErrorEmpty:
		w.WriteHeader(status)
	case ErrorHTML:
		writeHTML(w, status)
	case ErrorList:
		writeJSON(w, status, problems{list})
	}
}

// writeHTML answers like a gateway.
func writeHTML(w http.ResponseWriter, status int) {
	title := strconv.Itoa(status) + " " + http.StatusText(status)
	w.Header().Set("Content-Type", "text/html")
	w.WriteHeader(status)
	_, _ = io.WriteString(w, "<html><head><title>"+title+"</title></head><body><h1>"+title+"</h1></body></html>")
}

// callError refuses a call as a whole. Its text names keys, never values.
type callError struct {
	status    int
	key, text string
	// contacts are why, where single ones are.
	contacts []result
}

func (e *callError) Error() string { return e.text }

func badRequest(key, text string) error {
	return &callError{status: http.StatusBadRequest, key: key, text: text}
}

func (c *charles) refuseCall(w http.ResponseWriter, err error) {
	bad, known := errors.AsType[*callError](err)
	switch {
	case !known:
		c.refuse(w, http.StatusInternalServerError, "internal", err.Error())
	case len(bad.contacts) > 0:
		c.writeProblems(w, bad.status, c.named(bad.status, bad.contacts))
	default:
		c.refuse(w, bad.status, bad.key, bad.text)
	}
}

// mostUnnamed is the most problems of a call that names no contacts.
const mostUnnamed = 10

// named turns refused contacts into problems. Without names they are told by
// their place in the text, as for a human reader, and not all of them.
func (c *charles) named(status int, contacts []result) []problem {
	list := []problem{}
	for _, one := range contacts {
		if one.Error == nil {
			continue
		}
		p := newProblem(status, one.Error.Code, one.Error.Message)
		if one.http != 0 {
			p.Code = one.http
		}
		switch place := one.place; c.options.Batch.Names {
		case NameReference:
			p.Reference = one.Reference
		case NameIndex:
			p.Index = &place
		case NameNobody:
			if len(list) == mostUnnamed {
				return list
			}
			p.Message = "contacts[" + strconv.Itoa(place) + "]: " + p.Message
		}
		list = append(list, p)
	}
	return list
}
