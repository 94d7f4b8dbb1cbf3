package main

import (
	"bytes"
	"encoding/json"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	enumspb "go.temporal.io/api/enums/v1"

	"audiencesync/internal/audience"
	"audiencesync/internal/ledger"
	"audiencesync/workflows"
)

// Values that nobody else of the audience has.
const (
	oldName = "Oldenburgia"
	newName = "Newtonia"
)

// listed are members of the demo's crowd, from and to.
func (o *office) listed(t *testing.T, from, to int64) []map[string]any {
	t.Helper()
	var members []map[string]any
	for i := from; i < to; i++ {
		var member map[string]any
		require.NoError(t, json.Unmarshal(o.Crowd().Member(i).AppendJSON(nil), &member))
		members = append(members, member)
	}
	return members
}

// planned asks for a plan with samples.
func (o *office) planned(t *testing.T, args ...string) answer {
	t.Helper()
	return o.tell(t, append([]string{"plan", o.file("sync.yaml"), "--ledger", "sqlite:" + o.file("ledger.db")}, args...)...)
}

func (o *office) key(t *testing.T) string {
	t.Helper()
	require.NoError(t, os.WriteFile(o.file("failure.key"), []byte("0123456789abcdef0123456789abcdef"), 0o600))
	return "file:" + o.file("failure.key")
}

// newRefreshed makes an office that has run, and whose audience then changed: the
// first member has another name, the second left, and the last is new.
func newRefreshed(t *testing.T) (o *office, key string) {
	t.Helper()
	o = &office{desk: newDesk(t)}
	key = o.key(t)
	o.open(t, key)
	members := o.listed(t, 0, 9)
	members[0]["first_name"] = oldName
	require.NoError(t, o.SetMembers(members))
	o.runs(t, workflows.AudienceSyncInput{})
	members[0]["first_name"] = newName
	require.NoError(t, o.SetMembers(slices.Concat(members[:1], members[2:], o.listed(t, 9, 10))))
	return o, key
}

func TestSamplesOfAPlanNameTheFieldThatChangedAndItsNewValueOnly(t *testing.T) {
	t.Parallel()
	o, key := newRefreshed(t)
	changed, left, added := o.Crowd().Member(0).Number, o.Crowd().Member(1).Number, o.Crowd().Member(9)
	planned := o.planned(t, "--samples", "5", "--failure-key", key)
	require.Zero(t, planned.code, planned.stderr)
	plan, samples, found := strings.Cut(planned.stdout, "\nsamples:\n")
	require.True(t, found, planned.stdout)
	require.Contains(t, plan, "  to send ")
	lines := strings.Split(strings.TrimSpace(samples), "\n")
	require.Len(t, lines, 4, "a header and three samples")
	require.Regexp(t, `^ *reference +what +fields +new values`, lines[0])
	require.Regexp(t, `^ \`+added.Number+` +new +\{.*"first_name":"`+added.FirstName+`"`, lines[1])
	require.Regexp(t, `^ \`+changed+` +changed +first_name +\{"first_name":"`+newName+`"\}$`, lines[2])
	require.Regexp(t, `^ \`+left+` +left, stays marked +\(not in the audience any more\)$`, lines[3])

	var shown struct {
		Plan    *audience.Plan `json:"plan"`
		Samples []shownSample  `json:"samples"`
	}
	require.NoError(t, json.Unmarshal([]byte(o.planned(t, "--samples", "5", "--failure-key", key, "-o", "json").stdout), &shown))
	require.Equal(t, int64(1), shown.Plan.Changes)
	require.Equal(t, shownSample{
		Reference: changed, Kind: ledger.SampleChanged, Fields: []string{"first_name"}, Values: audience.Member{"first_name": newName},
	}, shown.Samples[1])

	locked := o.planned(t, "--samples", "1")
	require.Zero(t, locked.code, locked.stderr)
	require.Contains(t, locked.stderr, "--failure-key shows them")
	require.Regexp(t, `(?m)^ \`+changed+` +changed +first_name$`, locked.stdout)
	require.NotContains(t, locked.stdout, newName)

	require.NotContains(t, planned.stdout+locked.stdout, oldName)
	require.Zero(t, holds(t, o.dir, oldName), "the old value is not in the ledger")
	require.Zero(t, holds(t, o.dir, newName), "the new value is encrypted")
	require.Positive(t, holds(t, o.dir, changed), "the test finds what is there")
	history := o.history(t)
	for _, content := range []string{oldName, newName, strings.TrimPrefix(changed, "+")} {
		require.NotContains(t, history, content)
	}
	require.Contains(t, history, `"plan_only":true`, "the test finds what is there")
}

// holds counts the ledger's files that hold a text.
func holds(t *testing.T, dir, text string) (files int) {
	t.Helper()
	require.NoError(t, fs.WalkDir(os.DirFS(dir), ".", func(path string, _ fs.DirEntry, err error) error {
		if err != nil || !strings.HasPrefix(path, "ledger.db") {
			return err
		}
		content, err := os.ReadFile(filepath.Join(dir, path))
		if bytes.Contains(content, []byte(text)) {
			files++
		}
		return err
	}))
	return files
}

// history is everything that Temporal holds of the sync's newest run.
func (o *office) history(t *testing.T) string {
	t.Helper()
	var all strings.Builder
	events := o.client.GetWorkflowHistory(t.Context(), workflows.SyncID("demo"), "", false, enumspb.HISTORY_EVENT_FILTER_TYPE_ALL_EVENT)
	for events.HasNext() {
		event, err := events.Next()
		require.NoError(t, err)
		all.WriteString(strings.ReplaceAll(event.String(), `\"`, `"`))
	}
	return all.String()
}

func TestSamplesOfAPlanSayThatTheMappingChanged(t *testing.T) {
	t.Parallel()
	o, _ := newRefreshed(t)
	o.edit(t, "sync.yaml", "  last_name: last_name\n", "  middle_name: last_name\n")
	planned := o.planned(t, "--samples", "20")
	require.Zero(t, planned.code, planned.stderr)
	require.Regexp(t, `(?m)^ \`+o.Crowd().Member(0).Number+` +changed +\(the mapping or a setting changed\)$`, planned.stdout)
	require.NotContains(t, planned.stdout, " changed    first_name")
}

func TestAPlanIsPrintedAlsoIfTheLedgerIsNotTheWorkers(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	planned := o.tell(t, "plan", o.file("sync.yaml"), "--samples", "1", "--ledger", "sqlite:"+newDesk(t).file("ledger.db"))
	require.Equal(t, exitUsage, planned.code)
	require.Contains(t, planned.stdout, "sync demo, plan 1: ")
	require.Contains(t, planned.stderr, "is it the worker's ledger?")
}

func TestSamplesNeedALedgerBeforeAnythingStarts(t *testing.T) {
	t.Parallel()
	sync := filepath.Join("..", "examples", "demo", "sync.yaml")
	for name, c := range map[string]struct {
		args []string
		says string
	}{
		"no ledger":        {nil, "error: this command reads the ledger: name it with --ledger "},
		"no such ledger":   {[]string{"--ledger", "sqlite:nobody.db"}, "error: there is no ledger at nobody.db: "},
		"too many":         {[]string{"--samples", "21"}, "error: --samples 21: a plan keeps up to 20 of each kind; write a number from 1 to that"},
		"none":             {[]string{"--samples", "0"}, "error: --samples 0: "},
		"no key":           {[]string{"--failure-key", "env:NOBODY_HAS_IT"}, "error: "},
		"no form of lists": {[]string{"-o", "csv"}, "error: --output csv: write table or json"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := newDesk(t)
			args := []string{"plan", sync, "--samples", "3", "--address", "127.0.0.1:1"}
			if name == "no key" {
				args = append(args, "--ledger", "sqlite:"+d.file("ledger.db"))
			}
			refused := call(t, append(args, c.args...)...)
			require.Equal(t, exitUsage, refused.code, refused.stderr)
			require.Empty(t, refused.stdout)
			require.Contains(t, refused.stderr, c.says)
			require.NotContains(t, refused.stderr, "Temporal")
		})
	}
}

func TestSamplesOfForeignWordsMoveNoTerminal(t *testing.T) {
	t.Parallel()
	var text strings.Builder
	require.NoError(t, writeSamples(&text, []shownSample{
		{Reference: "id-" + wild, Kind: ledger.SampleChanged, Fields: []string{"city" + wild}, Values: audience.Member{"city": wild}},
	}, false))
	require.Contains(t, text.String(), " id-"+tamed+" ")
	require.Contains(t, text.String(), " city"+tamed+" ")
	require.Contains(t, text.String(), `{"city":"gone\u001b[2J\n\u009b1A\rfar"}`)
	require.NotContains(t, text.String(), "\x1b")
	require.NotContains(t, text.String(), "\u009b")
}

func TestWhatIsSaidOfSamples(t *testing.T) {
	t.Parallel()
	for want, c := range map[string]struct {
		sample shownSample
		keeps  bool
	}{
		"changed  (the mapping or a setting changed)":                       {shownSample{Kind: ledger.SampleChanged, Why: ledger.SampleOfMapping}, false},
		"changed  (no field: other tags or options exist in Hello Charles)": {shownSample{Kind: ledger.SampleChanged, Why: ledger.SampleOfLabels}, false},
		"changed  (not known what Hello Charles holds)":                     {shownSample{Kind: ledger.SampleChanged, Why: ledger.SampleOfDoubt}, false},
		"changed  (nothing changed: everybody is sent)":                     {shownSample{Kind: ledger.SampleChanged, Why: ledger.SampleOfFull}, false},
		"leaves  (not in the audience any more)":                            {shownSample{Kind: ledger.SampleLeaver}, false},
		"leaves  (the filter excludes the member)":                          {shownSample{Kind: ledger.SampleLeaver, Why: ledger.SampleOfFilter}, false},
		"left, stays marked  (invalid: our checks)":                         {shownSample{Kind: ledger.SampleLeaver, Why: ledger.SampleOfChecks}, true},
		"new  first_name, phone":                                            {shownSample{Kind: ledger.SampleNew, Fields: []string{"first_name", "phone"}}, false},
	} {
		require.Equal(t, want, c.sample.what(c.keeps)+"  "+c.sample.about())
	}
	var text strings.Builder
	require.NoError(t, writeSamples(&text, nil, false))
	require.Equal(t, "\nno samples: nobody is new, changed or left\n", text.String())
}
