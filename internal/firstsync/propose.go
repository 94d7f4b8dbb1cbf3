package firstsync

import (
	"cmp"
	"slices"
	"strings"

	"audiencesync/internal/audience"
	"audiencesync/internal/config"
	"audiencesync/internal/hellocharles"
)

// Workspace is what exists in Hello Charles. A list that is nil could not be read; an
// empty one was read and holds nothing.
type Workspace struct {
	Tags       []hellocharles.Tag
	Properties []hellocharles.Property
	Segments   []hellocharles.Segment
}

// Property returns the custom property of a technical name.
func (w Workspace) Property(name string) (hellocharles.Property, bool) {
	at := slices.IndexFunc(w.Properties, func(p hellocharles.Property) bool { return p.Name == name })
	if at < 0 {
		return hellocharles.Property{}, false
	}
	return w.Properties[at], true
}

// Proposal is a mapping for a person to look at: fields by name, empty where none looks
// like it.
type Proposal struct {
	// Reference is the field that looks most like a phone number.
	Reference  string
	FirstName  string
	MiddleName string
	LastName   string
	Email      string
	// Consent is a field of truth values that is called like a consent.
	Consent string
	// Properties are custom properties that have a field of the same name whose values
	// fit, by technical name.
	Properties map[string]config.PropertySource
	// Remarks are about custom properties and fields that look as if they belonged
	// together, and were left out.
	Remarks []Remark
}

// Remark is about a custom property that was not proposed.
type Remark struct {
	Property string
	Field    string
	// Source is how the field would be sent; its type is empty where it cannot be.
	Source config.PropertySource
	Why    string
}

// The names under which people keep names, phone numbers and email addresses, folded.
var (
	firstNames  = []string{"firstname", "givenname", "forename", "vorname", "prenom", "fname", "namefirst"}
	middleNames = []string{"middlename", "secondname", "zweitername", "namemiddle"}
	lastNames   = []string{"lastname", "surname", "familyname", "nachname", "nomdefamille", "lname", "namelast"}
	phoneNames  = []string{"phone", "mobile", "msisdn", "whatsapp", "telephone", "telefon", "handy", "cell"}
	consents    = []string{"whatsapp", "optin", "consent"}
	emailNames  = []string{"email", "mail"}
)

// Propose finds the fields that a first mapping is made of. marker is left alone.
func Propose(s *Sample, w Workspace, marker string) Proposal {
	p := Proposal{
		Reference:  s.phoneField(),
		Email:      s.best(Email, emailNames),
		FirstName:  s.named(firstNames),
		MiddleName: s.named(middleNames),
		LastName:   s.named(lastNames),
		Consent:    s.consent(),
		Properties: map[string]config.PropertySource{},
	}
	for _, property := range w.Properties {
		if property.Writable && property.Name != marker {
			p.property(s, property)
		}
	}
	slices.SortFunc(p.Remarks, func(a, b Remark) int { return cmp.Compare(a.Property, b.Property) })
	return p
}

// phoneField is the field with most phone numbers that a run could use, if they are at
// least half of its values and it looks or is called like one.
func (s *Sample) phoneField() string {
	best, most := "", 0
	for _, field := range s.Fields {
		called := isCalled(field.Name, phoneNames)
		if !called && !field.mostly(Phone) {
			continue
		}
		usable := s.Usable(PhoneReference(field.Name, s.Region))
		score := 2*usable.Members + bonus(called, s.Members())
		if usable.Members > 0 && 2*usable.Members >= field.Filled && score > most {
			best, most = field.Name, score
		}
	}
	return best
}

// best is the field with most values of a shape, if they are at least half of its
// values. One that is called so comes before one that is not.
func (s *Sample) best(shape Shape, names []string) string {
	best, most := "", 0
	for _, field := range s.Fields {
		score := 2*field.Shapes[shape] + bonus(isCalled(field.Name, names), s.Members())
		if field.mostly(shape) && score > most {
			best, most = field.Name, score
		}
	}
	return best
}

// bonus lets a field that is called so win over one with up to half as many values more.
func bonus(called bool, members int) int {
	if called {
		return members
	}
	return 0
}

// named is the field of text with one of these names; the earlier name wins.
func (s *Sample) named(names []string) string {
	for _, name := range names {
		for _, field := range s.Fields {
			if fold(field.Name) == name && field.mostly(Text) {
				return field.Name
			}
		}
	}
	return ""
}

// consent is a field that says who may be contacted; the earlier word wins.
func (s *Sample) consent() string {
	for i := range consents {
		for _, field := range s.Fields {
			if isCalled(field.Name, consents[i:i+1]) && field.mostly(Boolean) {
				return field.Name
			}
		}
	}
	return ""
}

// isCalled reports whether a name holds one of the words.
func isCalled(name string, words []string) bool {
	folded := fold(name)
	return slices.ContainsFunc(words, func(word string) bool { return strings.Contains(folded, word) })
}

// fold is a name without letter case, dashes, underscores, dots and blanks.
func fold(name string) string {
	return strings.NewReplacer("_", "", "-", "", ".", "", " ", "").Replace(strings.ToLower(name))
}

// PhoneReference is a field of phone numbers as the reference of a sync.
func PhoneReference(field, region string) config.Reference {
	return config.Reference{Origin: config.Origin{From: field}, Normalise: config.NormaliseE164, DefaultRegion: region}
}

// Usable is how many members have a reference that a run can use.
type Usable struct {
	Members int
	// Reasons count why the others have none.
	Reasons map[audience.Reason]int
}

// Usable reads the references of all members, as a run does.
func (s *Sample) Usable(reference config.Reference) Usable {
	usable := Usable{Reasons: map[audience.Reason]int{}}
	mapper := compiled(config.Sync{Reference: reference}, destination("", nil))
	if mapper == nil {
		return usable
	}
	for _, member := range s.members {
		if _, rejected := mapper.Reference(mapper.Mapped(member)); rejected != nil {
			usable.Reasons[rejected.Reason]++
		} else {
			usable.Members++
		}
	}
	return usable
}

// NeedsRegion reports whether numbers without a country code can be read with the
// sample's region, and cannot without: else no region is the safer choice.
func (s *Sample) NeedsRegion(field string) bool {
	return s.Region != "" && s.Usable(PhoneReference(field, s.Region)).Members > s.Usable(PhoneReference(field, "")).Members
}
