package contacts

import (
	"cmp"
	"encoding/binary"
	"encoding/json"
	"slices"
)

// record is a contact, decoded. Names of source types, tags and properties are
// numbers of the vocabulary.
type record struct {
	source              uint64
	reference           string
	first, middle, last string
	phones, emails      []string
	tags                []uint64
	properties          []propertyValue
}

type propertyValue struct {
	name  uint64
	value string // JSON
}

// key is the start of every encoded record: source type and reference.
func appendKey(b []byte, source uint64, reference string) []byte {
	b = binary.AppendUvarint(b, source)
	return appendText(b, reference)
}

func (r *record) encode(b []byte) []byte {
	b = appendKey(b, r.source, r.reference)
	b = appendText(b, r.first)
	b = appendText(b, r.middle)
	b = appendText(b, r.last)
	b = appendTexts(b, r.phones)
	b = appendTexts(b, r.emails)
	b = binary.AppendUvarint(b, uint64(len(r.tags)))
	for _, tag := range r.tags {
		b = binary.AppendUvarint(b, tag)
	}
	b = binary.AppendUvarint(b, uint64(len(r.properties)))
	for _, p := range r.properties {
		b = binary.AppendUvarint(b, p.name)
		b = appendText(b, p.value)
	}
	return b
}

// decode shares the memory of data.
func (r *record) decode(data string) {
	d := decoder(data)
	r.source, r.reference = d.number(), d.text()
	r.first, r.middle, r.last = d.text(), d.text(), d.text()
	r.phones, r.emails = d.texts(r.phones[:0]), d.texts(r.emails[:0])
	r.tags = r.tags[:0]
	for range d.number() {
		r.tags = append(r.tags, d.number())
	}
	r.properties = r.properties[:0]
	for range d.number() {
		r.properties = append(r.properties, propertyValue{d.number(), d.text()})
	}
}

// merge applies an upsert. Tags are added unless the policy replaces them; a
// property is overwritten.
func (r *record) merge(u *Upsert, words *vocabulary, policy Policy) {
	if policy.ClearOmitted {
		r.first, r.middle, r.last = "", "", ""
		r.phones, r.emails, r.tags, r.properties = r.phones[:0], r.emails[:0], r.tags[:0], r.properties[:0]
	}
	mergeText(&r.first, u.FirstName, policy)
	mergeText(&r.middle, u.MiddleName, policy)
	mergeText(&r.last, u.LastName, policy)
	if u.Phones.sets(policy) {
		r.phones = mergeChannels(r.phones, u.Phones, policy)
	}
	if u.Emails.sets(policy) {
		r.emails = mergeChannels(r.emails, u.Emails, policy)
	}
	if u.Tags.sets(policy) && (u.Tags.Null || policy.ReplaceTags) {
		r.tags = r.tags[:0]
	}
	for _, label := range u.Tags.Value {
		r.addTag(words.number(label))
	}
	if u.Properties.Null && !policy.IgnoreNull {
		r.properties = r.properties[:0]
	}
	for _, p := range u.Properties.Value {
		if isNull := string(p.Value) == "null"; !isNull || !policy.IgnoreNull {
			r.setProperty(words.number(p.Name), string(p.Value))
		}
	}
}

// sets says whether the field changes what the contact holds.
func (f Field[T]) sets(policy Policy) bool { return f.Set && (!f.Null || !policy.IgnoreNull) }

func mergeChannels(has []string, from Field[[]string], policy Policy) []string {
	if from.Null || !policy.AddChannels {
		return append(has[:0], from.Value...)
	}
	all := slices.Clone(from.Value)
	for _, channel := range has {
		if !slices.Contains(all, channel) {
			all = append(all, channel)
		}
	}
	return all
}

func mergeText(to *string, from Field[string], policy Policy) {
	if from.sets(policy) {
		*to = from.Value
	}
}

func (r *record) addTag(tag uint64) {
	if at, there := slices.BinarySearch(r.tags, tag); !there {
		r.tags = slices.Insert(r.tags, at, tag)
	}
}

func (r *record) setProperty(name uint64, value string) {
	at, there := slices.BinarySearchFunc(r.properties, name, func(p propertyValue, name uint64) int {
		return cmp.Compare(p.name, name)
	})
	switch {
	case value == "null" && there:
		r.properties = slices.Delete(r.properties, at, at+1)
	case value == "null":
	case there:
		r.properties[at].value = value
	default:
		r.properties = slices.Insert(r.properties, at, propertyValue{name, value})
	}
}

func (r *record) contact(words *vocabulary) Contact {
	c := Contact{
		SourceType: words.text(r.source), Reference: r.reference,
		FirstName: r.first, MiddleName: r.middle, LastName: r.last,
		Phones: slices.Clone(r.phones), Emails: slices.Clone(r.emails),
	}
	for _, tag := range r.tags {
		c.Tags = append(c.Tags, words.text(tag))
	}
	slices.Sort(c.Tags)
	if len(r.properties) > 0 {
		c.Properties = make(map[string]json.RawMessage, len(r.properties))
		for _, p := range r.properties {
			c.Properties[words.text(p.name)] = json.RawMessage(p.value)
		}
	}
	return c
}

func appendText(b []byte, text string) []byte {
	b = binary.AppendUvarint(b, uint64(len(text)))
	return append(b, text...)
}

func appendTexts(b []byte, texts []string) []byte {
	b = binary.AppendUvarint(b, uint64(len(texts)))
	for _, text := range texts {
		b = appendText(b, text)
	}
	return b
}

// decoder reads what encode wrote; the data never comes from elsewhere.
type decoder string

func (d *decoder) number() uint64 {
	var n uint64
	for shift := 0; ; shift += 7 {
		c := (*d)[0]
		*d = (*d)[1:]
		n |= uint64(c&0x7f) << shift
		if c < 0x80 {
			return n
		}
	}
}

func (d *decoder) text() string {
	n := d.number()
	text := string((*d)[:n])
	*d = (*d)[n:]
	return text
}

func (d *decoder) texts(to []string) []string {
	for range d.number() {
		to = append(to, d.text())
	}
	return to
}

// vocabulary gives numbers to words that many contacts share.
type vocabulary struct {
	numbers map[string]uint64
	words   []string
}

func (v *vocabulary) number(word string) uint64 {
	n, known := v.numbers[word]
	if !known {
		if v.numbers == nil {
			v.numbers = map[string]uint64{}
		}
		n = uint64(len(v.words))
		v.words = append(v.words, word)
		v.numbers[word] = n
	}
	return n
}

func (v *vocabulary) text(n uint64) string { return v.words[n] }
