package activities

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/testsuite"

	"audiencesync/internal/audience"
	"audiencesync/internal/config"
	"audiencesync/internal/ledger"
	"audiencesync/internal/simulator"
	"audiencesync/internal/simulator/contacts"
	"audiencesync/internal/simulator/faults"
)

const readPath = "/api/v1beta/contacts/"

// readable lets contacts be read back, and be sent in one request.
func readable(charles *config.HelloCharles, api *config.ZeotapAPI) {
	together(1000)(charles, api)
	charles.Read.ContactPath = readPath + "{reference}"
}

// impatient is a sync of which contacts are read once.
func impatient() config.Sync {
	spec := spring()
	spec.Mapping.Email = &config.Channel{Origin: config.Origin{From: "email"}, Unusable: config.HoldBack, Missing: config.MissingSend}
	spec.Mapping.Phone = &config.Channel{Origin: config.Origin{From: "phone"}, Unusable: config.HoldBack, Missing: config.MissingSend}
	spec.Verification.MaxLag = 0
	return spec
}

func person(n int) string { return fmt.Sprintf("+49151123450%02d", n) }

// people are n members; change may change the last one.
func people(n int, change ...map[string]any) []map[string]any {
	members := make([]map[string]any, n)
	for i := range members {
		members[i] = map[string]any{"phone": person(i), "email": fmt.Sprintf("person%d@example.com", i), "city": "Köln", "loyalty_points": i}
	}
	for _, fields := range change {
		maps.Copy(members[n-1], fields)
	}
	return members
}

// send runs a sync up to its proof.
func (v *vendors) send(t *testing.T, spec config.Sync, members []map[string]any) RunRef {
	t.Helper()
	require.NoError(t, v.SetMembers(members))
	opened, err := perform[OpenRunResult](t, v.activities.OpenRun, OpenRunInput{Token: t.Name() + time.Now().String(), StartedAt: time.Now(), Spec: spec})
	require.NoError(t, err)
	read, err := perform[ReadPagesResult](t, v.activities.ReadPages, ReadPagesInput{Run: opened.Run})
	require.NoError(t, err)
	require.True(t, read.Complete)
	run, err := v.activities.ledger.Run(t.Context(), opened.Run)
	require.NoError(t, err)
	for number := int64(1); number <= run.Batches; number++ {
		sent, err := v.sendAgain(t, SendBatchInput{Run: opened.Run, Batch: number, Alone: true}, 1)
		require.NoError(t, err)
		for _, next := range sent.Next {
			_, err := v.sendAgain(t, SendBatchInput{Run: opened.Run, Batch: next, Alone: true}, 1)
			require.NoError(t, err)
		}
	}
	return opened.Run
}

func (v *vendors) close(t *testing.T, run RunRef) {
	t.Helper()
	_, err := perform[audience.Report](t, v.activities.CloseRun, CloseRunInput{Run: run})
	require.NoError(t, err)
}

// readBack reads the sample of a run back, and returns whom it names.
func (v *vendors) readBack(t *testing.T, run RunRef) (audience.ReadBack, []ledger.Difference) {
	t.Helper()
	result, err := perform[ReadBackResult](t, v.activities.ReadBack, ReadBackInput{Run: run})
	require.NoError(t, err)
	named, err := v.activities.ledger.Differences(t.Context(), run.Sync, run.Run)
	require.NoError(t, err)
	return result.ReadBack, named
}

// change lets somebody change contacts in Hello Charles.
func (v *vendors) change(people ...contacts.Contact) {
	for i := range people {
		people[i].SourceType = "zeotap"
	}
	v.AddContacts(people...)
}

func cityOf(name string) map[string]json.RawMessage {
	return map[string]json.RawMessage{"city": json.RawMessage(`"` + name + `"`)}
}

func TestContactsThatHoldWhatWasSentAreTheSame(t *testing.T) {
	t.Parallel()
	v := startVendors(t, simulator.Options{}, readable)
	run := v.send(t, impatient(), people(30))
	before := v.Stats().Requests["contact_read"]["200"]
	found, named := v.readBack(t, run)
	require.Equal(t, audience.ReadBack{Sampled: 20, Same: 20}, found)
	require.Empty(t, named)
	require.Equal(t, int64(20), v.Stats().Requests["contact_read"]["200"]-before, "each is read once")
	again, _ := v.readBack(t, run)
	require.Equal(t, found, again)
}

func TestAValueThatWasSilentlyDroppedIsFoundAndNamed(t *testing.T) {
	t.Parallel()
	v := startVendors(t, simulator.Options{Faults: simulator.Faults{Forget: []faults.Forgetting{
		{References: []string{person(3), person(5)}, Fields: []string{"city"}}, {References: []string{person(5)}, Fields: []string{"email"}},
	}}}, readable)
	run := v.send(t, impatient(), people(10))
	for range 2 { // A repeated call names nobody twice.
		found, named := v.readBack(t, run)
		require.Equal(t, audience.ReadBack{Sampled: 10, Same: 8, Differ: 2, Fields: map[string]int64{"city": 2, "email": 1}}, found)
		require.Equal(t, []ledger.Difference{
			{Kind: ledger.DifferenceDiffers, Reference: person(3)}, {Kind: ledger.DifferenceDiffers, Reference: person(5)},
		}, named)
	}
}

func TestWhatAnEarlierRunHasSentMayHaveBeenChangedSince(t *testing.T) {
	t.Parallel()
	v := startVendors(t, simulator.Options{}, readable)
	v.close(t, v.send(t, impatient(), people(10)))
	v.change(contacts.Contact{Reference: person(4), Properties: cityOf("Bonn")})
	require.Equal(t, 1, v.Erase(person(7)))
	found, named := v.readBack(t, v.send(t, impatient(), people(10)))
	require.Equal(t, audience.ReadBack{Sampled: 10, Same: 8, ChangedSince: 1, Absent: 1, Fields: map[string]int64{"city": 1}}, found)
	require.Equal(t, []ledger.Difference{
		{Kind: ledger.DifferenceAbsent, Reference: person(7)}, {Kind: ledger.DifferenceChangedSince, Reference: person(4)},
	}, named)
}

func TestAPhoneNumberThatThisRunHasNotSentWasChangedSince(t *testing.T) {
	t.Parallel()
	v := startVendors(t, simulator.Options{}, readable)
	v.close(t, v.send(t, impatient(), people(3)))
	v.change(contacts.Contact{Reference: person(2), Phones: []string{"+4915199999999"}, Emails: []string{"other@example.com"}})
	// The contact is confirmed: the run sends it without phone and email.
	found, named := v.readBack(t, v.send(t, impatient(), people(3, map[string]any{"city": "Bonn"})))
	require.Equal(t, audience.ReadBack{Sampled: 3, Same: 2, ChangedSince: 1, Fields: map[string]int64{"phone": 1, "email": 1}}, found)
	require.Equal(t, []ledger.Difference{{Kind: ledger.DifferenceChangedSince, Reference: person(2)}}, named)

	require.NoError(t, v.SetFaults(simulator.Faults{Forget: []faults.Forgetting{{References: []string{person(2)}, Fields: []string{"city"}}}}))
	found, _ = v.readBack(t, v.send(t, impatient(), people(3, map[string]any{"city": "Ulm"})))
	require.Equal(t, audience.ReadBack{Sampled: 3, Same: 2, Differ: 1, Fields: map[string]int64{"phone": 1, "email": 1, "city": 1}}, found)
}

func TestAContactThatHoldsAnotherReferenceOfOursMayHaveItsValues(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		other audience.ReadBack
		with  func(*vendors) []map[string]any
	}{
		"of ours": {
			audience.ReadBack{Sampled: 2, Same: 1, ChangedSince: 1, Fields: map[string]int64{"city": 1}},
			func(*vendors) []map[string]any {
				return []map[string]any{
					{"phone": person(1), "email": "family@example.com", "city": "Köln"}, {"phone": person(2), "email": "family@example.com", "city": "Bonn"},
				}
			},
		},
		"of another system": {
			audience.ReadBack{Sampled: 1, Differ: 1, Fields: map[string]int64{"city": 1}},
			func(v *vendors) []map[string]any {
				v.AddContacts(contacts.Contact{SourceType: "shop", Reference: "shop-1", Emails: []string{"person0@example.com"}, Properties: cityOf("Ulm")})
				return people(1)
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			options := simulator.Options{Charles: simulator.CharlesOptions{StitchEmail: true, AddChannels: true}}
			if name == "of another system" {
				options.Faults = simulator.Faults{Forget: []faults.Forgetting{{Suffix: person(0), Fields: []string{"city"}}}}
			}
			v := startVendors(t, options, readable)
			found, _ := v.readBack(t, v.send(t, impatient(), test.with(v)))
			require.Equal(t, test.other, found)
		})
	}
}

func TestWhatIsHeldLaterIsTheSame(t *testing.T) {
	t.Parallel()
	v := startVendors(t, simulator.Options{}, readable)
	spec := impatient()
	spec.Verification.Poll, spec.Verification.MaxLag = config.Duration(time.Millisecond), config.Duration(time.Minute)
	run := v.send(t, spec, people(3))
	require.NoError(t, v.SetFaults(simulator.Faults{Rules: []faults.Rule{{
		Match: faults.Match{Side: faults.Charles, Method: http.MethodGet, Path: readPath, From: 2, To: 4}, Do: faults.Status, Status: http.StatusNotFound,
	}}}))
	found, named := v.readBack(t, run)
	require.Equal(t, audience.ReadBack{Sampled: 3, Same: 3}, found)
	require.Empty(t, named)
}

func TestAPathThatFindsNobodyIsProbablyWrong(t *testing.T) {
	t.Parallel()
	v := startVendors(t, simulator.Options{}, func(charles *config.HelloCharles, api *config.ZeotapAPI) {
		readable(charles, api)
		charles.Read.ContactPath = readPath + "of/{source_type}/{reference}"
	})
	spec := impatient()
	spec.Verification.Poll, spec.Verification.MaxLag = config.Duration(time.Millisecond), config.Duration(time.Hour)
	found, named := v.readBack(t, v.send(t, spec, people(5)))
	require.Equal(t, audience.ReadBack{
		Sampled: 5, Unread: 5,
		Why: "no contact was found, which says that read.contact_path of the connection is probably wrong: a wrong path finds nobody",
	}, found)
	require.Empty(t, named)
}

func TestAKeyThatMayNotReadIsAskedOnce(t *testing.T) {
	t.Parallel()
	v := startVendors(t, simulator.Options{}, readable)
	run := v.send(t, impatient(), people(5))
	require.NoError(t, v.SetFaults(simulator.Faults{Rules: []faults.Rule{{
		Match: faults.Match{Side: faults.Charles, Method: http.MethodGet, Path: readPath}, Do: faults.Status, Status: http.StatusForbidden,
	}}}))
	found, named := v.readBack(t, run)
	require.Equal(t, int64(5), found.Unread)
	require.Contains(t, found.Why, "lacks the permission")
	require.Empty(t, named)
	require.Equal(t, int64(1), v.Stats().Requests["contact_read"]["403"])
}

func TestWhatCannotBeReadOfSomeIsToldOfThem(t *testing.T) {
	t.Parallel()
	v := startVendors(t, simulator.Options{}, readable)
	run := v.send(t, impatient(), people(5))
	require.NoError(t, v.SetFaults(simulator.Faults{Rules: []faults.Rule{
		{Match: faults.Match{Side: faults.Charles, Method: http.MethodGet, Path: readPath, To: 1}, Do: faults.Status, Status: http.StatusNotFound},
		{Match: faults.Match{Side: faults.Charles, Method: http.MethodGet, Path: readPath, From: 2, To: 3}, Do: faults.Status, Status: http.StatusBadGateway},
	}}))
	found, named := v.readBack(t, run)
	require.Contains(t, found.Why, "502")
	found.Why = ""
	require.Equal(t, audience.ReadBack{Sampled: 5, Same: 2, Absent: 1, Unread: 2}, found)
	require.Len(t, named, 1)
}

func TestAMarkThatSyncsShareHoldsThatOfTheSync(t *testing.T) {
	t.Parallel()
	v := startVendors(t, simulator.Options{}, readable)
	spec := impatient()
	spec.Marker = config.Marker{Property: "zeotap_audience_984", Shared: true}
	spec.Verification.Segment = ""
	run := v.send(t, spec, people(3))
	mark := func(value string) map[string]json.RawMessage {
		return map[string]json.RawMessage{"zeotap_audience_984": json.RawMessage(`"` + value + `"`)}
	}
	v.change(contacts.Contact{Reference: person(1), Properties: mark("|1021|984|")}, contacts.Contact{Reference: person(2), Properties: mark("|1021|")})
	found, _ := v.readBack(t, run)
	require.Equal(t, audience.ReadBack{Sampled: 3, Same: 2, Differ: 1, Fields: map[string]int64{"zeotap_audience_984": 1}}, found)
}

func TestReadingBackEndsInTimeAndWithItsWorker(t *testing.T) {
	t.Parallel()
	v := startVendors(t, simulator.Options{}, readable)
	spec := impatient()
	spec.Verification.Deadline = 0
	run := v.send(t, spec, people(3))
	found, _ := v.readBack(t, run)
	require.Equal(t, audience.ReadBack{Sampled: 3, Unread: 3, Why: "not read within verification.deadline (0s)"}, found)

	spec.Verification.Deadline = config.Duration(time.Hour)
	run = v.send(t, spec, people(3))
	env := (&testsuite.WorkflowTestSuite{}).NewTestActivityEnvironment()
	env.RegisterActivity(v.activities.ReadBack)
	stopping := make(chan struct{})
	close(stopping)
	env.SetWorkerStopChannel(stopping)
	_, err := env.ExecuteActivity(v.activities.ReadBack, ReadBackInput{Run: run})
	failed, ok := errors.AsType[*temporal.ApplicationError](err)
	require.True(t, ok)
	require.Equal(t, TypeWorkerStopping, failed.Type())
}

func TestARunHasASampleWhereContactsCanBeReadAndSomethingIsToBeProved(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		connection func(*config.HelloCharles)
		sync       func(*config.Sync)
		input      OpenRunInput
		readsBack  bool
	}{
		"by default":        {readsBack: true},
		"without a segment": {sync: func(s *config.Sync) { s.Verification.Segment = "" }, readsBack: true},
		"no such call":      {connection: func(c *config.HelloCharles) { c.Read.ContactPath = "" }},
		"none is asked for": {sync: func(s *config.Sync) { s.Verification.Sample = 0 }},
		"nothing is proved": {sync: func(s *config.Sync) { s.Verification.Segment, s.Verification.None = "", true }},
		"a plan":            {input: OpenRunInput{PlanOnly: true}},
		"a proof alone":     {input: OpenRunInput{VerifyOnly: true}},
		"a sync is retired": {input: OpenRunInput{Retire: true}},
		"the key may not read": {connection: func(c *config.HelloCharles) {
			c.Read.Allowed = new(false)
			c.Read.KnownTags = []string{"zeotap", "vip"}
			c.Read.KnownProperties = []config.KnownProperty{{Name: "zeotap_audience_984"}, {Name: "city"}, {Name: "loyalty_points"}, {Name: "birthday"}}
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			v := startVendors(t, simulator.Options{}, func(charles *config.HelloCharles, api *config.ZeotapAPI) {
				readable(charles, api)
				if test.connection != nil {
					test.connection(charles)
				}
			})
			in := test.input
			in.Token, in.StartedAt, in.Spec = "one", time.Now(), impatient()
			in.Spec.Marker.Left = "left"
			if test.sync != nil {
				test.sync(&in.Spec)
			}
			opened, err := perform[OpenRunResult](t, v.activities.OpenRun, in)
			require.NoError(t, err)
			require.Equal(t, test.readsBack, opened.ReadsBack)
		})
	}
}
