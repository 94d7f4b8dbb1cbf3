package simulator

import (
	"cmp"
	"encoding/json"
	"hash/fnv"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// replyToContact answers a single upsert.
func (c *charles) replyToContact(w http.ResponseWriter, one result) {
	status := http.StatusOK
	switch {
	case one.Status == statusRefused:
		c.refuse(w, one.http, one.Error.Code, one.Error.Message)
		return
	case c.options.Single == SingleNone:
		w.WriteHeader(http.StatusNoContent)
		return
	case c.options.Single == SingleAccepted:
		w.WriteHeader(http.StatusAccepted)
		return
	case c.options.Single == SingleRecord && one.Status == statusCreated:
		status = http.StatusCreated
	}
	// The envelope is that of the app API.
	record := map[string]string{"id": one.id, "external_reference_id": one.Reference}
	writeJSON(w, status, map[string]any{"data": []any{record}})
}

func (c *charles) replyToBatch(w http.ResponseWriter, results []result) {
	o := c.options.Batch
	counts := map[string]int{statusCreated: 0, statusUpdated: 0, statusRefused: 0}
	for _, one := range results {
		counts[one.Status]++
	}
	status := http.StatusOK
	switch {
	case o.Queued:
		status = http.StatusAccepted
	case counts[statusRefused] > 0 && o.Reply != ReplyNone:
		status = o.PartialStatus
	}
	switch o.Reply {
	case ReplyNone:
		if !o.Queued {
			status = http.StatusNoContent
		}
		w.WriteHeader(status)
	case ReplyCounts:
		encoded, _ := json.Marshal(counts) // counts cannot fail
		writeBody(w, status, c.wrapped(encoded))
	case ReplyErrors:
		encoded, _ := json.Marshal(problems{c.named(http.StatusUnprocessableEntity, shown(results))})
		writeBody(w, status, c.wrapped(encoded))
	case ReplyItems:
		writeBody(w, status, c.wrapped(c.items(results)))
	}
}

// shown are the results that are not left out of the reply.
func shown(results []result) []result {
	return slices.DeleteFunc(slices.Clone(results), func(one result) bool { return one.hidden })
}

// wrapped puts the envelope of the options around a reply.
func (c *charles) wrapped(reply []byte) []byte {
	if c.options.Batch.Wrap == "" {
		return reply
	}
	return nested(strings.Split(c.options.Batch.Wrap, "."), reply)
}

// nested writes a value as an object below keys.
func nested(keys []string, value []byte) []byte {
	for _, key := range slices.Backward(keys) {
		value = append(append(append(appendQuoted([]byte{'{'}, key), ':'), value...), '}')
	}
	return value
}

// items writes the results, those of strangers last unless they are shuffled.
func (c *charles) items(results []result) []byte {
	o := c.options.Batch.Items
	results = shown(results)
	for i := range o.Strangers {
		results = append(results, result{
			Reference: "stranger-" + strconv.Itoa(i), Status: statusUpdated, place: 1_000_000 + i,
		})
	}
	if o.Shuffle {
		slices.SortFunc(results, func(a, b result) int { return cmp.Compare(disorder(a), disorder(b)) })
	}
	open, closed := byte('['), byte(']')
	if o.Shape == ItemsObject {
		open, closed = '{', '}'
	}
	list := append(make([]byte, 0, 96*len(results)), open)
	for i := range results {
		if i > 0 {
			list = append(list, ',')
		}
		list = o.appendItem(list, &results[i])
	}
	list = append(list, closed)
	if o.Key == "array" {
		return list
	}
	return nested([]string{o.Key}, list)
}

// appendItem writes one result.
func (o ItemOptions) appendItem(b []byte, one *result) []byte {
	switch o.Shape {
	case ItemsObject:
		b = append(appendQuoted(b, one.Reference), ":{"...)
	case ItemsByIndex:
		b = append(strconv.AppendInt(append(b, `{"index":`...), int64(one.place), 10), ',')
	case ItemsList:
		b = append(appendQuoted(append(b, `{"external_reference_id":`...), one.Reference), ',')
	}
	outer, inner, isNested := strings.Cut(o.StatusKey, ".")
	b = append(appendQuoted(b, outer), ':')
	if isNested {
		b = append(b, nested(strings.Split(inner, "."), o.appendStatus(nil, one))...)
	} else {
		b = o.appendStatus(b, one)
	}
	if one.Error != nil {
		reason, _ := json.Marshal(one.Error) // two texts cannot fail
		b = append(append(b, `,"error":`...), reason...)
	}
	return append(b, '}')
}

// appendStatus writes the status of a result in the form of the options.
func (o ItemOptions) appendStatus(b []byte, one *result) []byte {
	switch o.Status {
	case StatusHTTP:
		return strconv.AppendInt(b, int64(one.number()), 10)
	case StatusBoolean:
		return strconv.AppendBool(b, one.Error == nil)
	case StatusText:
	}
	return appendQuoted(b, one.Status)
}

// number is the status of a result as HTTP would have it.
func (r *result) number() int {
	switch r.Status {
	case statusCreated:
		return http.StatusCreated
	case statusUpdated:
		return http.StatusOK
	case statusAccepted:
		return http.StatusAccepted
	default:
		return r.http
	}
}

// disorder is an order that has nothing to do with the contacts' own, and is
// the same each time.
func disorder(one result) uint64 {
	h := fnv.New64a()
	_, _ = h.Write([]byte(one.Reference))
	return h.Sum64() * 0x9e3779b97f4a7c15
}

// appendQuoted writes a text as JSON.
func appendQuoted(b []byte, text string) []byte {
	for i := range len(text) {
		if c := text[i]; c < ' ' || c > '~' || c == '"' || c == '\\' {
			encoded, _ := json.Marshal(text) // a text cannot fail
			return append(b, encoded...)
		}
	}
	return append(append(append(b, '"'), text...), '"')
}
