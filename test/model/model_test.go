package model

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"audiencesync/internal/audience"
	"audiencesync/internal/config"
	"audiencesync/internal/ledger/ledgertest"
	"audiencesync/internal/simulator/contacts"
	"audiencesync/internal/simulator/faults"
	"audiencesync/workflows"
)

// person is one human being, whom both audiences may hold.
type person struct {
	// id names the person in every export, for ever.
	id                 int
	number             int // the customer number, under which a shop may know people
	phone, email, name int
	consents           bool
	// broken: the email address is none, which makes the member invalid.
	broken bool
	in     [2]bool
}

// reference is what Hello Charles knows the person by.
func (w *world) reference(p *person) string {
	if w.customs.phone {
		return fmt.Sprint("customer-", p.number)
	}
	return fmt.Sprintf("+4915112345%03d", p.phone)
}

// member is the person as a record of an audience.
func (p *person) member() map[string]any {
	email := fmt.Sprintf("person%d@example.com", p.email)
	if p.broken {
		email = "no address"
	}
	consent := "no"
	if p.consents {
		consent = "yes"
	}
	return map[string]any{
		"crm_id": fmt.Sprint("crm-", p.id), "customer": fmt.Sprint("customer-", p.number), "phone": fmt.Sprintf("+4915112345%03d", p.phone),
		"email": email, "first_name": fmt.Sprint("Name", p.name), "consent": consent,
	}
}

// modelSync is a sync as its users know it.
type modelSync struct {
	index int
	spec  config.Sync
}

// model is what is true of the world outside.
type model struct {
	people []*person
	// numbers is how many phone numbers, email addresses and names are in use.
	numbers int
	// refused are the references that Hello Charles refuses.
	refused map[string]bool
	// erased are the references of contacts that were erased in Hello Charles after
	// it had confirmed them: they must not come back.
	erased map[string]bool
	// seen are all references that any audience ever held.
	seen map[string]bool
	// disturbed: contacts are not what the ledger can know, so that a segment may
	// count fewer than are marked.
	disturbed bool
	strangers []contacts.Contact
}

func (w *world) begin() {
	w.refused, w.erased, w.seen = map[string]bool{}, map[string]bool{}, map[string]bool{}
	for range 7 {
		w.numbers++
		w.people = append(w.people, &person{id: w.numbers, number: w.numbers, phone: w.numbers, email: w.numbers, name: w.numbers, consents: true})
	}
	for i := range w.syncs {
		spec := config.DefaultSync()
		spec.Sync, spec.Source, spec.Destination = fmt.Sprint("sync-", i), sourceOf(i), "charles"
		spec.Audience = config.AudienceID{ID: audienceOf(i)}
		spec.Mode = config.ModeMirror
		spec.Reference = config.Reference{Origin: config.Origin{From: "phone"}, Normalise: config.NormaliseE164, DefaultRegion: "DE"}
		if w.customs.phone {
			spec.Reference = config.Reference{Origin: config.Origin{From: "customer"}, Normalise: config.NormaliseRaw}
		}
		spec.Marker = config.Marker{Property: w.markerOf(i), Member: "member", Left: "left"}
		if w.customs.shared {
			spec.Marker = config.Marker{Property: w.markerOf(i), Shared: true}
		}
		is := config.FilterValue("yes")
		spec.Filter = &config.Condition{Field: "consent", Is: &is}
		spec.Mapping.FirstName = &config.Text{Origin: config.Origin{From: "first_name"}}
		phone, email := config.DefaultChannel(), config.DefaultChannel()
		phone.From, email.From = "phone", "email"
		spec.Mapping.Phone, spec.Mapping.Email = &phone, &email
		spec.Verification.Segment = segmentOf(i)
		spec.Verification.Poll, spec.Verification.MaxLag = config.Duration(100*time.Millisecond), config.Duration(200*time.Millisecond)
		spec.Limits.Refused, spec.Limits.RetryFailuresAfter = 1, 0
		spec.Gate.Leavers.Share, spec.Gate.EmptyAudience = 1, config.GateAllow
		spec.Gate.Leavers.Floor, spec.Gate.Joiners.Floor, spec.Gate.Changes.Floor = 1000, 1000, 1000
		spec.Accept.Invalid, spec.Accept.Refused = 1, 1
		w.syncs[i] = &modelSync{index: i, spec: spec}
	}
	// People of the shop, whom no audience holds: nobody may touch them.
	for i := range 3 {
		w.strangers = append(w.strangers, contacts.Contact{
			SourceType: "shop", Reference: fmt.Sprint("shop-", i), FirstName: "Customer",
			Phones: []string{fmt.Sprintf("+4916012345%03d", i)}, Emails: []string{fmt.Sprintf("customer%d@example.com", i)},
		})
	}
	w.sources[0].AddContacts(w.strangers...)
	w.strangers = slices.Collect(w.sources[0].Contacts())
}

// deliver gives the audience of a sync its members as they are now.
func (w *world) deliver(s *modelSync) {
	members := []map[string]any{}
	for _, p := range w.people {
		if p.in[s.index] {
			members = append(members, p.member())
			w.seen[w.reference(p)] = true
		}
	}
	w.deliveries[s.index](members)
}

// happen lets something happen outside.
func (w *world) happen() {
	p := rapid.SampledFrom(w.people).Draw(w.T, "who")
	audience := rapid.IntRange(0, 1).Draw(w.T, "audience")
	switch what := rapid.SampledFrom([]string{
		"joins", "joins", "joins", "leaves", "leaves", "moves", "is renamed", "changes email", "consent", "breaks", "refused", "erased", "mapping", "delivered",
	}).Draw(w.T, "what"); what {
	case "joins":
		p.in[audience] = true
	case "leaves":
		p.in[audience] = false
	case "moves":
		w.numbers++
		if w.customs.phone {
			p.number = w.numbers
		} else {
			p.phone = w.numbers
		}
	case "is renamed":
		w.numbers++
		p.name = w.numbers
	case "changes email":
		w.numbers++
		p.email = w.numbers
	case "consent":
		p.consents = !p.consents
	case "breaks":
		p.broken = !p.broken
	case "refused":
		w.refused[w.reference(p)] = !w.refused[w.reference(p)]
		var refused []string
		for reference, yes := range w.refused {
			if yes {
				refused = append(refused, reference)
			}
		}
		slices.Sort(refused)
		plan := faults.Plan{}
		if len(refused) > 0 {
			plan.Refuse = []faults.Refusal{{References: refused, Code: "blocked"}}
		}
		require.NoError(w, w.sources[0].SetFaults(plan))
	case "erased":
		w.erase(w.reference(p))
	case "delivered": // A set that no run reads by itself.
		w.deliver(w.syncs[audience])
	case "mapping":
		spec := &w.syncs[audience].spec
		origin := fmt.Sprint("version ", w.numbers)
		spec.Mapping.Properties = map[string]config.PropertySource{originOf(audience): {Type: config.PropertyString, Origin: config.Origin{Value: &origin}}}
	}
}

// erase erases a contact in the app.
func (w *world) erase(reference string) {
	truth := w.sources[0].Truth(reference)[0]
	if len(truth.Contacts) == 0 {
		return
	}
	w.disturbed = true
	for _, key := range truth.Contacts[0].Keys {
		for _, s := range w.syncs {
			history, err := w.book.Outcomes(w.ctx, s.spec.Sync, key.Reference)
			if err == nil && history.Held {
				w.erased[key.Reference] = true
			}
		}
	}
	require.Equal(w, 1, w.sources[0].Erase(reference))
}

// isMarked reports whether the segment of a sync holds a contact.
func (w *world) isMarked(s *modelSync, contact contacts.Contact) bool {
	return slices.Contains(contact.Segments, segmentOf(s.index))
}

// marks says, of all contacts by all their references, whether a sync marks them.
func (w *world) marks(s *modelSync) map[string]bool {
	marks := map[string]bool{}
	for contact := range w.sources[0].Contacts() {
		for _, key := range contact.Keys {
			marks[key.Reference] = w.isMarked(s, contact)
		}
	}
	return marks
}

// belongs are the references that the audience of a sync holds and that may be
// marked, with what is sent of them; invalid ones hold nothing.
func (w *world) belongs(s *modelSync) map[string]map[string]any {
	found := map[string]map[string]any{}
	for _, p := range w.people {
		if p.in[s.index] && p.consents {
			found[w.reference(p)] = p.member()
			if p.broken {
				found[w.reference(p)] = nil
			}
		}
	}
	return found
}

func (w *world) aliases(reference string) []string {
	var all []string
	for _, contact := range w.sources[0].Truth(reference)[0].Contacts {
		for _, key := range contact.Keys {
			all = append(all, key.Reference)
		}
	}
	return all
}

// history lets things happen and syncs run, in any order.
func (w *world) history() {
	for range rapid.IntRange(2, 7).Draw(w.T, "runs") {
		for range rapid.IntRange(0, 6).Draw(w.T, "events") {
			w.happen()
		}
		s := w.syncs[rapid.IntRange(0, 1).Draw(w.T, "sync")]
		w.deliver(s)
		others := w.marks(w.syncs[1-s.index])
		dies := map[int]death{}
		for range rapid.IntRange(0, 2).Draw(w.T, "deaths") {
			dies[rapid.IntRange(1, 9).Draw(w.T, "at")] = rapid.SampledFrom(deaths).Draw(w.T, "death")
		}
		in := workflows.AudienceSyncInput{Spec: s.spec, Full: rapid.IntRange(0, 9).Draw(w.T, "full") == 0}
		plan := w.plan(in)
		report := w.run(in, dies)
		w.check(s, report)
		if !w.merges() {
			require.Equal(w, others, w.withoutNew(others, w.marks(w.syncs[1-s.index])), "another sync's marks")
		}
		if report != nil && len(dies) == 0 {
			w.checkPlan(plan, report)
		}
		if report == nil {
			// The next run takes up what this one left.
			w.check(s, w.run(workflows.AudienceSyncInput{Spec: s.spec}, nil))
		}
	}
}

// withoutNew leaves out contacts that are new.
func (w *world) withoutNew(before, after map[string]bool) map[string]bool {
	kept := map[string]bool{}
	for reference := range before {
		kept[reference] = after[reference]
	}
	return kept
}

// plan plans a run, sometimes.
func (w *world) plan(in workflows.AudienceSyncInput) *audience.Plan {
	if !rapid.Bool().Draw(w.T, "planned") {
		return nil
	}
	before := w.sources[0].Stats().UpsertsReceived
	in.PlanOnly = true
	report := w.run(in, nil)
	require.NotNil(w, report)
	require.Equal(w, audience.EndedPlanned, report.Ended)
	require.Equal(w, before, w.sources[0].Stats().UpsertsReceived, "a plan sent something")
	return report.Plan
}

func TestTheSameHoldsOnPostgreSQL(t *testing.T) { ledgertest.AgainOnPostgreSQL(t, "^TestWhatever") }

// How many worlds there are of each kind. PostgreSQL, which answers more slowly than
// a file, is by the same code. "make model" makes more.
const (
	worlds             = 12
	worldsOnPostgreSQL = 3
)

func TestMain(m *testing.M) {
	flag.Parse()
	given := false
	flag.Visit(func(f *flag.Flag) { given = given || f.Name == checks })
	if !given {
		n := worlds
		if ledgertest.OnPostgreSQL() {
			n = worldsOnPostgreSQL
		}
		if err := flag.Set(checks, strconv.Itoa(n)); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
	}
	os.Exit(m.Run())
}

// checks is rapid's flag for the number of worlds.
const checks = "rapid.checks"

// places returns what gives each world a folder, and a ledger, of its own.
func places(t *testing.T) func() (folder, address string) {
	t.Helper()
	root, n := scratch(t), 0
	return func() (folder, address string) {
		n++
		folder = filepath.Join(root, strconv.Itoa(n))
		if ledgertest.OnPostgreSQL() {
			return folder, ledgertest.Address(t)
		}
		return folder, "sqlite:" + filepath.Join(folder, "ledger.db")
	}
}

func TestWhateverHappensHelloCharlesHoldsWhatTheAudiencesSay(t *testing.T) {
	t.Parallel()
	for name, how := range map[string]customs{
		"apart": {}, "merged by email": {email: true}, "merged by phone": {phone: true}, "shared marker": {shared: true},
	} {
		for _, send := range []config.SendMode{config.SendBatch, config.SendSingle} {
			t.Run(fmt.Sprintf("%s, %s", name, send), func(t *testing.T) {
				t.Parallel()
				next := places(t)
				rapid.Check(t, func(t *rapid.T) {
					folder, address := next()
					w, end := newWorld(t, folder, address, how, send)
					defer end()
					w.history()
				})
			})
		}
	}
}
