package mapping

import (
	"strings"

	"audiencesync/internal/audience"
)

// path finds a catalogue field: "city", or "consent.whatsapp" inside an
// object. A field whose own name contains the dots wins.
type path struct {
	name  string
	parts []string
}

func parsePath(name string) path {
	p := path{name: name}
	if strings.Contains(name, ".") {
		p.parts = strings.Split(name, ".")
	}
	return p
}

// in returns the field's value, nil when the member has none.
func (p path) in(member audience.Member) any {
	if value, ok := member[p.name]; ok || p.parts == nil {
		return value
	}
	var value any = map[string]any(member)
	for _, part := range p.parts {
		object, ok := value.(map[string]any)
		if !ok {
			return nil
		}
		value = object[part]
	}
	return value
}
