package hellocharles

import (
	"fmt"
	"maps"
	"slices"

	"audiencesync/internal/audience"
	"audiencesync/internal/config"
)

// item is what a reply says about one contact: an entry of a list, or of an
// object, where its key is the reference.
type item struct {
	value any
	keyed bool
	key   string
}

// items reads a reply that names its contacts, in any order. A contact that it
// does not name, or whose status is in no list, has no outcome. What it lists
// under batch.errors.key is refused, also when it stands among the items.
func (r replies) items(root any, to sent) ([]Result, error) {
	list, ok := itemsAt(root, r.settings.Items)
	if !ok {
		return nil, unreadable("it has no results where batch.items.key says, or not in the shape that batch.items.shape says")
	}
	return r.answersIn(root, list, to).results(), nil
}

// answersIn collects what the results and the refusals of a reply say.
func (r replies) answersIn(root any, list []item, to sent) *answers {
	answers := newAnswers(to)
	for _, entry := range list {
		i, ok := r.placeOf(entry, to)
		if !ok {
			answers.strangers++
			continue
		}
		answers.add(i, r.result(entry.value, to.contacts[i].Reference))
	}
	refused, _ := r.refusals(root, to)
	for i, result := range refused {
		answers.add(i, result)
	}
	return answers
}

// itemsAt returns the results of a reply: of an object in the order of its keys.
func itemsAt(root any, names config.ReplyItems) ([]item, bool) {
	found := root
	if names.Key != bareArray {
		found = at(root, names.Key)
	}
	if names.Shape == config.ItemsObject {
		object, ok := found.(map[string]any)
		return itemsOfObject(object), ok
	}
	list, ok := found.([]any)
	return itemsOfList(list), ok
}

func itemsOfObject(object map[string]any) []item {
	items := make([]item, 0, len(object))
	for _, key := range slices.Sorted(maps.Keys(object)) {
		items = append(items, item{value: object[key], keyed: true, key: key})
	}
	return items
}

func itemsOfList(list []any) []item {
	items := make([]item, len(list))
	for i, value := range list {
		items[i].value = value
	}
	return items
}

func (r replies) placeOf(entry item, to sent) (int, bool) {
	if entry.keyed {
		return to.named(entry.key)
	}
	return to.place(entry.value, r.settings.Items.Reference, r.settings.Items.Index)
}

// result reads one item.
func (r replies) result(value any, reference string) Result {
	names := r.settings.Items
	status := scalar(value)
	if status == "" { // Not the status itself, as an entry of an object may be.
		status = scalarAt(value, names.Status)
	}
	result := Result{Outcome: r.statuses[status]}
	if result.Outcome.Took() {
		return result
	}
	code := scalarAt(value, names.ErrorCode)
	if result.Gone = r.gone.says(status, scalarsAt(value, names.ErrorCode)...); result.Gone {
		result.Outcome = audience.Refused
	}
	result.Code = slug(code, reference)
	result.Message = cut(textAt(value, names.ErrorMessage))
	if result.Outcome == "" && result.Message == "" {
		result.Message = cut(fmt.Sprintf("the status %q is in none of the lists under batch.items", status))
	}
	result.Transient = result.Outcome == audience.Refused && !result.Gone && r.mayPass(status, code)
	return result
}

// answers collects what a reply says of the contacts that were sent.
type answers struct {
	to    sent
	found []Result
	named []bool
	// strangers counts results of contacts that were not sent.
	strangers int
}

func newAnswers(to sent) *answers {
	return &answers{to: to, found: make([]Result, len(to.contacts)), named: make([]bool, len(to.contacts))}
}

// add keeps the worse of two results of one contact.
func (a *answers) add(i int, result Result) {
	if !a.named[i] || severity(result) > severity(a.found[i]) {
		a.found[i] = result
	}
	a.named[i] = true
}

func (a *answers) results() []Result {
	for i := range a.found {
		// The same reference twice in one batch has one answer.
		if first := a.to.places[a.to.contacts[i].Reference]; !a.named[i] && first != i {
			a.found[i], a.named[i] = a.found[first], a.named[first]
		}
		if !a.named[i] {
			a.found[i].Message = notNamed(a.strangers)
		}
	}
	return a.found
}

// notNamed is what is kept of a contact that the reply left out. Other
// references in the reply mean that it spells them in its own way.
func notNamed(strangers int) string {
	if strangers == 0 {
		return "the answer did not name the contact"
	}
	return fmt.Sprintf("the answer did not name the contact; it holds %d results of references that were not sent "+
		"(settings batch.items.reference, batch.items.index)", strangers)
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
	case !r.Gone:
		return 5
	default:
		return 6
	}
}
