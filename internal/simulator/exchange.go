package simulator

import (
	"context"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"time"

	"audiencesync/internal/simulator/faults"
)

// exchange is one request on its way through the simulator, as the journal
// will tell it. Handlers add what only they know.
type exchange struct {
	items   int
	applied bool
}

type exchangeKey struct{}

// exchangeOf returns the exchange of a request.
func exchangeOf(r *http.Request) *exchange {
	if x, ok := r.Context().Value(exchangeKey{}).(*exchange); ok {
		return x
	}
	return &exchange{}
}

// observe wraps the vendor that a request goes to: admin side, limits, fault
// plan, counts and journal.
func (s *Simulator) observe(find func(*http.Request) (visit, *http.Request)) http.Handler {
	admin := s.adminRoutes()
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasPrefix(r.URL.Path, adminPrefix) {
			admin.ServeHTTP(w, r)
			return
		}
		w.Header().Set("Date", s.clock().UTC().Format(http.TimeFormat))
		to, inside := find(r)
		side := to.vendor.side
		s.counters.enter(side, s.clock())
		defer s.counters.leave(side)
		x := &exchange{}
		inside = inside.WithContext(context.WithValue(r.Context(), exchangeKey{}, x))
		o := s.admit(to, w, inside)
		s.counters.request(side, to.vendor.kind(inside), o.status, o.early)
		s.journal.add(Entry{
			Time: s.clock().UTC(), Side: side, Method: r.Method, Path: r.URL.Path, Key: keyID(r), Tenant: to.tenant,
			Items: x.items, Status: o.status, Effect: effectName(x.applied),
			RetryAfter: o.retryAfter, InsideRetryAfter: o.early, Fault: o.fault,
		})
		if o.finish != nil {
			o.finish()
		}
	})
}

// outcome is what became of a request.
type outcome struct {
	// status is that of the journal.
	status     string
	retryAfter string
	early      bool
	fault      string
	// finish is what is left to do: breaking the connection ends the handler.
	finish func()
}

// admit answers a request, unless a limit is in its way.
func (s *Simulator) admit(to visit, w http.ResponseWriter, r *http.Request) (o outcome) {
	if to.limits == nil {
		decision := s.engine.Load().Decide(to.vendor.side, r.Method, r.URL.Path)
		o.fault = decision.Fault.Title()
		o.status, o.finish = s.answer(to.vendor, w, r, decision)
		return o
	}
	id := keyID(r)
	wait, admitted, early := to.limits.enter(id)
	o.early = early
	if admitted {
		defer to.limits.leave(id)
		decision := s.engine.Load().Decide(to.vendor.side, r.Method, r.URL.Path)
		o.fault = decision.Fault.Title()
		o.status, o.finish = s.answer(to.vendor, w, r, decision)
	} else {
		drain(r)
		if header := to.limits.retryAfter(wait); header != "" {
			w.Header().Set("Retry-After", header)
		}
		to.vendor.refuse(w, http.StatusTooManyRequests, "rate_limited", "too many requests")
		o.status = strconv.Itoa(http.StatusTooManyRequests)
	}
	if o.retryAfter = w.Header().Get("Retry-After"); o.retryAfter != "" {
		sent := s.clock()
		_ = http.NewResponseController(w).Flush() // a delay counts from when it was sent
		to.limits.told(id, o.retryAfter, sent)
	}
	return o
}

func effectName(applied bool) string {
	if applied {
		return "applied"
	}
	return "none"
}

// answer lets the request have its effect and its fault. It returns the status
// for the journal, and what is left to do after that: breaking the connection
// ends the handler.
func (s *Simulator) answer(v *vendor, w http.ResponseWriter, r *http.Request, d faults.Decision) (status string, finish func()) {
	if !wait(r.Context(), d.Latency) {
		return "gone", nil
	}
	switch d.Fault.Do {
	case faults.Status, faults.HTML, faults.RateLimit:
		if d.Fault.AfterEffect {
			v.mux.ServeHTTP(newRecording(), r)
		}
		return writeFault(v, w, r, d), nil
	case faults.Reset:
		return "reset", func() { reset(w) }
	case faults.LostReply:
		v.mux.ServeHTTP(newRecording(), r)
		return "lost", abort
	case faults.CutBody, faults.TruncatedJSON:
		reply := newRecording()
		v.mux.ServeHTTP(reply, r)
		if d.Fault.Do == faults.TruncatedJSON {
			reply.copyTo(w, reply.body.Len()/2)
			return strconv.Itoa(reply.status), nil
		}
		w.Header().Set("Content-Length", strconv.Itoa(reply.body.Len()))
		return "cut", func() {
			reply.copyTo(w, reply.body.Len()/2)
			_ = http.NewResponseController(w).Flush()
			abort()
		}
	case faults.WrongTypes:
		reply := newRecording()
		v.mux.ServeHTTP(reply, r)
		reply.changeTypes()
		reply.copyTo(w, reply.body.Len())
		return strconv.Itoa(reply.status), nil
	case faults.SlowBody:
		reply := newRecording()
		v.mux.ServeHTTP(reply, r)
		return strconv.Itoa(reply.status), func() { reply.dripTo(w, r, time.Duration(d.Fault.Over)) }
	case faults.WrongLength:
		reply := newRecording()
		v.mux.ServeHTTP(reply, r)
		return strconv.Itoa(reply.status), func() { reply.belie(w) }
	case faults.OnlyLatency:
	}
	watched := &watchedWriter{ResponseWriter: w, status: http.StatusOK}
	v.mux.ServeHTTP(watched, r)
	drain(r)
	return strconv.Itoa(watched.status), nil
}

// writeFault answers in place of the vendor.
func writeFault(v *vendor, w http.ResponseWriter, r *http.Request, d faults.Decision) string {
	// A client that still writes its body would lose the answer.
	drain(r)
	if d.RetryAfter != "" {
		w.Header().Set("Retry-After", d.RetryAfter)
	}
	status := d.Fault.Status
	if d.Fault.Do == faults.HTML {
		defaultTo(&status, http.StatusBadGateway)
		writeHTML(w, status)
		return strconv.Itoa(status)
	}
	if d.Fault.Do == faults.RateLimit {
		status = http.StatusTooManyRequests
	}
	v.refuse(w, status, "fault", http.StatusText(status))
	return strconv.Itoa(status)
}

// wait returns false when the client left before the time was over.
func wait(ctx context.Context, latency time.Duration) bool {
	if latency <= 0 {
		return true
	}
	timer := time.NewTimer(latency)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// drain reads what is left of the request, so that the connection stays usable.
func drain(r *http.Request) { _, _ = io.Copy(io.Discard, io.LimitReader(r.Body, maxBody)) }

// abort breaks the connection in the way that net/http provides.
func abort() { panic(http.ErrAbortHandler) }

// reset breaks the connection with a TCP reset.
func reset(w http.ResponseWriter) {
	connection, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		abort()
	}
	if tcp, ok := connection.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0)
	}
	_ = connection.Close()
}

// watchedWriter remembers the status.
type watchedWriter struct {
	http.ResponseWriter
	status int
}

func (w *watchedWriter) WriteHeader(status int) {
	w.status = status
	w.ResponseWriter.WriteHeader(status)
}
