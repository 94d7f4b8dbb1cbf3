package simulator

import (
	"errors"
	"fmt"
	"net/http"

	"audiencesync/internal/simulator/contacts"
	"audiencesync/internal/simulator/faults"
)

// result is what became of one contact of a call.
type result struct {
	Reference string   `json:"external_reference_id"`
	Status    string   `json:"status"`
	Error     *refusal `json:"error,omitempty"`

	id string
}

// The statuses of a result.
const (
	statusCreated = "created"
	statusUpdated = "updated"
	statusRefused = "refused"
)

// putContact is the documented call: one contact.
func (c *charles) putContact(w http.ResponseWriter, r *http.Request) {
	walker, err := readJSON(r)
	if err != nil {
		c.refuseCall(w, err)
		return
	}
	body, err := readContact(walker)
	if err != nil {
		c.refuseCall(w, err)
		return
	}
	results, err := c.take(r, []contactBody{body}, 0)
	if err != nil {
		c.refuseCall(w, err)
		return
	}
	switch one := results[0]; {
	case one.Status == statusRefused:
		c.refuse(w, http.StatusUnprocessableEntity, one.Error.Code, one.Error.Message)
	case c.options.Batch.Reply == ReplyNone:
		w.WriteHeader(http.StatusNoContent)
	case one.Status == statusCreated:
		writeJSON(w, http.StatusCreated, one.record())
	default:
		writeJSON(w, http.StatusOK, one.record())
	}
}

// record is the answer to a single upsert, in the envelope of the app API.
func (r result) record() any {
	return map[string]any{"data": []any{map[string]string{"id": r.id, "external_reference_id": r.Reference}}}
}

// putBatch is the batched call, as the options shape it.
func (c *charles) putBatch(w http.ResponseWriter, r *http.Request) {
	bodies, err := c.batch(r)
	if err != nil {
		c.refuseCall(w, err)
		return
	}
	results, err := c.take(r, bodies, 1)
	if err != nil {
		c.refuseCall(w, err)
		return
	}
	c.replyToBatch(w, results)
}

// batch reads the contacts of a batch call, which has at least one.
func (c *charles) batch(r *http.Request) ([]contactBody, error) {
	walker, err := readJSON(r)
	if err != nil {
		return nil, err
	}
	bodies, err := readBatch(walker, c.options.Batch.Envelope, c.options.Batch.MaxItems)
	if err == nil && len(bodies) == 0 {
		err = badRequest("empty", "the batch has no contacts")
	}
	return bodies, err
}

func (c *charles) replyToBatch(w http.ResponseWriter, results []result) {
	counts := map[string]int{statusCreated: 0, statusUpdated: 0, statusRefused: 0}
	for _, one := range results {
		counts[one.Status]++
	}
	status := http.StatusOK
	if counts[statusRefused] > 0 {
		if c.options.Batch.AllOrNothing {
			writeJSON(w, http.StatusUnprocessableEntity, refusedItems(results))
			return
		}
		status = http.StatusMultiStatus
	}
	switch c.options.Batch.Reply {
	case ReplyNone:
		w.WriteHeader(http.StatusNoContent)
	case ReplyCounts:
		writeJSON(w, status, counts)
	case ReplyItems:
		writeJSON(w, status, map[string][]result{"items": results})
	}
}

// refusedItems names the refused contacts of a batch by their place, ten at most.
func refusedItems(results []result) problems {
	var p problems
	for i, one := range results {
		if one.Error != nil && len(p.Errors) < 10 {
			text := fmt.Sprintf("contacts[%d]: %s", i, one.Error.Message)
			p.Errors = append(p.Errors, newProblem(http.StatusUnprocessableEntity, one.Error.Code, text))
		}
	}
	return p
}

func (c *charles) refuseCall(w http.ResponseWriter, err error) {
	bad, known := errors.AsType[*callError](err)
	if !known {
		bad = &callError{http.StatusInternalServerError, "internal", err.Error()}
	}
	c.refuse(w, bad.status, bad.key, bad.text)
}

// take checks the contacts of a call and applies those that are not refused.
func (c *charles) take(r *http.Request, bodies []contactBody, batches int64) ([]result, error) {
	x := exchangeOf(r)
	x.items = len(bodies)
	engine := c.sim.engine.Load()
	results := make([]result, len(bodies))
	accepted := make([]contacts.Upsert, 0, len(bodies))
	places := make([]int, 0, len(bodies))
	var dropped int64
	for i := range bodies {
		u, no, lost, err := c.upsert(&bodies[i])
		if err != nil {
			return nil, err
		}
		if no == nil {
			no = planned(engine, bodies[i].reference)
		}
		results[i] = result{Reference: bodies[i].reference, Status: statusRefused, Error: no}
		if no == nil {
			accepted, places = append(accepted, u), append(places, i)
			dropped += lost
		}
	}
	policy := contacts.Policy{
		ClearOmitted:     c.options.ClearOmitted,
		ChannelsToCreate: c.options.ChannelsToCreate,
		AllOrNothing:     c.options.Batch.AllOrNothing,
	}
	if len(accepted) == len(bodies) || !policy.AllOrNothing {
		effects, applied := c.store.Apply(accepted, policy)
		x.applied = applied && len(effects) > 0
		for i, effect := range effects {
			results[places[i]].tell(effect, applied)
		}
	}
	refused := 0
	for _, one := range results {
		if one.Status == statusRefused {
			refused++
		}
	}
	c.counters.upserts(batches, int64(len(bodies)), int64(refused), dropped)
	return results, nil
}

// planned returns why the fault plan refuses the contact, if it does.
func planned(engine *faults.Engine, reference string) *refusal {
	plan, refuses := engine.Refuses(reference)
	if !refuses {
		return nil
	}
	no := &refusal{plan.Code, plan.Message}
	defaultTo(&no.Code, "contact_refused")
	defaultTo(&no.Message, "the contact is refused")
	return no
}

// tell fills in what the store did. A contact of a batch that was not applied
// stays refused, without a reason of its own.
func (r *result) tell(effect contacts.Effect, applied bool) {
	r.id = effect.ID
	switch {
	case effect.Missing != "":
		r.Error = &refusal{effect.Missing + "_required", effect.Missing + " is required to create a contact"}
	case !applied:
	case effect.Created:
		r.Status = statusCreated
	default:
		r.Status = statusUpdated
	}
}
