package simulator

import (
	"crypto/subtle"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"audiencesync/internal/simulator/faults"
)

// zeotap serves the members of the audience in pages. The contract is this
// project's own: Zeotap publishes no API that lists members (see docs/zeotap.md A1).
type zeotap struct {
	options ZeotapOptions
	sim     *Simulator
	vendor  *vendor
}

func newZeotap(s *Simulator) *zeotap {
	return &zeotap{
		options: s.options.Zeotap,
		sim:     s,
		vendor: newVendor(faults.Zeotap, func(w http.ResponseWriter, status int, _, text string) {
			writeJSON(w, status, map[string]string{"error": text})
		}),
	}
}

// version identifies the content of the audience at the beginning.
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
		now := z.sim.editions.current()
		reply.Size = &size{now.members.Size() + z.options.SizeDelta, "unique_customers", now.refreshed}
	}
	writeJSON(w, http.StatusOK, reply)
}

func (z *zeotap) open(w http.ResponseWriter, _ *http.Request) {
	now := z.sim.editions.current()
	reply := struct {
		Snapshot string    `json:"snapshot"`
		Version  string    `json:"version"`
		AsOf     time.Time `json:"as_of"`
		Total    *int64    `json:"total"`
		Pinned   bool      `json:"pinned"`
	}{
		Snapshot: snapshots{now.version}.token(z.sim.clock()),
		Version:  now.version,
		AsOf:     now.refreshed,
		Pinned:   !z.options.Unpinned,
	}
	if total := now.members.Size() + z.options.TotalDelta; !z.options.NoTotal {
		reply.Total = &total
	}
	writeJSON(w, http.StatusCreated, reply)
}

// reading is a snapshot that is read: the edition that it was opened of, and the
// one that it is served from.
type reading struct {
	token  string
	opened time.Time
	tokens snapshots
	from   *edition
	// size is where the pages end.
	size int64
}

// reading finds the snapshot of a token. One that is not pinned is served from
// the audience as it is now.
func (z *zeotap) reading(token string) (r reading, known bool) {
	for _, of := range *z.sim.editions.list.Load() {
		r = reading{token: token, tokens: snapshots{of.version}, from: of}
		if r.opened, known = r.tokens.opened(token); known {
			break
		}
	}
	if !known {
		return r, false
	}
	if z.options.Unpinned {
		r.from = z.sim.editions.current()
	}
	r.size = r.from.members.Size()
	if ends := z.sim.engine.Load().Plan().EndsAfter; ends > 0 {
		r.size = min(r.size, ends)
	}
	return r, true
}

func (z *zeotap) members(w http.ResponseWriter, r *http.Request) {
	query := r.URL.Query()
	reading, known := z.reading(query.Get("snapshot"))
	if !known {
		z.refuse(w, http.StatusBadRequest, "the parameter snapshot is missing or not one of ours")
		return
	}
	if ttl := z.options.SnapshotTTL; ttl > 0 && z.sim.clock().Sub(reading.opened) > ttl {
		z.refuse(w, http.StatusGone, "the snapshot has expired; open another one")
		return
	}
	start, err := reading.tokens.position(reading.token, query.Get("cursor"))
	if err != nil {
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
	// An audience that is not pinned may have become smaller.
	start.member = min(start.member, reading.size)
	end := min(start.member+int64(limit), reading.size)
	if start.empty {
		end = start.member
	}
	exchangeOf(r).items = int(end - start.member)
	writeBody(w, http.StatusOK, z.page(reading, start, end, int64(limit)))
}

// memberBytes is a little more than an average member takes as JSON.
const memberBytes = 320

// page writes the members from start up to end.
func (z *zeotap) page(of reading, start position, end, limit int64) []byte {
	version := of.from.version
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
		b = of.from.members.appendJSON(b, i)
	}
	b = append(b, `],"next_cursor":`...)
	next, more := z.after(of, start, end, limit)
	if !more {
		return append(b, "null}"...)
	}
	return append(b, `"`+of.tokens.cursor(of.token, next)+`"}`...)
}

// after is where the page leads that holds the members from start up to end.
func (z *zeotap) after(of reading, start position, end, limit int64) (next position, more bool) {
	page := start.member/limit + 1
	wrong := z.sim.engine.Load().Plan().Pages
	switch {
	case wrong.Repeat == page && start.again == 0:
		return position{member: start.member, again: 1}, true
	case wrong.Circle == page:
		return position{member: limit}, true
	case end < of.size:
		next = position{member: end, again: start.again}
		if every := z.options.EmptyPageEvery; every > 0 && !start.empty {
			next.empty = page%every == 0
		}
		return next, true
	case wrong.Endless == faults.EndlessEmpty:
		return position{member: end, again: start.again + 1, empty: true}, true
	case wrong.Endless == faults.EndlessAgain:
		return position{again: start.again + 1}, true
	}
	return next, false
}
