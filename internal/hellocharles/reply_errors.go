package hellocharles

import (
	"net/http"
	"strconv"
	"strings"

	"audiencesync/internal/audience"
	"audiencesync/internal/config"
	"audiencesync/internal/vendorhttp"
)

// errors reads a reply that lists the refused contacts only; the others are
// accepted. An entry that does not say which contact it is about could be about
// any of them: then nothing is accepted.
func (r replies) errors(root any, to sent) ([]Result, error) {
	list, ok := r.errorsAt(root)
	if !ok {
		return nil, unreadable("it has no list of refused contacts where batch.errors.key says")
	}
	if reports(root, except(r.settings.Errors.Key)) {
		return nil, unreadable("it reports an error beside the list of refused contacts (setting batch.errors.key)")
	}
	refused, anonymous := r.refusalsIn(list, to)
	if anonymous > 0 {
		return nil, unreadable("it lists a refused contact that was not sent, or does not say which one it is " +
			"(settings batch.errors.reference, batch.errors.index)")
	}
	results := allAre(audience.Accepted, len(to.contacts))
	for i, refusal := range refused {
		results[i] = refusal
	}
	return results, nil
}

// refusedByName turns a request that was refused as a whole into results, if
// the refusal names contacts that were sent: those are refused, the others were
// not applied.
func (r replies) refusedByName(failed *vendorhttp.Error, contacts []audience.Contact) ([]Result, bool) {
	switch failed.Status {
	case http.StatusBadRequest, http.StatusConflict, http.StatusUnprocessableEntity, http.StatusNotFound, http.StatusGone:
	default:
		return nil, false
	}
	root, err := decode(failed.Body)
	if err != nil {
		return nil, false
	}
	to := newSent(contacts)
	refused, _ := r.refusedBy(failed).refusals(root, to)
	if r.settings.Reply == config.RepliesItems {
		r.addRefusedItems(refused, root, to)
	}
	if len(refused) == 0 || isNotFound(failed.Status) && !anyGone(refused) {
		return nil, false
	}
	results := make([]Result, len(contacts))
	for i := range results {
		if refusal, ok := refused[i]; ok {
			results[i] = refusal
		} else {
			results[i].NotApplied = true
		}
	}
	return results, true
}

// refusedBy reads the body of a refused request.
func (r replies) refusedBy(failed *vendorhttp.Error) replies {
	r.refusedWith = strconv.Itoa(failed.Status)
	return r
}

func anyGone(refused map[int]Result) bool {
	for _, refusal := range refused {
		if refusal.Gone {
			return true
		}
	}
	return false
}

// addRefusedItems adds the refused ones among the items of a refusal. That it
// calls others accepted is not believed: the request was refused.
func (r replies) addRefusedItems(refused map[int]Result, root any, to sent) {
	list, _ := itemsAt(root, r.settings.Items)
	for _, entry := range list {
		i, ok := r.placeOf(entry, to)
		if !ok {
			continue
		}
		result := r.result(entry.value, to.contacts[i].Reference)
		if earlier, twice := refused[i]; result.Outcome == audience.Refused && (!twice || severity(result) > severity(earlier)) {
			refused[i] = result
		}
	}
}

// refusals returns the refused contacts that a reply names under
// batch.errors.key, by place, and the number of entries that name nobody.
func (r replies) refusals(root any, to sent) (refused map[int]Result, anonymous int) {
	if r.settings.Reply == config.RepliesItems && r.settings.Errors.Key == r.settings.Items.Key {
		return map[int]Result{}, 0 // Those are the items, each with a status.
	}
	list, _ := r.errorsAt(root)
	return r.refusalsIn(list, to)
}

// errorsAt returns the entries under batch.errors.key; null is an empty list.
func (r replies) errorsAt(root any) ([]item, bool) {
	found, ok := root, true
	if key := r.settings.Errors.Key; key != bareArray {
		found, ok = lookUp(root, key)
	}
	switch found := found.(type) {
	case nil:
		return nil, ok
	case []any:
		return itemsOfList(found), true
	case map[string]any:
		return itemsOfObject(found), true
	default:
		return nil, false
	}
}

func (r replies) refusalsIn(list []item, to sent) (refused map[int]Result, anonymous int) {
	refused = map[int]Result{}
	for _, entry := range list {
		i, ok := r.placeOfError(entry, to)
		if !ok {
			anonymous++
			continue
		}
		result := r.refusal(entry, to.contacts[i].Reference)
		if earlier, twice := refused[i]; !twice || severity(result) > severity(earlier) {
			refused[i] = result
		}
	}
	return refused, anonymous
}

// placeOfError finds the contact of an error: the key of an object's entry is
// the reference, and the entry of a list may be the reference alone.
func (r replies) placeOfError(entry item, to sent) (int, bool) {
	if entry.keyed {
		return to.named(entry.key)
	}
	if reference, ok := entry.value.(string); ok {
		return to.named(reference)
	}
	return to.place(entry.value, r.settings.Errors.Reference, r.settings.Errors.Index)
}

// refusal reads one error that names its contact.
func (r replies) refusal(entry item, reference string) Result {
	if _, bare := entry.value.(string); bare && !entry.keyed {
		return Result{
			Outcome: audience.Refused, Message: "the contact is listed as refused, without a reason", Gone: r.gone.says(r.refusedWith),
		}
	}
	told := r.reasonOf(entry.value, reference)
	if told.message == "" {
		told.message = text(entry.value)
	}
	return told.refusal()
}

// refusalOfOne turns a refused request that held one contact into the refusal
// of that contact, which it need not name. Other 4xx are about the request, not
// about the contact, unless the settings say that they mean that it is gone.
func (r replies) refusalOfOne(failed *vendorhttp.Error, contact audience.Contact) (Result, bool) {
	told := r.refusedBy(failed).reasonFrom(failed.Body, contact.Reference)
	switch failed.Status {
	case http.StatusBadRequest, http.StatusConflict, http.StatusUnprocessableEntity, http.StatusRequestEntityTooLarge:
		return told.refusal(), true
	case http.StatusNotFound, http.StatusGone:
		return told.refusal(), told.gone
	default:
		return Result{}, false
	}
}

// reasonFrom is the reason in a body that is about one contact and does not name
// it, or whatever stands there. It never fails: gateways answer in HTML.
func (r replies) reasonFrom(body []byte, reference string) reason {
	var told reason
	if root, err := decode(body); err == nil {
		told = r.reasonOfAll(r.errorsIn(root), reference)
	}
	if told.message == "" {
		told.message = strings.TrimSpace(string(body))
	}
	told.gone = !isPage(body) && (told.gone || r.gone.says(r.refusedWith, told.codes...))
	return told
}
