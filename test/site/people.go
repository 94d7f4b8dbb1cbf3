package site

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
	PeopleAtFirst = 240
	Unusable      = 3 // of those have no phone number
	joiners       = 20
	PageSize      = 50
	BatchSize     = 20
	InFlight      = 4
	// Pages of the smallest audience.
	Pages = 4
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

// Wanted is what Hello Charles must hold of a person.
type Wanted struct {
	Name, City string
	Points     int
	Marker     string
}

// Properties are the custom properties of the contact.
func (w Wanted) Properties() map[string]json.RawMessage {
	return map[string]json.RawMessage{
		"city":                json.RawMessage(strconv.Quote(w.City)),
		"loyalty_points":      json.RawMessage(strconv.Itoa(w.Points)),
		"zeotap_audience_984": json.RawMessage(strconv.Quote(w.Marker)),
	}
}

// IsHeldBy reports whether a contact is as wanted.
func (w Wanted) IsHeldBy(contact contacts.Contact) bool {
	return contact.FirstName == w.Name && slices.Equal(contact.Phones, []string{contact.Reference}) &&
		maps.EqualFunc(contact.Properties, w.Properties(), slices.Equal)
}

// Crowd is everybody, and what Hello Charles was brought to hold. It is a model of
// its own, which knows nothing of the code that is tested.
type Crowd struct {
	// Held is what Hello Charles holds after the runs that have ended.
	Held map[string]Wanted

	random *rand.Rand
	people []person
}

// NewCrowd is everybody at first, before anything was sent.
func NewCrowd(random *rand.Rand) *Crowd {
	c := &Crowd{random: random, Held: map[string]Wanted{}}
	for i := range PeopleAtFirst {
		c.join(i >= Unusable)
	}
	return c
}

var cities = []string{"Berlin", "Hamburg", "Köln", "München"}

func (c *Crowd) join(usable bool) {
	n := len(c.people)
	p := person{reference: fmt.Sprintf("+4915112345%03d", n), name: fmt.Sprintf("Zoë %d", n), member: true, usable: usable}
	p.change(c.random)
	c.people = append(c.people, p)
}

func (p *person) change(random *rand.Rand) {
	p.city, p.points = cities[random.IntN(len(cities))], random.IntN(1_000_000)
}

// Refresh lets people change, leave, return and join.
func (c *Crowd) Refresh() {
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

// Refreshed is a crowd in which that has happened; this one stays as it is.
func (c *Crowd) Refreshed() *Crowd {
	next := &Crowd{Held: maps.Clone(c.Held), random: c.random, people: slices.Clone(c.people)}
	next.Refresh()
	return next
}

// Members are the records of the audience.
func (c *Crowd) Members() []map[string]any {
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

// Wanted is what Hello Charles must hold after a run. Who has left keeps all but the
// marker.
func (c *Crowd) Wanted() map[string]Wanted {
	all := maps.Clone(c.Held)
	for reference, held := range all {
		held.Marker = "left"
		all[reference] = held
	}
	for _, p := range c.people {
		if p.member && p.usable {
			all[p.reference] = Wanted{Name: p.name, City: p.city, Points: p.points, Marker: "member"}
		}
	}
	return all
}

// ToSend is how many contacts a run must change.
func (c *Crowd) ToSend() (count int64) {
	for reference, want := range c.Wanted() {
		if c.Held[reference] != want {
			count++
		}
	}
	return count
}

// Differences says what is not as wanted, of at most the first few.
func (c *Crowd) Differences(store func(func(contacts.Contact) bool)) (wrong []string) {
	rest := c.Wanted()
	for contact := range store {
		want, known := rest[contact.Reference]
		delete(rest, contact.Reference)
		switch {
		case !known:
			wrong = append(wrong, contact.Reference+" should not be there, or not twice")
		case !want.IsHeldBy(contact):
			wrong = append(wrong, fmt.Sprintf("%s holds %+v, and not %+v", contact.Reference, contact, want))
		}
	}
	for reference := range rest {
		wrong = append(wrong, reference+" is missing")
	}
	return wrong
}
