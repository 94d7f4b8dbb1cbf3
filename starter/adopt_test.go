package main

import (
	"encoding/json"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"audiencesync/internal/beginning"
	"audiencesync/internal/ledger"
	"audiencesync/internal/simulator"
	store "audiencesync/internal/simulator/contacts"
	"audiencesync/internal/simulator/faults"
)

// stranger is a reference that the demo's audience does not have.
const stranger = "+4915199999999"

// fill puts contacts into the demo's segment that no run brought: the first few
// members of the audience and a stranger, of our source type; one of the shop's and
// one that was made in the app. It returns the references of ours.
func (d *desk) fill(members int64) []string {
	marked := map[string]json.RawMessage{"zeotap_audience_984": json.RawMessage(`"member"`)}
	references := []string{stranger}
	for i := int64(0); int64(len(references)) <= members; i++ {
		if member := d.Crowd().Member(i); member.Original == i && member.Number != "" {
			references = append(references, member.Number)
		}
	}
	list := make([]store.Contact, 0, len(references)+2)
	list = append(list, store.Contact{SourceType: "shop", Reference: "s1", Properties: marked}, store.Contact{FirstName: "In the app", Properties: marked})
	for _, reference := range references {
		list = append(list, store.Contact{SourceType: "zeotap", Reference: reference, Properties: marked})
	}
	d.AddContacts(list...)
	return references
}

// beginning is what the ledger holds of how the demo's sync began.
func (d *desk) beginning(t *testing.T) ledger.Beginning {
	t.Helper()
	book, err := ledger.Open(t.Context(), "sqlite:"+d.file("ledger.db"))
	require.NoError(t, err)
	defer func() { require.NoError(t, book.Close()) }()
	b, err := book.Beginning(t.Context(), "demo")
	require.NoError(t, err)
	return b
}

// membersFile writes a members file.
func (d *desk) membersFile(t *testing.T, text string) string {
	t.Helper()
	require.NoError(t, os.WriteFile(d.file("members"), []byte(text), 0o600))
	return d.file("members")
}

func adopted(t *testing.T, a answer) beginning.Adopted {
	t.Helper()
	require.Zero(t, a.code, a.stderr)
	var done beginning.Adopted
	require.NoError(t, json.Unmarshal([]byte(a.stdout), &done))
	return done
}

func TestAdoptRecordsThoseOfOurSourceTypeAndCountsTheOthers(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	references := d.fill(3)
	done := adopted(t, d.call(t, "adopt", "-o", "json"))
	require.Equal(t, beginning.Adopted{
		Sync: "demo", Workspace: done.Workspace, Segment: "seg-984",
		Listed: 6, Members: 4, New: 4, OfOthers: 1, Unreferenced: 1, Counted: new(int64(6)), NotOurs: 2,
	}, done)
	require.Equal(t, ledger.Beginning{Kind: ledger.BeginningAdopted, NotOurs: 2}, d.beginning(t))

	again := d.call(t, "adopt")
	require.Zero(t, again.code)
	require.Equal(t, "4 contacts recorded\n", again.stderr)
	requireText(t, "adopted.txt", strings.ReplaceAll(again.stdout, done.Workspace, "WORKSPACE"))
	for _, reference := range references {
		require.NotContains(t, again.stdout+again.stderr, reference)
	}

	traced := d.call(t, "trace", "--reference", references[1], "-o", "json")
	require.Zero(t, traced.code, traced.stderr)
	require.Contains(t, traced.stdout, `"yes"`)
}

func TestIgnoreRecordsTheCountOfNow(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.fill(3)
	tried := d.call(t, "try", "--limit", "3")
	require.Zero(t, tried.code, tried.stderr)
	require.Contains(t, tried.stderr, `note: sync demo has sent nothing by this ledger, which knows of 0 contacts, and its segment seg-984 counts 6 contacts in Hello Charles`)

	ignored := d.call(t, "ignore")
	require.Zero(t, ignored.code, ignored.stderr)
	require.Equal(t, ledger.Beginning{Kind: ledger.BeginningIgnored, NotOurs: 3}, d.beginning(t), "three are a trial's")
	_, text, _ := strings.Cut(ignored.stdout, "\n")
	requireText(t, "ignored.txt", text)
}

func TestAdoptTakesAFileWhereTheKeyMayNotList(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	references := d.fill(2)
	require.NoError(t, d.SetFaults(simulator.Faults{Preview: faults.Preview{Forbidden: true}}))
	refused := d.call(t, "adopt")
	require.Equal(t, exitFailed, refused.code)
	require.Contains(t, refused.stderr, "--members-file")
	require.Equal(t, ledger.BeginningUnsaid, d.beginning(t).Kind)
	require.NoError(t, d.SetFaults(simulator.Faults{}))

	table := "\ufeffname,External Id\n\"Ada, Countess\"," + references[0] + "\nBo, " + references[1] + " \nCem,\nDora," + references[0] + "\n"
	done := adopted(t, d.call(t, "adopt", "-o", "json", "--members-file", d.membersFile(t, table), "--column", "External Id"))
	require.Equal(t, beginning.Adopted{
		Sync: "demo", Workspace: done.Workspace, Segment: "seg-984",
		Listed: 4, Members: 2, New: 2, Repeated: 1, Unreferenced: 1, Counted: new(int64(5)), NotOurs: 3,
	}, done)
	done = adopted(t, d.call(t, "adopt", "-o", "json", "--members-file", d.membersFile(t, strings.Join(references, "\n"))))
	require.Equal(t, int64(3), done.Members)
	require.Equal(t, int64(1), done.New)
	require.Equal(t, int64(2), done.NotOurs)
}

func TestOneBadLineRefusesAMembersFile(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	const good, other = "+4915112345678", "0151 12345678"
	for name, test := range map[string]struct {
		text, column, says string
	}{
		"empty":               {"", "", "the file is empty"},
		"empty table":         {"", "id", "the file is empty; it needs a header"},
		"an empty line":       {good + "\n\n" + good + "\n", "", "line 2: it is empty"},
		"a header":            {"external_reference_id\n" + good + "\n", "", "line 1: the reference"},
		"a name":              {good + "\nAda\n", "", "line 2: the reference"},
		"another spelling":    {good + "\n" + other + "\n", "", "line 2: the reference is not spelled as this sync spells references (reference.normalise: e164)"},
		"not text":            {good + "\n" + "\xff\xfe\n", "", "line 2: it holds characters that no reference has"},
		"no such column":      {"id,name\n" + good + ",Ada\n", "Id", `line 1: the header has no column "Id" among its 2`},
		"another separator":   {"id;name\n" + good + ";Ada\n", "id", "line 1: the header is one column that holds a separator"},
		"a column twice":      {"id,id\n" + good + ",1\n", "id", `line 1: two columns are named "id"`},
		"a row that is short": {"id,name\n" + good + ",Ada\n" + good + "\n", "id", "line 3: wrong number of fields"},
		"a bad row":           {"id,name\n" + good + ",\"Ada\n", "id", "line 2: extraneous or missing \" in quoted-field"},
		"a bad cell":          {"id,name\n" + good + ",\"Ada\nLovelace\"\n" + other + ",Bo\n", "id", "line 4: the reference is not spelled"},
	} {
		refused := d.call(t, "adopt", "--members-file", d.membersFile(t, test.text), "--column", test.column)
		require.Equal(t, exitUsage, refused.code, name)
		require.Empty(t, refused.stdout, name)
		require.Contains(t, refused.stderr, "error: sync demo: --members-file", name)
		require.Contains(t, refused.stderr, test.says, name)
		for _, content := range []string{good, other, "Ada"} {
			require.NotContains(t, refused.stderr, content, name)
		}
	}
	require.Equal(t, ledger.Beginning{}, d.beginning(t), "nothing was recorded")
}

func TestAdoptIsRefusedWhereTheSyncSpellsReferencesOtherwise(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.fill(3)
	d.edit(t, "sync.yaml", "normalise: e164", "normalise: digits")
	refused := d.call(t, "adopt")
	require.Equal(t, exitUsage, refused.code)
	require.Contains(t, refused.stderr, "error: sync demo: of the first 4 references of the segment 4 are not spelled as this sync spells them")
	require.Equal(t, ledger.Beginning{}, d.beginning(t))
}

func TestAdoptSaysThatASegmentMovedUnderTheListing(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	require.NoError(t, d.SetFaults(simulator.Faults{Counts: &faults.Counts{Dip: 0.5}}))
	d.fill(3)
	moved := d.call(t, "adopt")
	require.Zero(t, moved.code, moved.stderr)
	require.Contains(t, moved.stdout, "The segment changed while it was listed, or its count lags behind: adopt again before the first run.\n")
	require.Contains(t, moved.stdout, "The segment counts fewer contacts than are members now")
}

func TestASegmentThatDoesNotExistOrIsNotNamed(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.edit(t, "sync.yaml", "segment: seg-984", "segment: seg-000")
	refused := d.call(t, "ignore")
	require.Equal(t, exitFailed, refused.code)
	require.Contains(t, refused.stderr, "error: sync demo: connection charles-demo: counting segment seg-000")

	d.edit(t, "sync.yaml", "  segment: seg-000\n", "")
	refused = d.call(t, "adopt")
	require.Equal(t, exitUsage, refused.code)
	require.Contains(t, refused.stderr, "error: sync demo: the sync names no segment whose contacts could be listed")
	ignored := d.call(t, "ignore")
	require.Zero(t, ignored.code, ignored.stderr)
	require.Contains(t, ignored.stdout, "counted in segment  -  the sync names no segment (verification.segment)")
}
