package simulator

import (
	"net/http"

	"audiencesync/internal/simulator/contacts"
	"audiencesync/internal/simulator/faults"
)

// result is what became of one contact of a call.
type result struct {
	Reference string
	Status    string
	Error     *refusal

	// place is where it stands in the call, http the number of its refusal.
	place, http int
	id          string
	// hidden results are left out of the reply; lost contacts are said to be taken.
	hidden, lost bool
}

// The statuses of a result.
const (
	statusCreated  = "created"
	statusUpdated  = "updated"
	statusAccepted = "accepted"
	statusRefused  = "refused"
)

// refuse makes the result a refusal.
func (r *result) refuse(no *refusal, status int) {
	r.Status, r.Error, r.http = statusRefused, no, status
}

// putContact is the documented call: one contact.
func (c *charles) putContact(w http.ResponseWriter, r *http.Request) {
	walker, err := readJSON(r, c.options.MaxBodyBytes)
	if err != nil {
		c.refuseCall(w, err)
		return
	}
	body, err := readContact(walker)
	if err != nil {
		c.refuseCall(w, c.malformed(err))
		return
	}
	results, err := c.take(r, []contactBody{body}, 0)
	if err != nil {
		c.refuseCall(w, err)
		return
	}
	c.replyToContact(w, results[0])
}

// putBatch is the batched call, as the options shape it.
func (c *charles) putBatch(w http.ResponseWriter, r *http.Request) {
	walker, err := readJSON(r, c.options.MaxBodyBytes)
	if err != nil {
		c.refuseCall(w, err)
		return
	}
	bodies, err := c.readBatch(walker)
	if err == nil && len(bodies) == 0 && c.options.Batch.EmptyStatus != http.StatusOK {
		err = badRequest("empty", "the batch has no contacts")
	}
	if err != nil {
		c.refuseCall(w, err)
		return
	}
	results, err := c.take(r, bodies, c.sim.engine.Load().NextBatch())
	if err != nil {
		c.refuseCall(w, err)
		return
	}
	c.replyToBatch(w, results)
}

// intake is one call on its way into the workspace.
type intake struct {
	results []result
	// accepted are the upserts to apply, places where their results are.
	accepted []contacts.Upsert
	places   []int
	lost     int64
	dropped  int64
}

// take checks the contacts of a call and applies those that are not refused.
// batch is the number of the batch call, 0 for a single contact.
func (c *charles) take(r *http.Request, bodies []contactBody, batch int64) ([]result, error) {
	x := exchangeOf(r)
	x.items = len(bodies)
	if c.crashes(bodies, batch) {
		return nil, &callError{status: http.StatusInternalServerError, key: "internal", text: "internal error"}
	}
	in, whole := c.examine(bodies, batch)
	options := c.options.Batch
	var refused int64
	for i := range in.results {
		if in.results[i].Error != nil {
			refused++
		}
	}
	switch {
	case whole, refused > 0 && options.AllOrNothing && batch > 0 && !options.Queued:
		return nil, c.refuseAll(in.results, batch)
	case options.Queued && batch > 0:
		c.enqueue(in)
		x.applied = options.QueueDelay == 0 && len(in.accepted) > 0
		c.count(batch, in, refused)
		for i := range in.results {
			in.results[i].Status, in.results[i].Error = statusAccepted, nil
		}
		return in.results, nil
	}
	effects, applied := c.store.Apply(in.accepted, c.policy(batch))
	x.applied = applied && len(effects) > 0
	for i, effect := range effects {
		one := &in.results[in.places[i]]
		one.tell(effect, c.options.NoContact)
		if one.Error != nil {
			refused++
		}
	}
	if !applied {
		return nil, c.refuseAll(in.results, batch)
	}
	c.count(batch, in, refused)
	return in.results, nil
}

// crashes says whether a contact of a call brings the API down.
func (c *charles) crashes(bodies []contactBody, batch int64) bool {
	engine, crash := c.sim.engine.Load(), false
	for i := range bodies {
		// All of them are attempts.
		crash = engine.Crashes(faults.Spot{Reference: bodies[i].reference, Batch: batch, Place: i, Of: len(bodies)}) || crash
	}
	return crash
}

// examine checks the contacts of a call. whole says that the call is to be
// refused, since its options want that of one of them.
func (c *charles) examine(bodies []contactBody, batch int64) (in intake, whole bool) {
	engine := c.sim.engine.Load()
	in = intake{
		results:  make([]result, len(bodies)),
		accepted: make([]contacts.Upsert, 0, len(bodies)),
		places:   make([]int, 0, len(bodies)),
	}
	twice := c.duplicates(bodies)
	for i := range bodies {
		spot := faults.Spot{Reference: bodies[i].reference, Batch: batch, Place: i, Of: len(bodies)}
		one := &in.results[i]
		*one = result{Reference: bodies[i].reference, place: i}
		k := c.check(&bodies[i])
		if twice[i] {
			k.judge(c.options.Batch.Duplicates, "duplicate_reference", "the batch has the reference twice")
		}
		whole = whole || k.whole
		if k.no != nil {
			one.refuse(k.no, http.StatusUnprocessableEntity)
		} else if plan, refuses := engine.Refuses(spot); refuses {
			one.refuse(planned(plan))
		}
		one.hidden = engine.Hides(spot)
		switch {
		case one.Error != nil:
		case engine.Loses(spot):
			in.lost++
			one.lost, one.Status = true, c.wouldBe(one.Reference)
		default:
			k.forget(engine.Forgets(spot))
			in.accepted, in.places = append(in.accepted, k.upsert), append(in.places, i)
			in.dropped += k.dropped
		}
	}
	return in, whole
}

// duplicates marks the contacts whose reference came before in the call, where
// the options mind.
func (c *charles) duplicates(bodies []contactBody) map[int]bool {
	if c.options.Batch.Duplicates == TakeUnknown {
		return nil
	}
	seen, twice := make(map[string]bool, len(bodies)), map[int]bool{}
	for i := range bodies {
		twice[i] = seen[bodies[i].reference]
		seen[bodies[i].reference] = true
	}
	return twice
}

// wouldBe is the status of a contact that is only said to be taken.
func (c *charles) wouldBe(reference string) string {
	if _, known := c.store.Contact(reference); known {
		return statusUpdated
	}
	return statusCreated
}

// refuseAll refuses the call because of those of its contacts that are refused.
func (c *charles) refuseAll(results []result, batch int64) error {
	for _, one := range results {
		if one.Error != nil {
			c.odd.note(one.Reference, func(e *Exception) { e.Refused, e.Code = e.Refused+1, one.Error.Code })
		}
	}
	all := int64(len(results))
	c.counters.upserts(min(batch, 1), all, all, 0, 0)
	return &callError{status: http.StatusUnprocessableEntity, contacts: results}
}

// count notes what became of the contacts of a call that was not refused.
func (c *charles) count(batch int64, in intake, refused int64) {
	for _, one := range in.results {
		if one.Error == nil && !one.hidden && !one.lost {
			continue
		}
		c.odd.note(one.Reference, func(e *Exception) {
			if one.Error != nil {
				e.Refused, e.Code = e.Refused+1, one.Error.Code
			}
			if one.hidden {
				e.Hidden++
			}
			if one.lost {
				e.Lost++
			}
		})
	}
	c.counters.upserts(min(batch, 1), int64(len(in.results)), refused, in.lost, in.dropped)
}

func (c *charles) policy(batch int64) contacts.Policy {
	return contacts.Policy{
		ClearOmitted:     c.options.ClearOmitted,
		IgnoreNull:       c.options.IgnoreNull,
		ReplaceTags:      c.options.ReplaceTags,
		AddChannels:      c.options.AddChannels,
		ByReference:      c.options.ByReference,
		StitchPhone:      c.options.StitchPhone,
		StitchEmail:      c.options.StitchEmail,
		ChannelsToCreate: c.options.ChannelsToCreate,
		AllOrNothing:     c.options.Batch.AllOrNothing && batch > 0,
	}
}

// planned is a refusal of the fault plan, with its status.
func planned(plan faults.Refusal) (*refusal, int) {
	no := &refusal{plan.Code, plan.Message}
	status := plan.Status
	defaultTo(&status, http.StatusUnprocessableEntity)
	switch {
	case status == http.StatusTooManyRequests:
		defaultTo(&no.Code, "rate_limited")
	case status >= http.StatusInternalServerError:
		defaultTo(&no.Code, "temporarily_unavailable")
	default:
		defaultTo(&no.Code, "contact_refused")
	}
	defaultTo(&no.Message, "the contact is refused")
	return no, status
}

// code is the reason for which a contact is not created.
func (n NoContact) code(effect contacts.Effect) string {
	if n.Code != "" {
		return n.Code
	}
	return effect.Missing + "_required"
}

// tell fills in what the store did. A contact of a batch that was not applied
// has neither status nor reason.
func (r *result) tell(effect contacts.Effect, no NoContact) {
	r.id = effect.ID
	switch {
	case effect.Missing != "":
		r.refuse(&refusal{no.code(effect), effect.Missing + " is required to create a contact"}, no.Status)
	case effect.Created:
		r.Status = statusCreated
	default:
		r.Status = statusUpdated
	}
}
