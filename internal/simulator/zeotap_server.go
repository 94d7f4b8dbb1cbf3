package simulator

import (
	"crypto/subtle"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"audiencesync/internal/simulator/faults"
	"audiencesync/internal/simulator/people"
)

// zeotap serves the members of the audience in pages. The contract is this
// project's own: Zeotap publishes no API that lists members (see docs/zeotap.md A1).
type zeotap struct {
	options   ZeotapOptions
	clock     func() time.Time
	refreshed time.Time
	crowd     *people.Crowd
	snapshots snapshots
	vendor    *vendor
}

func newZeotap(s *Simulator) *zeotap {
	options := s.options.Zeotap
	return &zeotap{
		options:   options,
		clock:     s.clock,
		refreshed: s.started,
		crowd:     s.crowd,
		snapshots: snapshots{content: version(options)},
		vendor: newVendor(faults.Zeotap, func(w http.ResponseWriter, status int, _, text string) {
			writeJSON(w, status, map[string]string{"error": text})
		}),
	}
}

// version identifies the content of the audience.
func version(o ZeotapOptions) string {
	return fmt.Sprintf("%s-%d-%d", o.Audience.ID, o.Seed, o.Members)
}

func (z *zeotap) routes() *vendor {
	z.vendor.handle("audience", "GET /v1/audiences/{id}", z.known(z.audience))
	z.vendor.handle("snapshot", "POST /v1/audiences/{id}/snapshots", z.known(z.open))
	z.vendor.handle("members", "GET /v1/audiences/{id}/members", z.known(z.members))
	return z.vendor
}

// known lets requests pass that have the key and name the audience.
func (z *zeotap) known(next http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		switch {
		case subtle.ConstantTimeCompare([]byte(r.Header.Get("apikey")), []byte(z.options.Key)) == 0:
			z.refuse(w, http.StatusUnauthorized, "the header apikey is missing or wrong")
		case r.PathValue("id") != z.options.Audience.ID:
			z.refuse(w, http.StatusNotFound, "no such audience")
		default:
			next(w, r)
		}
	}
}

func (z *zeotap) refuse(w http.ResponseWriter, status int, text string) {
	z.vendor.refuse(w, status, "", text)
}

func (z *zeotap) audience(w http.ResponseWriter, _ *http.Request) {
	type size struct {
		Value int64     `json:"value"`
		Basis string    `json:"basis"`
		AsOf  time.Time `json:"as_of"`
	}
	reply := struct {
		ID   string `json:"id"`
		Name string `json:"name"`
		Size *size  `json:"size"`
	}{ID: z.options.Audience.ID, Name: z.options.Audience.Name}
	if !z.options.NoSize {
		reply.Size = &size{z.options.Members + z.options.SizeDelta, "unique_customers", z.refreshed}
	}
	writeJSON(w, http.StatusOK, reply)
}

func (z *zeotap) open(w http.ResponseWriter, _ *http.Request) {
	reply := struct {
		Snapshot string    `json:"snapshot"`
		Version  string    `json:"version"`
		AsOf     time.Time `json:"as_of"`
		Total    *int64    `json:"total"`
		Pinned   bool      `json:"pinned"`
	}{
		Snapshot: z.snapshots.token(z.clock()),
		Version:  version(z.options),
		AsOf:     z.refreshed,
		Pinned:   !z.options.Unpinned,
	}
	if total := z.options.Members + z.options.TotalDelta; !z.options.NoTotal {
		reply.Total = &total
	}
	writeJSON(w, http.StatusCreated, reply)
}

func (z *zeotap) members(w http.ResponseWriter, r *http.Request) {
	query := r.URL.Query()
	token := query.Get("snapshot")
	opened, known := z.snapshots.opened(token)
	if !known {
		z.refuse(w, http.StatusBadRequest, "the parameter snapshot is missing or not one of ours")
		return
	}
	if ttl := z.options.SnapshotTTL; ttl > 0 && z.clock().Sub(opened) > ttl {
		z.refuse(w, http.StatusGone, "the snapshot has expired; open another one")
		return
	}
	start, err := z.snapshots.position(token, query.Get("cursor"))
	if err != nil || start.member > z.options.Members {
		z.refuse(w, http.StatusBadRequest, "the cursor is not one of this snapshot")
		return
	}
	limit := z.options.PageMax
	if text := query.Get("limit"); text != "" {
		asked, err := strconv.Atoi(text)
		if err != nil || asked < 1 {
			z.refuse(w, http.StatusBadRequest, "the parameter limit is not a number from 1 on")
			return
		}
		limit = min(limit, asked)
	}
	end := min(start.member+int64(limit), z.options.Members)
	if start.empty {
		end = start.member
	}
	exchangeOf(r).items = int(end - start.member)
	writeBody(w, http.StatusOK, z.page(token, start, end, int64(limit)))
}

// memberBytes is a little more than an average member takes as JSON.
const memberBytes = 320

// page writes the members from start up to end.
func (z *zeotap) page(token string, start position, end, limit int64) []byte {
	version := version(z.options)
	if at := z.options.VersionChangesAt; at > 0 && start.member >= at {
		version += "-changed"
	}
	quoted, _ := json.Marshal(version) // a text cannot fail
	b := make([]byte, 0, 256+(end-start.member)*memberBytes)
	b = append(b, `{"version":`...)
	b = append(b, quoted...)
	b = append(b, `,"members":[`...)
	for i := start.member; i < end; i++ {
		if i > start.member {
			b = append(b, ',')
		}
		b = z.crowd.Member(i).AppendJSON(b)
	}
	b = append(b, `],"next_cursor":`...)
	if end == z.options.Members {
		return append(b, "null}"...)
	}
	next := position{member: end}
	if every := z.options.EmptyPageEvery; every > 0 && !start.empty {
		next.empty = (start.member/limit+1)%every == 0
	}
	return append(b, `"`+z.snapshots.cursor(token, next)+`"}`...)
}
