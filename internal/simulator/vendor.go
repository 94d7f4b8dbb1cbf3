package simulator

import (
	"encoding/json"
	"net/http"

	"audiencesync/internal/simulator/faults"
)

// vendor is one side: its routes and its form of errors.
type vendor struct {
	side faults.Side
	mux  *http.ServeMux
	// kinds are the kinds of requests by pattern, for the stats.
	kinds map[string]string
	// refuse answers with an error, as the vendor writes it.
	refuse func(w http.ResponseWriter, status int, key, text string)
}

func newVendor(side faults.Side, refuse func(w http.ResponseWriter, status int, key, text string)) *vendor {
	v := &vendor{side: side, mux: http.NewServeMux(), kinds: map[string]string{}, refuse: refuse}
	v.handle("other", "/", func(w http.ResponseWriter, _ *http.Request) {
		v.refuse(w, http.StatusNotFound, "not_found", "no such route")
	})
	return v
}

func (v *vendor) handle(kind, pattern string, handler http.HandlerFunc) {
	v.kinds[pattern] = kind
	v.mux.HandleFunc(pattern, handler)
}

// kind says what a request asks for.
func (v *vendor) kind(r *http.Request) string {
	_, pattern := v.mux.Handler(r)
	if kind, known := v.kinds[pattern]; known {
		return kind
	}
	return "other"
}

func writeJSON(w http.ResponseWriter, status int, body any) {
	data, err := json.Marshal(body)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	writeBody(w, status, data)
}

func writeBody(w http.ResponseWriter, status int, data []byte) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = w.Write(data) //nolint:gosec // JSON, declared as such: no browser runs it
}
