package hellocharles

import (
	"encoding/json"
	"fmt"
	"strconv"

	"audiencesync/internal/audience"
)

// items reads a reply that names its contacts, in any order. A contact that it
// does not name, or whose status is in no list, has no outcome.
func (r replies) items(body []byte, contacts []audience.Contact) ([]Result, error) {
	root, err := decode(body)
	if err != nil {
		return nil, unreadable("its JSON is cut or wrong")
	}
	names := r.settings.Items
	if names.Key != bareArray {
		root = at(root, names.Key)
	}
	list, ok := root.([]any)
	if !ok {
		return nil, unreadable("it has no array of results where batch.items.key says")
	}
	sent := make(map[string]int, len(contacts))
	for i := range contacts {
		sent[contacts[i].Reference] = i
	}
	results := make([]Result, len(contacts))
	named := make([]bool, len(contacts))
	strangers := 0
	for _, item := range list {
		i, ok := sent[scalar(at(item, names.Reference))]
		if !ok {
			strangers++
			continue
		}
		result := r.result(item, contacts[i].Reference)
		if !named[i] || severity(result) > severity(results[i]) {
			results[i] = result
		}
		named[i] = true
	}
	for i := range results {
		// The same reference twice in one batch has one answer.
		if first := sent[contacts[i].Reference]; first != i {
			results[i], named[i] = results[first], named[first]
		}
		if !named[i] {
			results[i].Message = notNamed(strangers)
		}
	}
	return results, nil
}

func (r replies) result(item any, reference string) Result {
	names := r.settings.Items
	status := scalar(at(item, names.Status))
	result := Result{Outcome: r.statuses[status]}
	if result.Outcome.Took() {
		return result
	}
	code := scalarAt(item, names.ErrorCode)
	result.Code = slug(code, reference)
	result.Message = cut(textOf(item, names.ErrorMessage))
	if result.Outcome == "" && result.Message == "" {
		result.Message = cut(fmt.Sprintf("the status %q is in none of the lists under batch.items", status))
	}
	result.Transient = result.Outcome == audience.Refused && (isTransient(status) || isTransient(code))
	return result
}

// notNamed is what is kept of a contact that the reply left out. Other
// references in the reply mean that it spells them in its own way.
func notNamed(strangers int) string {
	if strangers == 0 {
		return "the answer did not name the contact"
	}
	return fmt.Sprintf("the answer did not name the contact; it holds %d results of references that were not sent "+
		"(setting batch.items.reference)", strangers)
}

func scalarAt(item any, path string) string {
	if path == "" {
		return ""
	}
	return scalar(at(item, path))
}

// textOf returns the text at a path; an object or a list as its JSON.
func textOf(item any, path string) string {
	if path == "" {
		return ""
	}
	switch value := at(item, path).(type) {
	case nil:
		return ""
	case map[string]any, []any:
		text, err := json.Marshal(value)
		if err != nil {
			return ""
		}
		return string(text)
	default:
		return scalar(value)
	}
}

func isTransient(status string) bool {
	n, err := strconv.Atoi(status)
	return err == nil && (n == 429 || (n >= 500 && n <= 599))
}

// severity orders results of one contact: the worse one counts.
func severity(r Result) int {
	switch {
	case r.Outcome == audience.Created:
		return 0
	case r.Outcome == audience.Updated:
		return 1
	case r.Outcome == audience.Accepted:
		return 2
	case r.Outcome != audience.Refused:
		return 3
	case r.Transient:
		return 4
	default:
		return 5
	}
}
