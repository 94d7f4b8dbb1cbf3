package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"reflect"

	"audiencesync/activities"
	"audiencesync/internal/audience"
	"audiencesync/internal/beginning"
	"audiencesync/internal/buildinfo"
	"audiencesync/internal/ledger"
	"audiencesync/internal/proof"
	"audiencesync/internal/runreport"
	"audiencesync/internal/temporalclient"
	"audiencesync/workflows"
)

// jsonForm is something that a command prints with --output json.
type jsonForm struct {
	of reflect.Type
	// when says when it is that which is printed; "" is always.
	when string
	// lines says that there is one a line, as things happen.
	lines bool
}

func always[T any]() []jsonForm { return []jsonForm{form[T]("")} }

func form[T any](when string) jsonForm { return jsonForm{of: reflect.TypeFor[T](), when: when} }

// jsonForms are what commands print with --output json. Every command is here, and
// every in-process call of one that prints JSON is held against it (see call).
var jsonForms = map[string][]jsonForm{
	"adopt":             always[beginning.Adopted](),
	"approve":           always[workflows.Progress](),
	"audit":             always[audience.Report](),
	"cancel":            always[audience.Report](),
	"check":             always[activities.CheckSyncResult](),
	"decline":           always[workflows.Progress](),
	"demo":              always[audience.Report](),
	"differences":       always[[]ledger.Difference](),
	"failures":          {form[[]shownFailure](""), form[[]shownWithheld]("with `--withheld`")},
	"history":           always[[]runreport.Past](),
	"ignore":            always[beginning.Ignored](),
	"init":              always[shownInit](),
	"ledger check":      always[[]ledger.Finding](),
	"ledger export":     always[[]exportedMember](),
	"ledger forget":     always[ledger.Forgetting](),
	"ledger migrate":    {form[migratedLedger](""), form[[]ledger.CopiedTable]("with `--from` and `--to`")},
	"ledger rebuild":    always[[]beginning.Adopted](),
	"limits":            always[activities.LimitsInForce](),
	"list":              always[[]*listedSync](),
	"notify test":       always[deliveredMessage](),
	"pause":             always[workflows.Progress](),
	"plan":              {form[audience.Report](""), form[shownPlan]("with `--samples`")},
	"report":            always[runreport.Document](),
	"resume":            always[workflows.Progress](),
	"retire":            always[audience.Report](),
	"retry-failures":    always[retriedFailures](),
	"run":               always[audience.Report](),
	"schedule apply":    always[shownApply](),
	"schedule create":   always[[]shownSchedule](),
	"schedule delete":   always[deletedSchedule](),
	"schedule describe": always[[]describedSchedule](),
	"schedule list":     always[[]scheduleLine](),
	"schedule pause":    always[shownSchedule](),
	"schedule resume":   always[shownSchedule](),
	"schedule trigger":  always[shownSchedule](),
	"schedule update":   always[[]shownUpdate](),
	"search-attributes": always[[]temporalclient.RegisteredAttribute](),
	"simulate":          nil, // They serve until they are stopped, and have no result.
	"up":                nil,
	"simulate export":   always[writtenExport](),
	"simulate presets":  always[map[string]map[string]any](),
	"status":            {form[printed]("while a run is going"), form[audience.Report]("when it has ended"), form[freshness]("with `--fail-if-older`")},
	"trace":             always[shownPath](),
	"try":               always[shownTrial](),
	"verify":            {form[audience.Report](""), form[proof.Proof]("with `--members-file` and `--with-references`")},
	"version":           always[buildinfo.Info](),
	"watch":             {{of: reflect.TypeFor[printed](), when: "while a run is going", lines: true}, form[audience.Report]("when it has ended, on one line")},
}

// asDocumented returns why what a command has printed with --output json is not what is
// documented of it: other than JSON, in more than one piece, or with a key that is not
// there.
func asDocumented(command, printed string) error {
	decoder := json.NewDecoder(bytes.NewReader([]byte(printed)))
	lines := false
	for n := 1; ; n++ {
		var one json.RawMessage
		err := decoder.Decode(&one)
		switch {
		case errors.Is(err, io.EOF) && n > 1:
			return nil
		case err != nil:
			return fmt.Errorf("no JSON: %w", err)
		case n > 1 && !lines:
			return errors.New("more than one piece of JSON")
		}
		var flaws []error
		for _, form := range jsonForms[command] {
			strict := json.NewDecoder(bytes.NewReader(one))
			strict.DisallowUnknownFields()
			err := strict.Decode(reflect.New(form.of).Interface())
			if err == nil {
				flaws, lines = nil, lines || form.lines
				break
			}
			flaws = append(flaws, fmt.Errorf("not %s: %w", form.of, err))
		}
		if jsonForms[command] == nil || flaws != nil {
			return fmt.Errorf("not documented: %w", errors.Join(flaws...))
		}
	}
}
