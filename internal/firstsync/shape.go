package firstsync

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/nyaruka/phonenumbers"

	"audiencesync/internal/audience"
	"audiencesync/internal/config"
	"audiencesync/internal/config/convert"
	"audiencesync/internal/mapping"
)

// Shape is what a value looks like, in words for a person.
type Shape string

// The shapes.
const (
	Phone    Shape = "a phone number"
	Email    Shape = "an email address"
	Hash     Shape = "a hash"
	Date     Shape = "a date"
	DateTime Shape = "a date with a time"
	Number   Shape = "a number"
	Boolean  Shape = "true or false"
	List     Shape = "a list"
	Text     Shape = "text"
)

// dateFormats are tried in this order; none of them reads what an earlier one does,
// but for days and months that can change places.
var dateFormats = []string{convert.ISO, "DD.MM.YYYY", "DD/MM/YYYY", "MM/DD/YYYY", "YYYY/MM/DD", "DD-MM-YYYY", "MM-DD-YYYY"}

// looker tells what values look like, by the checks of a run.
type looker struct {
	abroad, local *mapping.Mapper
	email         *mapping.Mapper
	dates         []convert.Format
	booleans      convert.Boolean
}

// only is the one field of a member that a looker makes of a value.
const only = "value"

func newLooker() *looker {
	l := &looker{abroad: phonesOf(""), booleans: convert.NewBoolean([]string{"true", "yes"}, []string{"false", "no"})}
	l.local = l.abroad
	channel := config.DefaultChannel()
	channel.From = only
	l.email = compiled(config.Sync{Reference: rawReference(only), Mapping: config.Mapping{Email: &channel}}, mapping.Destination{})
	for _, format := range dateFormats {
		if reader, err := convert.NewFormat(format, nil); err == nil {
			l.dates = append(l.dates, reader)
		}
	}
	return l
}

// compiled is the mapper of settings that are known to be right, or nil.
func compiled(sync config.Sync, to mapping.Destination) *mapping.Mapper {
	mapper, err := mapping.Compile(sync, to)
	if err != nil {
		return nil
	}
	return mapper
}

func rawReference(field string) config.Reference {
	return config.Reference{Origin: config.Origin{From: field}, Normalise: config.NormaliseRaw}
}

// phonesOf reads the phone numbers of a region; "" reads those with a country code.
func phonesOf(region string) *mapping.Mapper {
	return compiled(config.Sync{Reference: config.Reference{
		Origin: config.Origin{From: only}, Normalise: config.NormaliseE164, DefaultRegion: region,
	}}, mapping.Destination{})
}

// home is the region of numbers without a country code.
func (l *looker) home(region string) {
	if region != "" {
		l.local = phonesOf(region)
	}
}

// number reads a phone number.
func number(by *mapping.Mapper, text string) (string, audience.Reason) {
	found, rejected := by.Reference(audience.Member{only: text})
	if rejected != nil {
		return "", rejected.Reason
	}
	return found, ""
}

// region is the region of most numbers that are written with their country code.
func (l *looker) region(members []map[string]any) string {
	counts := map[string]int{}
	for _, member := range members {
		for _, value := range member {
			text, ok := value.(string)
			if !ok || !startsAbroad(text) {
				continue
			}
			found, reason := number(l.abroad, text)
			if reason != "" {
				continue
			}
			if parsed, err := phonenumbers.Parse(found, ""); err == nil {
				if region := phonenumbers.GetRegionCodeForNumber(parsed); region != "" {
					counts[region]++
				}
			}
		}
	}
	return mostFrequent(counts)
}

// startsAbroad reports whether a text begins as a number with its country code does.
func startsAbroad(text string) bool {
	text = strings.TrimPrefix(strings.TrimSpace(text), "tel:")
	return strings.HasPrefix(text, "+") || strings.HasPrefix(text, "00")
}

// shape is what a value that is not empty looks like.
func (l *looker) shape(value any) Shape {
	switch value := value.(type) {
	case bool:
		return Boolean
	case json.Number:
		return Number
	case []any:
		return List
	default:
		return l.shapeOfText(strings.TrimSpace(textOf(value)))
	}
}

func (l *looker) shapeOfText(text string) Shape {
	if _, reason := number(l.abroad, text); reason == audience.ReferenceHashed {
		return Hash
	}
	if _, ok := l.booleans.Read(text); ok {
		return Boolean
	}
	if shape, ok := l.dateIn(text); ok {
		return shape
	}
	switch {
	case l.isPhone(text):
		return Phone
	case l.isEmail(text):
		return Email
	case isNumber(text):
		return Number
	default:
		return Text
	}
}

// dateIn recognises dates by their separators: digits alone are a number.
func (l *looker) dateIn(text string) (Shape, bool) {
	if len(text) < len("1.1.2006") || !strings.ContainsAny(text, "-./") {
		return "", false
	}
	for _, format := range l.dates {
		if _, ok := format.Date(text); !ok {
			continue
		}
		if strings.Contains(text, ":") {
			return DateTime, true
		}
		return Date, true
	}
	return "", false
}

// fewestParted is the fewest digits of a number in groups that does not begin as one at
// home: "212-555-0100", and not "2026-02-31".
const fewestParted = 9

func digitsIn(text string) (n int) {
	for _, c := range text {
		if c >= '0' && c <= '9' {
			n++
		}
	}
	return n
}

// isPhone takes digits alone only where they begin as people write numbers at home:
// points and ids are digits too.
func (l *looker) isPhone(text string) bool {
	if startsAbroad(text) {
		_, reason := number(l.abroad, text)
		return reason == ""
	}
	home := strings.HasPrefix(text, "0") || strings.HasPrefix(text, "(")
	if !home && (!strings.ContainsAny(text, " -/()") || digitsIn(text) < fewestParted) {
		return false
	}
	_, reason := number(l.local, text)
	return reason == ""
}

func (l *looker) isEmail(text string) bool {
	if !strings.Contains(text, "@") {
		return false
	}
	_, _, rejected := l.email.Contact(audience.Member{only: text}, only)
	return rejected == nil
}

// isNumber leaves out digits that begin with a zero: they are an id, or a post code.
func isNumber(text string) bool {
	_, point := convert.Number(text, false)
	_, comma := convert.Number(text, true)
	return point || comma
}

// isContactData reports whether the name of a field is somebody's number or address,
// as in an object by phone number.
func (l *looker) isContactData(name string) bool {
	return l.isPhone(name) || strings.Contains(name, "@") || hasLongNumber(name)
}

// hasLongNumber reports whether a name holds as many digits in a row as phone numbers
// and ids have.
func hasLongNumber(name string) bool {
	digits := 0
	for _, c := range name {
		if c < '0' || c > '9' {
			digits = 0
			continue
		}
		if digits++; digits >= 7 {
			return true
		}
	}
	return false
}

// textOf is a value as text.
func textOf(value any) string {
	switch value := value.(type) {
	case string:
		return value
	case json.Number:
		return value.String()
	case bool, []any:
		return fmt.Sprint(value)
	default:
		return ""
	}
}
