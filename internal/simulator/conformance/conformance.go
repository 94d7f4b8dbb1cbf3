// Package conformance is a list of plausible Hello Charles workspaces: how the
// simulator is set for each, what a connection must say about it, and whether a
// client can know the truth there. The same audience is run against all of
// them, and what each run claims is compared with what the simulator holds.
package conformance

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/goccy/go-yaml"

	"audiencesync/internal/simulator"
)

// Configuration is one plausible workspace.
type Configuration struct {
	// Name is a file name: words with dashes.
	Name string
	// Charles and Faults set the simulator. Tags and custom properties are the
	// simulator's own but where they say otherwise.
	Charles simulator.CharlesOptions
	Faults  simulator.Faults
	// Connection holds the settings of a hello-charles connection that this
	// workspace needs, as YAML. They are laid over a connection that fits the
	// simulator's defaults (see Over).
	Connection string
	// Silent says that contacts or values get lost in ways that no reply tells:
	// a verdict is never equal or explained.
	Silent bool
	// Unread says that the key may not read, so that nothing is counted: a
	// verdict is at best unverifiable. What the replies tell is true all the same.
	Unread bool
	// Shows reports whether a run has met what the configuration is about: else
	// it says nothing of it.
	Shows func(Seen) bool
}

// All returns the configurations, in an order that does not change; those that
// take long come first. Their names are distinct.
func All() []Configuration {
	return slices.Concat(limits(), singles(), refusals(), replies(), losses(), merges(), unknownValues())
}

// Named returns the configuration with the name.
func Named(name string) (Configuration, bool) {
	for _, c := range All() {
		if c.Name == name {
			return c, true
		}
	}
	return Configuration{}, false
}

// Over lays the settings of the configuration over those of a connection:
// objects key by key, everything else as a whole. The connection stays as it is.
func (c Configuration) Over(connection map[string]any) (map[string]any, error) {
	var settings map[string]any
	if err := yaml.Unmarshal([]byte(c.Connection), &settings); err != nil {
		return nil, fmt.Errorf("configuration %s: %w", c.Name, err)
	}
	return over(connection, settings), nil
}

// OneLine returns the settings of the configuration as one line of YAML.
func (c Configuration) OneLine() (string, error) {
	settings, err := c.Over(nil)
	if err != nil {
		return "", err
	}
	line, err := yaml.MarshalWithOptions(settings, yaml.Flow(true))
	if err != nil {
		return "", fmt.Errorf("configuration %s: %w", c.Name, err)
	}
	return strings.TrimSpace(string(line)), nil
}

func over(below, above map[string]any) map[string]any {
	merged := maps.Clone(below)
	if merged == nil {
		merged = map[string]any{}
	}
	for key, value := range above {
		inner, isObject := value.(map[string]any)
		if outer, both := merged[key].(map[string]any); isObject && both {
			value = over(outer, inner)
		}
		merged[key] = value
	}
	return merged
}
