package conformance

import (
	"bytes"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"

	"audiencesync/internal/simulator"
	"audiencesync/internal/simulator/contacts"
)

// Seen is what there is to see after a run.
type Seen struct {
	*simulator.Simulator
	// Answers are those to calls with contacts, in the order in which they were
	// given: the status, a blank and the body.
	Answers []string
}

// Watched is a workspace whose answers to calls with contacts are kept.
type Watched struct {
	workspace http.Handler

	mu      sync.Mutex
	answers []string
}

// Watch keeps the answers of a workspace.
func Watch(workspace http.Handler) *Watched { return &Watched{workspace: workspace} }

// ServeHTTP implements http.Handler.
func (w *Watched) ServeHTTP(to http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodPost && r.Method != http.MethodPut {
		w.workspace.ServeHTTP(to, r)
		return
	}
	kept := &keptReply{ResponseWriter: to, status: http.StatusOK}
	w.workspace.ServeHTTP(kept, r)
	w.mu.Lock()
	defer w.mu.Unlock()
	w.answers = append(w.answers, strconv.Itoa(kept.status)+" "+kept.body.String())
}

// Answers returns what was answered so far.
func (w *Watched) Answers() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Clone(w.answers)
}

// keptReply keeps what it passes on.
type keptReply struct {
	http.ResponseWriter
	status int
	body   bytes.Buffer
}

func (k *keptReply) WriteHeader(status int) {
	k.status = status
	k.ResponseWriter.WriteHeader(status)
}

func (k *keptReply) Write(data []byte) (int, error) {
	k.body.Write(data)
	return k.ResponseWriter.Write(data)
}

// Unwrap lets a reply be flushed, and its connection be broken.
func (k *keptReply) Unwrap() http.ResponseWriter { return k.ResponseWriter }

// both says that everything is to be seen.
func both(signs ...func(Seen) bool) func(Seen) bool {
	return func(s Seen) bool {
		return !slices.ContainsFunc(signs, func(sign func(Seen) bool) bool { return !sign(s) })
	}
}

// answered says that an answer to contacts begins so; the pattern is a regular
// expression about status and body.
func answered(pattern string) func(Seen) bool {
	form := regexp.MustCompile("^(?:" + pattern + ")")
	return func(s Seen) bool { return slices.ContainsFunc(s.Answers, form.MatchString) }
}

// shuffled says that the contacts of an answer, of which each has its name at the
// pattern, are not in the order in which the names increase.
func shuffled(pattern string) func(Seen) bool {
	name := regexp.MustCompile(pattern)
	return func(s Seen) bool {
		return slices.ContainsFunc(s.Answers, func(answer string) bool {
			var places []int
			for _, found := range name.FindAllStringSubmatch(answer, -1) {
				place, err := strconv.Atoi(found[1])
				if err != nil {
					return false
				}
				places = append(places, place)
			}
			return !slices.IsSorted(places)
		})
	}
}

// disordered says that an answer names members in another order than that of the
// audience, in which they are sent.
func disordered(s Seen) bool {
	places := map[string]int64{}
	for i := s.Crowd().Size() - 1; i >= 0; i-- {
		places[s.Crowd().Member(i).Number] = i
	}
	return slices.ContainsFunc(s.Answers, func(answer string) bool {
		found := reference.FindAllStringSubmatch(answer, -1)
		named := make([]int64, len(found))
		for i := range found {
			named[i] = places[found[i][1]]
		}
		return !slices.IsSorted(named)
	})
}

var reference = regexp.MustCompile(`"external_reference_id":"(\+\d+)"`)

// someOdd says that there is such an exception.
func someOdd(is func(simulator.Exception) bool) func(Seen) bool {
	return func(s Seen) bool {
		for _, odd := range s.Exceptions() {
			if is(odd) {
				return true
			}
		}
		return false
	}
}

func refused(odd simulator.Exception) bool { return odd.Refused > 0 }

// someHeld says that the workspace holds such a contact, which the run has sent.
func someHeld(is func(contacts.Contact) bool) func(Seen) bool {
	return func(s Seen) bool {
		for contact := range s.Contacts() {
			if contact.Upserts > 0 && is(contact) {
				return true
			}
		}
		return false
	}
}

// wasKnown is a contact that was there before it was sent.
func wasKnown(contact contacts.Contact) bool {
	return contact.MiddleName != "" || slices.ContainsFunc(contact.Tags, func(tag string) bool { return tag == "newsletter" }) ||
		contact.Properties["preferred_channel"] != nil
}

// told says that a request too many was answered with such a Retry-After, and
// that this came to calls with contacts as well.
func told(pattern string) func(Seen) bool {
	form := regexp.MustCompile("^" + pattern + "$")
	return both(answered("429 "), func(s Seen) bool {
		return slices.ContainsFunc(s.Journal(), func(entry simulator.Entry) bool {
			return entry.Status == "429" && form.MatchString(entry.RetryAfter)
		})
	})
}

// readNothing says that no list and no count was read.
func readNothing(s Seen) bool {
	for kind, statuses := range s.Stats().Requests {
		reads := kind == "tags" || kind == "custom_properties" || strings.HasPrefix(kind, "contact_list") ||
			strings.HasPrefix(kind, "segment_")
		if reads && statuses["200"] > 0 {
			return false
		}
	}
	return true
}
