package main

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"audiencesync/internal/config"
	"audiencesync/internal/simulator"
)

// answers are those of somebody who syncs from the simulators and takes what is proposed.
func (d *desk) answers() map[string]string {
	return map[string]string{
		"source": "api", "zeotap_base_url": d.zeotap, "zeotap_credential": "file:demo.key",
		"charles_base_url": d.charles, "charles_credential": "file:demo.key", "audience_id": "984", "segment": "seg-984",
	}
}

// begin runs init with answers, into a folder with nothing but the key.
func (d *desk) begin(t *testing.T, answers map[string]string, args ...string) answer {
	t.Helper()
	var text strings.Builder
	for _, name := range slices.Sorted(maps.Keys(answers)) {
		fmt.Fprintf(&text, "%s: %q\n", name, answers[name])
	}
	require.NoError(t, os.WriteFile(d.file("answers.yaml"), []byte(text.String()), 0o600))
	return call(t, append([]string{
		"init", "--answers", d.file("answers.yaml"), "--ledger", "sqlite:" + d.file("ledger.db"),
		"--write-connections", d.file("first-connections.yaml"), "--write-sync", d.file("first-sync.yaml"),
	}, args...)...)
}

// dryRun is one with the files that init has written: it checks them as a run does.
func (d *desk) dryRun(t *testing.T) answer {
	t.Helper()
	return call(t, "try", d.file("first-sync.yaml"), "--dry-run", "--limit", "2", "--connections", d.file("first-connections.yaml"), "--ledger", "sqlite:"+d.file("ledger.db"))
}

func TestAFirstSyncIsProposedAndCanRun(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	began := d.begin(t, d.answers())
	require.Zero(t, began.code, began.stderr)
	require.Contains(t, began.stderr, " phone               ")
	require.Contains(t, began.stdout, `the segment:  custom property zeotap_audience_984 equals "member"`)
	require.NotContains(t, began.stdout, "\nfirst:\n", "nothing is left to create")
	require.Contains(t, began.stdout, "\n  audiencesync check "+d.file("first-sync.yaml")+"\n")

	spec, err := config.LoadSync(d.file("first-sync.yaml"))
	require.NoError(t, err)
	require.Equal(t, "spring-campaign", spec.Sync)
	require.Equal(t, "Spring campaign", spec.Audience.Name)
	require.Equal(t, config.Reference{Origin: config.Origin{From: "phone"}, Normalise: config.NormaliseE164, DefaultRegion: "DE"}, spec.Reference)
	require.Equal(t, "email", spec.Mapping.Email.From)
	require.Equal(t, []string{"city", "loyalty_points"}, slices.Sorted(maps.Keys(spec.Mapping.Properties)))
	require.Equal(t, config.ConstantTags("zeotap"), spec.Mapping.Tags)

	tried := d.dryRun(t)
	require.Zero(t, tried.code, tried.stderr)
	require.NotContains(t, tried.stderr, "problem:")
	require.Contains(t, tried.stdout, `"zeotap_audience_984": "member"`)
	require.Empty(t, slices.Collect(d.Contacts()), "nothing is sent")
}

func TestNoValueOfAMemberIsShownOrWrittenUnasked(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	began := d.begin(t, d.answers())
	require.Zero(t, began.code, began.stderr)
	said := began.stdout + began.stderr
	for _, file := range []string{"first-sync.yaml", "first-connections.yaml"} {
		content, err := os.ReadFile(d.file(file))
		require.NoError(t, err)
		said += string(content)
	}
	for i := range int64(200) {
		member := d.Crowd().Member(i)
		for _, value := range []string{member.Phone, member.Email, member.CustomerID, member.LastName} {
			if value != "" {
				require.NotContains(t, said, value)
			}
		}
	}
	asked := d.begin(t, d.answers(), "--show-values", "--force")
	require.Zero(t, asked.code, asked.stderr)
	require.Contains(t, asked.stderr, d.Crowd().Member(0).CustomerID)
	require.NotContains(t, asked.stdout, d.Crowd().Member(0).CustomerID)
}

func TestAnswersComeLineByLineWithoutATerminal(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	lines := []string{"api", d.zeotap, "file:demo.key", d.charles, "file:demo.key", "", "batch", "/api/v1beta/contacts/batch", "", "contacts", "items", "984"}
	args := []string{
		"init", "--ledger", "sqlite:" + d.file("ledger.db"), "--write-connections", d.file("first-connections.yaml"), "--write-sync", d.file("first-sync.yaml"),
		"--answer", "segment=1", "--answer", "properties=city, birthday = birth_date", "--answer", "sync=lines", "-o", "json",
	}
	began := callWith(t, strings.Join(lines, "\n"), args...)
	require.Zero(t, began.code, began.stderr)
	var shown shownInit
	require.NoError(t, json.Unmarshal([]byte(began.stdout), &shown))
	require.Equal(t, d.file("first-sync.yaml"), shown.Sync)
	require.Equal(t, shownFilter{"zeotap_audience_984", "member"}, shown.Filter)
	require.Empty(t, shown.Create)
	spec, err := config.LoadSync(d.file("first-sync.yaml"))
	require.NoError(t, err)
	require.Equal(t, "lines", spec.Sync)
	require.Equal(t, "seg-984", spec.Verification.Segment, "the number of a segment in the list")
	require.Equal(t, config.PropertyDate, spec.Mapping.Properties["birthday"].Type)
	tried := d.dryRun(t)
	require.Zero(t, tried.code, tried.stderr)
	require.Contains(t, tried.stdout, "POST /api/v1beta/contacts/batch")
}

// callAnswering runs init with one flag for each answer, and an empty standard input.
func callAnswering(t *testing.T, answers map[string]string, args ...string) answer {
	t.Helper()
	for question, answer := range answers {
		args = append(args, "--answer", question+"="+answer)
	}
	return call(t, append([]string{"init"}, args...)...)
}

func TestAWrongAnswerOfAScriptNamesItsQuestion(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	for name, test := range map[string]struct{ question, answer, says string }{
		"a kind of source":      {"source", "csv", "write export or api"},
		"an address":            {"zeotap_base_url", "cdp.example.com", "expected an address such as https://host.example"},
		"plain http":            {"zeotap_base_url", "http://cdp.example.com", "plain http shows the credential to everyone on the way"},
		"a secret":              {"charles_credential", "demo-key", "expected where the credential is, never the credential itself"},
		"a secret as a name":    {"charles_credential", "env:sk_live_51HqLyjWDarjtT1zdp7dc", "this looks like the credential itself"},
		"no audience":           {"audience_id", "985", "the endpoint knows no such audience"},
		"no field":              {"reference", "fone", `no member of the sample has a field "fone"; did you mean "phone"?`},
		"no field like it":      {"reference", "shoesize", `no member of the sample has a field "shoesize"; the fields are birth_date, city`},
		"a region":              {"region", "UK", `did you mean "GB"?`},
		"a name":                {"first_name", "frist_name", `no member of the sample has a field "frist_name"; did you mean "first_name"?`},
		"no property":           {"properties", "ctiy=city", `custom property "ctiy" does not exist in Hello Charles, which would ignore it silently: create it under Settings first, or did you mean "city"?`},
		"a read-only property":  {"properties", "customer_tier=city", `custom property "customer_tier" is read-only`},
		"a property twice":      {"properties", "city, city=first_name", `custom property "city" stands there twice`},
		"no tag":                {"tags", "zeotap, vipp", `tag "vipp" does not exist in Hello Charles`},
		"a share":               {"accept_invalid", "2", "expected a share"},
		"a number as marker":    {"marker", "loyalty_points", `"loyalty_points" is mapped from a field already`},
		"a checkbox as marker":  {"marker", "newsletter_consent", `custom property "newsletter_consent" cannot be the marker: it is not a text in Hello Charles`},
		"another letter case":   {"marker", "Zeotap_Audience_984", `there is "zeotap_audience_984": letter case counts`},
		"no segment":            {"segment", "seg-985", `segment "seg-985" does not exist in Hello Charles`},
		"a name of the sync":    {"sync", "Spring Campaign", "expected a name of lower-case letters, digits and dashes"},
		"a control character":   {"sync", "a\x07b", "a control character stands in the answer"},
		"how contacts are sent": {"send", "quickly", "write single or batch"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			require.NoError(t, os.WriteFile(filepath.Join(dir, "demo.key"), []byte("demo-key"), 0o600))
			answers := d.answers()
			answers[test.question] = test.answer
			refused := callAnswering(t, answers, "--write-connections", filepath.Join(dir, "c.yaml"), "--write-sync", filepath.Join(dir, "s.yaml"))
			require.Equal(t, exitUsage, refused.code, refused.stderr)
			said := refused.stderr[strings.LastIndex(refused.stderr, "error: "):]
			require.Contains(t, said, "error: question "+test.question+" (")
			require.Contains(t, said, test.says)
			require.NotContains(t, refused.stderr, "51HqLy")
			require.NoFileExists(t, filepath.Join(dir, "c.yaml"))
			require.NoFileExists(t, filepath.Join(dir, "s.yaml"))
		})
	}
}

func TestMistakesInTheCallOfInitAreSaidBeforeAnythingIsAsked(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	require.NoError(t, os.WriteFile(d.file("list.yaml"), []byte("- a"), 0o600))
	for name, test := range map[string]struct {
		args []string
		says string
	}{
		"nobody to look at": {[]string{"--sample", "0"}, "--sample 0: write a number from 1 to 10000"},
		"no such answers":   {[]string{"--answers", "nobody.yaml"}, "--answers: open nobody.yaml: no such file or directory"},
		"answers in a list": {[]string{"--answers", d.file("list.yaml")}, "--answers " + d.file("list.yaml") + ": expected the names of questions, each with its answer, as in audience_id: 984"},
		"no name":           {[]string{"--answer", "984"}, "--answer: write NAME=VALUE, as in --answer audience_id=984"},
		"a misspelt name":   {[]string{"--answer", "audience=984"}, `there is no question "audience"; did you mean "audience_id"?`},
		"one file":          {[]string{"--write-sync", "./a.yaml", "--write-connections", "a.yaml"}, "--write-connections and --write-sync name the same file: the two are read by different programs"},
		"no folder":         {[]string{"--write-sync", "nowhere/sync.yaml"}, "there is no folder nowhere to write sync.yaml in: make it first"},
		"no connections":    {[]string{"--connections", "nobody.yaml"}, "connections file: open nobody.yaml: no such file or directory"},
		"nothing answered":  {[]string{"--answer", "source=api"}, "question zeotap_base_url (Zeotap: address of the endpoint, https://host): there is no answer, and nothing to propose"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			refused := call(t, append([]string{"init"}, test.args...)...)
			require.Equal(t, exitUsage, refused.code)
			require.True(t, strings.HasSuffix(refused.stderr, "error: "+test.says+"\n"), refused.stderr)
		})
	}
}

func TestAConnectionsFileThatIsThereIsUsed(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	before, err := os.ReadFile(d.file("connections.yaml"))
	require.NoError(t, err)
	for _, args := range [][]string{
		{"--connections", d.file("connections.yaml"), "--write-sync", d.file("a.yaml")},
		{"--write-connections", d.file("connections.yaml"), "--write-sync", d.file("b.yaml")},
	} {
		began := callWith(t, "", append(args, "init", "--ledger", "sqlite:"+d.file("ledger.db"), "--answer", "audience_id=984", "--answer", "segment=seg-984")...)
		require.Zero(t, began.code, began.stderr)
		spec, err := config.LoadSync(args[3])
		require.NoError(t, err)
		require.Equal(t, []string{"zeotap-demo", "charles-demo"}, []string{spec.Source, spec.Destination})
		require.Contains(t, began.stdout, "wrote "+args[3]+"; "+d.file("connections.yaml")+" is as it was\n")
	}
	after, err := os.ReadFile(d.file("connections.yaml"))
	require.NoError(t, err)
	require.Equal(t, string(before), string(after))
}

func TestFilesThatAreThereAreNotReplacedUnasked(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	require.NoError(t, os.WriteFile(d.file("first-sync.yaml"), []byte("mine"), 0o600))
	refused := d.begin(t, d.answers())
	require.Equal(t, exitUsage, refused.code)
	require.Contains(t, refused.stderr, d.file("first-sync.yaml")+" is there already: name another file with --write-sync, or replace it with --force; nothing was written")
	content, err := os.ReadFile(d.file("first-sync.yaml"))
	require.NoError(t, err)
	require.Equal(t, "mine", string(content))
	require.NoFileExists(t, d.file("first-connections.yaml"))

	folder := t.TempDir()
	require.Equal(t, answer{code: exitUsage, stderr: "error: " + folder + " is a folder: name the file to write\n"}, d.begin(t, d.answers(), "--write-sync", folder, "--force"))
	broken := d.begin(t, d.answers(), "--ledger", "sqlite:"+d.file("first-sync.yaml"), "--force")
	require.Equal(t, exitFailed, broken.code, broken.stderr)
	require.Contains(t, broken.stderr, "error: ledger "+d.file("first-sync.yaml")+": ")

	require.Zero(t, d.begin(t, d.answers(), "--force").code)
	_, err = config.LoadSync(d.file("first-sync.yaml"))
	require.NoError(t, err)
	entries, err := os.ReadDir(d.dir)
	require.NoError(t, err)
	for _, entry := range entries {
		require.NotRegexp(t, `^\.`, entry.Name(), "no draft is left")
	}
}

func TestAKeyThatMayNotReadIsSaidAndWrittenDown(t *testing.T) {
	t.Parallel()
	d := newDeskOf(t, simulator.Options{Zeotap: simulator.ZeotapOptions{Members: 200, Seed: 1}, Charles: simulator.CharlesOptions{ReadsForbidden: true}})
	answers := d.answers()
	answers["properties"] = "city, loyalty_points"
	began := d.begin(t, answers)
	require.Zero(t, began.code, began.stderr)
	require.Contains(t, began.stderr, "the list of tags cannot be read: connection charles: listing tags: the credential lacks the permission")
	require.Contains(t, began.stdout, "see that the custom property zeotap_audience_984 of type text exists, under Settings; else create it")
	connections, err := config.LoadConnections(d.file("first-connections.yaml"))
	require.NoError(t, err)
	require.False(t, connections.HelloCharles["charles"].Read.ReadsAllowed())
	require.Len(t, connections.HelloCharles["charles"].Read.KnownProperties, 3)
	spec, err := config.LoadSync(d.file("first-sync.yaml"))
	require.NoError(t, err)
	require.Equal(t, config.PropertyNumber, spec.Mapping.Properties["loyalty_points"].Type, "what the field looks like")
	tried := d.dryRun(t)
	require.Zero(t, tried.code, tried.stderr)
}

func TestWithoutKeysTheFilesAreWrittenAllTheSame(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	require.NoError(t, os.WriteFile(d.file("demo.key"), []byte("wrong"), 0o600))
	answers := d.answers()
	delete(answers, "segment")
	refused := d.begin(t, answers)
	require.Equal(t, exitUsage, refused.code)
	require.Contains(t, refused.stderr, "question reference (")
	answers["reference"], answers["region"] = "mobile", "DE"
	began := d.begin(t, answers)
	require.Zero(t, began.code, began.stderr)
	require.Contains(t, began.stderr, "the audience cannot be read: connection zeotap: asking for audience 984: the credential is not accepted")
	require.Contains(t, began.stdout, "the list of tags could not be read; what belongs there is a comment in the file")
	require.Contains(t, began.stdout, "create the segment: Contacts, Segments & lists")
	spec, err := config.LoadSync(d.file("first-sync.yaml"))
	require.NoError(t, err)
	require.Equal(t, "mobile", spec.Reference.From)
	require.Nil(t, spec.Mapping.FirstName)
	require.Empty(t, spec.Verification.Segment)
}

func TestAnEmptyAudienceProposesNothing(t *testing.T) {
	t.Parallel()
	d := newDeskOf(t, simulator.Options{Charles: simulator.CharlesOptions{Properties: []simulator.Property{simulator.PersonProperty("p", "city", "string", "textinput")}}})
	answers := d.answers()
	answers["reference"] = "phone"
	began := d.begin(t, answers)
	require.Zero(t, began.code, began.stderr)
	require.Contains(t, began.stderr, "the audience holds nobody, so there is nothing to propose a mapping from")
	require.Equal(t, 1, strings.Count(began.stderr, "note: there is no custom property zeotap_audience_984 yet, which would mark the members of this audience"))
	require.Contains(t, began.stdout, "\n  - create the custom property zeotap_audience_984 of type text, under Settings\n")
	require.Equal(t, 1, strings.Count(began.stdout, "zeotap_audience_984 of type text"))
	require.NotContains(t, began.stdout, "would ignore it silently", "it is said once")
	spec, err := config.LoadSync(d.file("first-sync.yaml"))
	require.NoError(t, err)
	require.Equal(t, "phone", spec.Mapping.Phone.From)
	require.Empty(t, spec.Mapping.Properties)
}

func TestASegmentThatHoldsSomebodyIsSaid(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	require.Zero(t, d.call(t, "try", "--limit", "2").code)
	answers := d.answers()
	answers["sync"] = "another"
	began := d.begin(t, answers)
	require.Zero(t, began.code, began.stderr)
	require.Contains(t, began.stderr, "it holds 2 contacts already: before the first run say whose they are, by audiencesync adopt or ignore")
}

func TestExportFilesAreASourceToo(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	require.Zero(t, call(t, "simulate", "export", d.file("drops"), "--members", "300", "--seed", "1").code)
	answers := d.answers()
	maps.DeleteFunc(answers, func(name, _ string) bool { return strings.HasPrefix(name, "zeotap_") })
	answers["source"], answers["zeotap_url"] = "export", "drops"
	answers["zeotap_pattern"], answers["zeotap_marker"] = `^{audience}/(?P<set>[^/]+)/part-[0-9]+\.csv\.gz$`, "{audience}/{set}/_DONE"
	began := d.begin(t, answers)
	require.Zero(t, began.code, began.stderr)
	require.Contains(t, began.stderr, "files there, for example: 984/")
	spec, err := config.LoadSync(d.file("first-sync.yaml"))
	require.NoError(t, err)
	require.Equal(t, "phone", spec.Reference.From)
	require.Equal(t, "audience-984", spec.Sync, "files do not say how the audience is called")
	tried := d.dryRun(t)
	require.Zero(t, tried.code, tried.stderr)
}

func TestThePatternOfExportFilesIsProposed(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	require.Zero(t, call(t, "simulate", "export", d.file("drops"), "--members", "300", "--seed", "1", "--format", "ndjson").code)
	answers := d.answers()
	maps.DeleteFunc(answers, func(name, _ string) bool { return strings.HasPrefix(name, "zeotap_") })
	answers["source"], answers["zeotap_url"] = "export", "drops"
	began := d.begin(t, answers)
	require.Zero(t, began.code, began.stderr)
	connections, err := config.LoadConnections(d.file("first-connections.yaml"))
	require.NoError(t, err)
	export := connections.ZeotapExport["zeotap"]
	require.Equal(t, `^{audience}/(?P<set>[^/]+)/part-[0-9]+\.ndjson\.gz$`, export.Pattern)
	require.Equal(t, config.FormatNDJSON, export.Format, "as the pattern says")
	require.Equal(t, "{audience}/{set}/_DONE", export.Marker)
	tried := d.dryRun(t)
	require.Zero(t, tried.code, tried.stderr)
}

func TestAQuestionThatDidNotComeUpIsSaid(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	answers := d.answers()
	answers["batch_path"] = "/path"
	began := d.begin(t, answers)
	require.Zero(t, began.code, began.stderr)
	require.Contains(t, began.stderr, "note: the answer to batch_path was not needed")
}
