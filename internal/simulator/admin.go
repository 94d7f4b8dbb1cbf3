package simulator

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strconv"

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
