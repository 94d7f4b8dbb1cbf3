package readback

import (
	"encoding/json"
	"math/big"
	"reflect"
	"slices"
	"strings"
	"time"

	"audiencesync/internal/audience"
	"audiencesync/internal/hellocharles"
)

// Difference is a field whose value is not held as it was sent.
type Difference struct {
	// Field is "first_name", "tags", Phone, Email or the technical name of a property.
	Field string
	// Sent is what was sent: of tags, those that are missing.
	Sent any
	// Held is what Hello Charles has there; nil for nothing.
	Held any
}

// The fields that are channels.
const (
	Phone = "phone"
	Email = "email"
)

// differences compares what was sent with what is held. What was not sent is not
// compared: Hello Charles may have it from elsewhere.
func differences(sent audience.Contact, held *hellocharles.Held, tagIDs map[string]string) []Difference {
	var all []Difference
	for _, name := range []struct{ field, sent, held string }{
		{"first_name", sent.FirstName, held.FirstName},
		{"middle_name", sent.MiddleName, held.MiddleName},
		{"last_name", sent.LastName, held.LastName},
	} {
		if name.sent != "" && name.sent != name.held {
			all = append(all, Difference{name.field, name.sent, textOrNil(name.held)})
		}
	}
	if sent.Phone != "" && !slices.ContainsFunc(held.Phones, func(phone string) bool { return digits(phone) == digits(sent.Phone) }) {
		all = append(all, Difference{Phone, sent.Phone, listOrNil(held.Phones)})
	}
	if sent.Email != "" && !slices.ContainsFunc(held.Emails, func(email string) bool { return strings.EqualFold(email, sent.Email) }) {
		all = append(all, Difference{Email, sent.Email, listOrNil(held.Emails)})
	}
	if missing := missingTags(sent.Tags, held.Tags, tagIDs); len(missing) > 0 {
		all = append(all, Difference{"tags", missing, listOrNil(held.Tags)})
	}
	for _, property := range sent.Properties {
		if has := held.Properties[property.Name]; !sameValue(property.Value, has) {
			all = append(all, Difference{property.Name, property.Value, has})
		}
	}
	return all
}

func textOrNil(text string) any {
	if text == "" {
		return nil
	}
	return text
}

func listOrNil(list []string) any {
	if len(list) == 0 {
		return nil
	}
	return list
}

// digits drops what is a matter of spelling in an international number.
func digits(phone string) string {
	return strings.Map(func(r rune) rune {
		if r < '0' || r > '9' {
			return -1
		}
		return r
	}, phone)
}

// missingTags returns the labels of which neither they nor their ids are held.
func missingTags(sent, held []string, ids map[string]string) []string {
	var missing []string
	for _, label := range sent {
		id := ids[label]
		if !slices.Contains(held, label) && (id == "" || !slices.Contains(held, id)) {
			missing = append(missing, label)
		}
	}
	return missing
}

// sameValue compares values of a custom property: numbers as numbers, moments
// as moments, lists as sets; null is no value.
func sameValue(sent, held any) bool {
	switch sent := sent.(type) {
	case json.Number:
		number, ok := held.(json.Number)
		return ok && sameNumber(sent, number)
	case string:
		text, ok := held.(string)
		return ok && (sent == text || sameMoment(sent, text))
	case []string:
		return sameList(len(sent), func(i int) any { return sent[i] }, held)
	case []json.Number:
		return sameList(len(sent), func(i int) any { return sent[i] }, held)
	default:
		return reflect.DeepEqual(sent, held)
	}
}

func sameNumber(one, other json.Number) bool {
	a, known := new(big.Rat).SetString(one.String())
	b, alsoKnown := new(big.Rat).SetString(other.String())
	return known && alsoKnown && a.Cmp(b) == 0
}

func sameMoment(one, other string) bool {
	a, wrong := time.Parse(time.RFC3339, one)
	b, alsoWrong := time.Parse(time.RFC3339, other)
	return wrong == nil && alsoWrong == nil && a.Equal(b)
}

// sameList reports whether a list holds the same options, in whatever order.
func sameList(n int, sent func(int) any, held any) bool {
	list, ok := held.([]any)
	if !ok || len(list) != n {
		return false
	}
	left := slices.Clone(list)
	for i := range n {
		at := slices.IndexFunc(left, func(has any) bool { return sameValue(sent(i), has) })
		if at < 0 {
			return false
		}
		left = slices.Delete(left, at, at+1)
	}
	return true
}
