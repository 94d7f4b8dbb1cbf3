package main

import (
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strconv"

	"audiencesync/internal/simulator/contacts"
)

// Sizes are small: so are the costs of a kill.
const (
	peopleAtFirst = 240
	unusable      = 3 // of those have no phone number
	joiners       = 20
	pageSize      = 50
	batchSize     = 20
	inFlight      = 4
	// pages of the smallest audience.
	pages = 4
)

// person is somebody whom the audience may hold.
type person struct {
	reference string
	name      string
	city      string
	points    int
	member    bool
	usable    bool
}

// wanted is what Hello Charles must hold of a person.
type wanted struct {
	name, city string
	points     int
	marker     string
}

// properties are the custom properties of the contact.
func (w wanted) properties() map[string]json.RawMessage {
	return map[string]json.RawMessage{
		"city":                json.RawMessage(strconv.Quote(w.city)),
		"loyalty_points":      json.RawMessage(strconv.Itoa(w.points)),
		"zeotap_audience_984": json.RawMessage(strconv.Quote(w.marker)),
	}
}

// crowd is everybody, and what Hello Charles was brought to hold. It is a model of
// its own, which knows nothing of the code that is tested.
type crowd struct {
	random *rand.Rand
	people []person
	held   map[string]wanted
}

func newCrowd(random *rand.Rand) *crowd {
	c := &crowd{random: random, held: map[string]wanted{}}
	for i := range peopleAtFirst {
		c.join(i >= unusable)
	}
	return c
}

var cities = []string{"Berlin", "Hamburg", "Köln", "München"}

func (c *crowd) join(usable bool) {
	n := len(c.people)
	p := person{reference: fmt.Sprintf("+4915112345%03d", n), name: fmt.Sprintf("Zoë %d", n), member: true, usable: usable}
	p.change(c.random)
	c.people = append(c.people, p)
}

func (p *person) change(random *rand.Rand) {
	p.city, p.points = cities[random.IntN(len(cities))], random.IntN(1_000_000)
}

// refresh lets people change, leave, return and join.
func (c *crowd) refresh() {
	for i := range c.people {
		p := &c.people[i]
		switch dice := c.random.IntN(100); {
		case !p.usable:
		case !p.member:
			p.member = dice < 50
		case dice < 15:
			p.member = false
		case dice < 70:
			p.change(c.random)
		}
	}
	for range joiners {
		c.join(true)
	}
}

// members are the records of the audience.
func (c *crowd) members() []map[string]any {
	var records []map[string]any
	for _, p := range c.people {
		if !p.member {
			continue
		}
		phone := p.reference
		if !p.usable {
			phone = "none"
		}
		records = append(records, map[string]any{
			"phone": phone, "first_name": p.name, "city": p.city, "loyalty_points": p.points,
		})
	}
	return records
}

// wanted is what Hello Charles must hold after a run. Who has left keeps all but the
// marker.
func (c *crowd) wanted() map[string]wanted {
	all := maps.Clone(c.held)
	for reference, held := range all {
		held.marker = "left"
		all[reference] = held
	}
	for _, p := range c.people {
		if p.member && p.usable {
			all[p.reference] = wanted{name: p.name, city: p.city, points: p.points, marker: "member"}
		}
	}
	return all
}

// toSend is how many contacts a run must change.
func (c *crowd) toSend() (count int64) {
	for reference, want := range c.wanted() {
		if c.held[reference] != want {
			count++
		}
	}
	return count
}

// differences says what is not as wanted, of at most the first few.
func (c *crowd) differences(store func(func(contacts.Contact) bool)) (wrong []string) {
	rest := c.wanted()
	for contact := range store {
		want, known := rest[contact.Reference]
		delete(rest, contact.Reference)
		switch {
		case !known:
			wrong = append(wrong, contact.Reference+" should not be there, or not twice")
		case contact.FirstName != want.name, !slices.Equal(contact.Phones, []string{contact.Reference}),
			!maps.EqualFunc(contact.Properties, want.properties(), slices.Equal):
			wrong = append(wrong, fmt.Sprintf("%s holds %+v, and not %+v", contact.Reference, contact, want))
		}
	}
	for reference := range rest {
		wrong = append(wrong, reference+" is missing")
	}
	return wrong
}
