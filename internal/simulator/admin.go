package simulator

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strconv"

	"audiencesync/internal/simulator/contacts"
	"audiencesync/internal/simulator/faults"
)

// adminPrefix begins the paths of the admin side, which both servers have and
// which needs no key.
const adminPrefix = "/_sim/"

// maxBody bounds the body of any request, in bytes.
const maxBody = 64 << 20

func (s *Simulator) adminRoutes() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET "+adminPrefix+"stats", func(w http.ResponseWriter, _ *http.Request) {
		writeJSON(w, http.StatusOK, s.Stats())
	})
	mux.HandleFunc("GET "+adminPrefix+"contacts", s.listContacts)
	mux.HandleFunc("PUT "+adminPrefix+"members", s.takeMembers)
	mux.HandleFunc("PUT "+adminPrefix+"refresh", s.takeRefresh)
	mux.HandleFunc("POST "+adminPrefix+"contacts", s.takeContacts)
	mux.HandleFunc("POST "+adminPrefix+"truth", s.tellTruth)
	mux.HandleFunc("POST "+adminPrefix+"erase", s.takeErasure)
	mux.HandleFunc("GET "+adminPrefix+"exceptions", func(w http.ResponseWriter, _ *http.Request) {
		writeJSON(w, http.StatusOK, s.Exceptions())
	})
	mux.HandleFunc("GET "+adminPrefix+"journal", s.tellJournal)
	mux.HandleFunc("GET "+adminPrefix+"faults", func(w http.ResponseWriter, _ *http.Request) {
		writeJSON(w, http.StatusOK, s.engine.Load().Plan())
	})
	mux.HandleFunc("POST "+adminPrefix+"faults", s.takeFaults)
	mux.HandleFunc("DELETE "+adminPrefix+"faults", func(w http.ResponseWriter, _ *http.Request) {
		s.setFaults(Faults{})
		w.WriteHeader(http.StatusNoContent)
	})
	mux.HandleFunc("POST "+adminPrefix+"reset", func(w http.ResponseWriter, _ *http.Request) {
		s.Reset()
		w.WriteHeader(http.StatusNoContent)
	})
	return mux
}

// listContacts answers {"total":..,"contacts":[..]}, in the order of creation.
func (s *Simulator) listContacts(w http.ResponseWriter, r *http.Request) {
	limit, offset, err := paging(r, 1000, 100_000)
	if err != nil {
		writeJSON(w, http.StatusBadRequest, map[string]string{"error": err.Error()})
		return
	}
	writeJSON(w, http.StatusOK, map[string]any{
		"total":    s.store.Stats().Contacts,
		"contacts": s.store.List(offset, limit),
	})
}

// references is the body of a call about contacts.
type references struct {
	References []string `json:"references"`
}

// tellTruth answers {"references":["a","b"]} with what is true of each.
func (s *Simulator) tellTruth(w http.ResponseWriter, r *http.Request) {
	var about references
	if readAdmin(w, r, &about) {
		writeJSON(w, http.StatusOK, map[string]any{"references": s.Truth(about.References...)})
	}
}

// takeErasure erases {"references":["a","b"]} and answers how many contacts they were.
func (s *Simulator) takeErasure(w http.ResponseWriter, r *http.Request) {
	var about references
	if readAdmin(w, r, &about) {
		writeJSON(w, http.StatusOK, map[string]int{"erased": s.Erase(about.References...)})
	}
}

// takeContacts adds {"contacts":[..]}, in the form in which they are listed.
func (s *Simulator) takeContacts(w http.ResponseWriter, r *http.Request) {
	var list struct {
		Contacts []contacts.Contact `json:"contacts"`
	}
	if readAdmin(w, r, &list) {
		s.AddContacts(list.Contacts...)
		w.WriteHeader(http.StatusNoContent)
	}
}

// readAdmin reads the JSON of an admin call, or answers what is wrong with it.
func readAdmin(w http.ResponseWriter, r *http.Request, into any) bool {
	decoder := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxBody))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(into); err != nil {
		writeJSON(w, http.StatusBadRequest, map[string]string{"error": err.Error()})
		return false
	}
	return true
}

func (s *Simulator) tellJournal(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "application/x-ndjson")
	encoder := json.NewEncoder(w)
	for _, entry := range s.journal.list() {
		if encoder.Encode(entry) != nil {
			return // the reader has left
		}
	}
}

func (s *Simulator) takeFaults(w http.ResponseWriter, r *http.Request) {
	data, err := io.ReadAll(io.LimitReader(r.Body, maxBody))
	if err == nil {
		var plan Faults
		if plan, err = faults.Parse(data); err == nil {
			s.setFaults(plan)
			w.WriteHeader(http.StatusNoContent)
			return
		}
	}
	writeJSON(w, http.StatusBadRequest, map[string]string{"error": err.Error()})
}

// paging reads limit and offset from the query.
func paging(r *http.Request, limit, most int64) (_, offset int64, err error) {
	for name, to := range map[string]*int64{"limit": &limit, "offset": &offset} {
		text := r.URL.Query().Get(name)
		if text == "" {
			continue
		}
		if *to, err = strconv.ParseInt(text, 10, 64); err != nil || *to < 0 {
			return 0, 0, fmt.Errorf("%s is not a number from 0 on", name)
		}
	}
	return min(limit, most), offset, nil
}
