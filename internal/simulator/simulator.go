// Package simulator is both vendors as HTTP servers: a Zeotap audience in pages
// and export files, and a Hello Charles workspace with contacts, tags, custom
// properties and segments. They behave as the public documents say; where
// those are silent, every plausible behaviour is a switch. Members follow from
// a seed, faults from a plan, and an admin side tells what really happened.
//
// Everything is invented. It serves the demo, tests and benchmarks, never data
// of real people.
package simulator

import (
	"iter"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"audiencesync/internal/simulator/contacts"
	"audiencesync/internal/simulator/faults"
	"audiencesync/internal/simulator/people"
)

// Simulator is one Zeotap audience and one Hello Charles workspace. It is safe
// for concurrent use.
type Simulator struct {
	options Options
	clock   func() time.Time
	started time.Time

	crowd    *people.Crowd
	oddities func() people.Oddities
	editions editions
	// main is the workspace, store its contacts.
	main     *charles
	store    *contacts.Store
	tenants  []*tenant
	engine   atomic.Pointer[faults.Engine]
	counters *counters
	journal  *journal

	zeotap  http.Handler
	charles http.Handler
}

// New returns both vendors at their beginning: all members, no contact.
func New(options Options) *Simulator {
	options = options.withDefaults()
	s := &Simulator{
		options:  options,
		clock:    options.Clock,
		started:  options.Clock().UTC().Truncate(time.Second),
		crowd:    people.New(options.Zeotap.Seed, options.Zeotap.Members, options.Zeotap.Audience.ID),
		counters: newCounters(),
		journal:  newJournal(options.JournalEntries),
	}
	s.oddities = sync.OnceValue(s.crowd.Oddities)
	s.editions.begin(s.firstEdition())
	s.main = newCharles(s, options.Charles, s.counters)
	s.store = s.main.store
	for _, tenant := range options.Tenants {
		s.tenants = append(s.tenants, newTenant(s, tenant))
	}
	s.setFaults(options.Faults)
	zeotap := visit{vendor: newZeotap(s).routes()}
	s.zeotap = s.observe(func(r *http.Request) (visit, *http.Request) { return zeotap, r })
	s.charles = s.after(s.observe(s.workspace))
	return s
}

// ZeotapHandler serves the audience and its members, and the admin side.
func (s *Simulator) ZeotapHandler() http.Handler { return s.zeotap }

// CharlesHandler serves the workspace, and the admin side.
func (s *Simulator) CharlesHandler() http.Handler { return s.charles }

// firstEdition is the audience at the beginning.
func (s *Simulator) firstEdition() *edition {
	return &edition{version: version(s.options.Zeotap), refreshed: s.started, members: crowdMembers{s.crowd}}
}

// Crowd returns the members that the audience has at the beginning.
func (s *Simulator) Crowd() *people.Crowd { return s.crowd }

// Contacts walks all contacts in the order of their creation.
func (s *Simulator) Contacts() iter.Seq[contacts.Contact] {
	s.main.applyDue()
	return s.store.All()
}

// Contact returns the contact with the reference.
func (s *Simulator) Contact(reference string) (contacts.Contact, bool) {
	s.main.applyDue()
	return s.store.Contact(reference)
}

// Truth returns what is true of each of the references.
func (s *Simulator) Truth(references ...string) []contacts.Truth {
	s.main.applyDue()
	return s.store.Truth(references...)
}

// Erase erases the contacts that have one of the references, with all their other
// references, as a person does in the app at a request of the data subject. It
// returns how many there were.
func (s *Simulator) Erase(references ...string) int {
	s.main.applyDue()
	return s.store.Erase(references...)
}

// AddContacts adds contacts that no upsert brought: made in the app when they
// have no source type, which gives them no reference, or by another system.
func (s *Simulator) AddContacts(list ...contacts.Contact) {
	s.main.applyDue()
	upserts := make([]contacts.Upsert, len(list))
	for i, contact := range list {
		upserts[i] = contact.Upsert()
	}
	policy := s.main.policy(0)
	policy.ChannelsToCreate = false
	s.store.Add(upserts, policy)
}

// Exceptions returns the contacts that were refused, lost or left out of a
// reply, by reference, 200,000 at most.
func (s *Simulator) Exceptions() map[string]Exception {
	s.main.applyDue()
	return s.main.odd.list()
}

// Journal returns the last requests, oldest first.
func (s *Simulator) Journal() []Entry { return s.journal.list() }

// SetFaults replaces the fault plan and numbers requests from 1 again.
func (s *Simulator) SetFaults(plan Faults) error {
	if err := plan.Validate(); err != nil {
		return err
	}
	s.setFaults(plan)
	return nil
}

// setFaults takes a plan that was validated, or that the program itself wrote.
func (s *Simulator) setFaults(plan Faults) {
	s.engine.Store(faults.NewEngine(plan, s.clock))
	lag := s.options.Charles.Lag
	if c := plan.Counts; c != nil {
		lag = contacts.Lag{Delay: time.Duration(c.Delay), Step: time.Duration(c.Step), Dip: c.Dip}
	}
	s.store.SetLag(lag)
	for _, tenant := range s.tenants {
		tenant.charles.store.SetLag(lag)
	}
}

// Reset puts both vendors back to their beginning: the crowd, no contact, no
// count, an empty journal, and the fault plan of the options.
func (s *Simulator) Reset() {
	s.editions.begin(s.firstEdition())
	s.main.reset()
	for _, tenant := range s.tenants {
		tenant.charles.reset()
	}
	s.counters.reset()
	s.journal.reset()
	s.setFaults(s.options.Faults)
}
