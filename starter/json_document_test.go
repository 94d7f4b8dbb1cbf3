package main

import (
	"cmp"
	"encoding"
	"encoding/json"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

const jsonDocumentHead = `# What commands print as JSON

*Written by ` + "`make cli`" + ` from the types that are printed; tests hold what every command prints against it.*

With ` + "`--output json`" + ` a command prints one piece of JSON on standard output; ` + "`watch`" + ` prints one a line while a run is going. Keys are added in later versions, never
taken away or renamed. A key that is marked *or absent* is left out where it would be empty, zero or false; one that is marked *or null* is null where there is nothing to tell.
` + "`[]`" + ` are the elements of a list, and ` + "`*`" + ` the names in a map. Times are in RFC 3339, durations that are numbers are in the unit of their key. What the words mean is in
[architecture.md](architecture.md#words) and, for reports, in [report.md](report.md) and [proof.md](proof.md).

| command | prints |
|---|---|
`

// documentedJSON writes the document of what commands print as JSON.
func documentedJSON(t *testing.T) string {
	t.Helper()
	var text strings.Builder
	text.WriteString(jsonDocumentHead)
	var shown []reflect.Type
	for _, command := range slices.Sorted(maps.Keys(jsonForms)) {
		var prints []string
		for _, form := range jsonForms[command] {
			element, listed := elementOf(form.of)
			what := "the settings of each by its name"
			if element.Kind() == reflect.Struct {
				what = linkTo(element)
				if !slices.Contains(shown, element) {
					shown = append(shown, element)
				}
			}
			if listed {
				what = "a list of: " + what
			}
			prints = append(prints, strings.TrimSuffix(what+" "+form.when, " "))
		}
		fmt.Fprintf(&text, "| %s | %s |\n", command, cmp.Or(strings.Join(prints, "; "), "nothing: it serves until it is stopped"))
	}
	slices.SortFunc(shown, func(x, y reflect.Type) int { return cmp.Compare(formName(x), formName(y)) })
	d := jsonDocument{text: &text, sections: shown, said: map[string]string{}, words: map[string][]string{}}
	for _, one := range shown {
		fmt.Fprintf(&text, "\n## %s\n\n| key | is | meaning |\n|---|---|---|\n", formName(one))
		d.writeKeys(t, one, "", nil)
	}
	return text.String()
}

// jsonDocument is the document in the making.
type jsonDocument struct {
	text *strings.Builder
	// sections are the types that have one.
	sections []reflect.Type
	// said is what types say of their fields, by package, type and field; words are the
	// constants of types, by package and type.
	said  map[string]string
	words map[string][]string
}

// linkTo links to the section of a type.
func linkTo(t reflect.Type) string {
	return fmt.Sprintf("[%s](#%s)", formName(t), strings.ReplaceAll(formName(t), " ", "-"))
}

// elementOf is what is printed, or what a list of it holds.
func elementOf(t reflect.Type) (element reflect.Type, listed bool) {
	if t.Kind() == reflect.Slice {
		t, listed = t.Elem(), true
	}
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	return t, listed
}

// formNames are what the document calls types whose names are not for readers.
var formNames = map[string]string{
	"printed": "progress of a run", "Past": "past run", "Document": "report with history", "CheckSyncResult": "check", "shownPath": "trace", "shownApply": "applied changes",
	"shownUpdate": "updated schedule", "shownPlan": "plan with samples", "scheduleLine": "schedule in the list", "shownWithheld": "withheld label", "Adopted": "adopted segment",
	"Ignored": "ignored segment", "Finding": "finding in the ledger", "shownInit": "first sync",
}

// formName is what the document calls a type: "shownPlan" is "plan".
func formName(t reflect.Type) string {
	if name, ok := formNames[t.Name()]; ok {
		return name
	}
	name := strings.TrimPrefix(t.Name(), "shown")
	name = regexp.MustCompile(`([a-z])([A-Z])`).ReplaceAllString(name, "$1 $2")
	return strings.ToLower(name)
}

var (
	textMarshaler = reflect.TypeFor[encoding.TextMarshaler]()
	jsonMarshaler = reflect.TypeFor[json.Marshaler]()
)

// writeKeys writes a row for every key of a struct, and for those below it.
func (d *jsonDocument) writeKeys(t *testing.T, of reflect.Type, path string, above []reflect.Type) {
	t.Helper()
	above = append(slices.Clip(above), of)
	for field := range of.Fields() {
		tag := field.Tag.Get("json")
		if tag == "-" || !field.IsExported() && !field.Anonymous {
			continue
		}
		name, options, _ := strings.Cut(tag, ",")
		if field.Anonymous && name == "" {
			if embedded, _ := elementOf(field.Type); slices.Contains(d.sections, embedded) {
				fmt.Fprintf(d.text, "| | | all keys of %s, and |\n", linkTo(embedded))
			} else {
				d.writeKeys(t, embedded, path, above)
			}
			continue
		}
		require.NotEmpty(t, name, "%s.%s has no key of its own", of, field.Name)
		is, below, suffix := d.kindOf(t, field.Type)
		switch {
		case strings.HasPrefix(options, "omit"):
			is += " or absent"
		case field.Type.Kind() == reflect.Pointer:
			is += " or null"
		}
		switch {
		case below != nil && (slices.Contains(d.sections, below) || slices.Contains(above, below)):
			fmt.Fprintf(d.text, "| `%s` | %s: %s | %s |\n", path+name, is, linkTo(below), d.meaning(t, of, field.Name))
		default:
			fmt.Fprintf(d.text, "| `%s` | %s | %s |\n", path+name, is, d.meaning(t, of, field.Name))
			if below != nil {
				d.writeKeys(t, below, path+name+suffix+".", above)
			}
		}
	}
}

// kindOf says what a value is, and which struct, if any, is found in it and how.
func (d *jsonDocument) kindOf(t *testing.T, of reflect.Type) (is string, below reflect.Type, suffix string) {
	t.Helper()
	if of.Kind() == reflect.Pointer {
		of = of.Elem()
	}
	switch {
	case of == reflect.TypeFor[time.Time]():
		return "time", nil, ""
	case of == reflect.TypeFor[json.RawMessage]():
		return "as sent", nil, ""
	case of.Implements(textMarshaler), reflect.PointerTo(of).Implements(textMarshaler):
		return "text", nil, ""
	case of.Implements(jsonMarshaler):
		return "number", nil, "" // A share.
	}
	switch of.Kind() {
	case reflect.Struct:
		return "object", of, ""
	case reflect.Slice:
		is, below, suffix = d.kindOf(t, of.Elem())
		return "list of " + is, below, "[]" + suffix
	case reflect.Map:
		is, below, suffix = d.kindOf(t, of.Elem())
		return "map of " + is, below, ".*" + suffix
	case reflect.Bool:
		return "true or false", nil, ""
	case reflect.String:
		d.read(t, of.PkgPath())
		return cmp.Or(strings.Join(d.words[of.PkgPath()+" "+of.Name()], ", "), "text"), nil, ""
	case reflect.Interface:
		return "any", nil, ""
	default:
		return "number", nil, ""
	}
}

// meaning is what a type says of its field, on one line and in the words of the keys.
func (d *jsonDocument) meaning(t *testing.T, of reflect.Type, field string) string {
	t.Helper()
	d.read(t, of.PkgPath())
	return regexp.MustCompile(`[A-Z][A-Za-z]*`).ReplaceAllStringFunc(d.said[of.PkgPath()+" "+of.Name()+"."+field], func(word string) string {
		named, ok := of.FieldByName(word)
		if key, _, _ := strings.Cut(named.Tag.Get("json"), ","); ok && key != "" {
			return "`" + key + "`"
		}
		return word
	})
}

// read reads the comments of all structs of a package of ours, and its constants.
func (d *jsonDocument) read(t *testing.T, pkg string) {
	t.Helper()
	inside, ours := strings.CutPrefix(pkg, "audiencesync/")
	if _, read := d.said[pkg]; read || !ours {
		return
	}
	d.said[pkg] = ""
	folder := filepath.Join("..", inside)
	files, err := filepath.Glob(filepath.Join(folder, "*.go"))
	require.NoError(t, err)
	for _, file := range files {
		parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.ParseComments)
		require.NoError(t, err)
		ast.Inspect(parsed, func(node ast.Node) bool {
			switch declared := node.(type) {
			case *ast.TypeSpec:
				d.readFields(pkg, declared)
			case *ast.ValueSpec:
				d.readWord(pkg, declared)
			}
			return true
		})
	}
}

func (d *jsonDocument) readFields(pkg string, declared *ast.TypeSpec) {
	structure, ok := declared.Type.(*ast.StructType)
	if !ok {
		return
	}
	for _, field := range structure.Fields.List {
		for _, name := range field.Names {
			d.said[pkg+" "+declared.Name.Name+"."+name.Name] = forReaders(field.Doc.Text())
		}
	}
}

func (d *jsonDocument) readWord(pkg string, declared *ast.ValueSpec) {
	kind, typed := declared.Type.(*ast.Ident)
	if !typed || len(declared.Values) != 1 {
		return
	}
	if value, ok := declared.Values[0].(*ast.BasicLit); ok && value.Kind == token.STRING && value.Value != `""` {
		of := pkg + " " + kind.Name
		d.words[of] = append(d.words[of], "`"+strings.Trim(value.Value, `"`)+"`")
	}
}

// forReaders makes a comment a cell of a table.
func forReaders(comment string) string {
	comment = strings.Join(strings.Fields(comment), " ")
	comment = regexp.MustCompile(`\bnil\b`).ReplaceAllString(comment, "null")
	return strings.NewReplacer("|", `\|`, "<", "&lt;").Replace(comment)
}

func TestWhatCommandsPrintAsJSONIsDocumentedInStep(t *testing.T) {
	t.Parallel()
	file := filepath.Join("..", "docs", "json.md")
	if *update {
		require.NoError(t, os.WriteFile(file, []byte(documentedJSON(t)), 0o600))
	}
	want, err := os.ReadFile(file)
	require.NoError(t, err)
	require.Equal(t, string(want), documentedJSON(t), "if this is meant: make cli")
}

func TestWhatEveryCommandPrintsAsJSONIsKnown(t *testing.T) {
	t.Parallel()
	commands := commandsOf((&app{}).root())
	there := make([]string, len(commands))
	for i, command := range commands {
		there[i] = verbOf(command)
	}
	require.ElementsMatch(t, there, slices.Collect(maps.Keys(jsonForms)))
}

func TestJSONThatIsNotDocumentedIsNoticed(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ command, printed string }{
		"no JSON":        {"retry-failures", "3 retried\n"},
		"a cut piece":    {"retry-failures", `{"retried": `},
		"another key":    {"retry-failures", `{"retried": 3, "more": 1}`},
		"two pieces":     {"retry-failures", `{"retried": 3} {"retried": 4}`},
		"another kind":   {"retry-failures", `{"retried": "three"}`},
		"of a server":    {"simulate", `{}`},
		"nothing at all": {"retry-failures", ""},
	} {
		require.Error(t, asDocumented(c.command, c.printed), name)
	}
	require.NoError(t, asDocumented("retry-failures", `{"retried": 3}`))
	require.NoError(t, asDocumented("watch", `{"phase": "read"}`+"\n"+`{"verdict": "equal"}`))
}
