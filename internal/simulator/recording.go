package simulator

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"strconv"
	"time"
)

// recording keeps a reply instead of sending it.
type recording struct {
	header http.Header
	status int
	body   bytes.Buffer
}

func newRecording() *recording {
	return &recording{header: http.Header{}, status: http.StatusOK}
}

func (r *recording) Header() http.Header { return r.header }

func (r *recording) WriteHeader(status int) { r.status = status }

func (r *recording) Write(data []byte) (int, error) { return r.body.Write(data) }

// copyTo sends the reply with the first n bytes of its body.
func (r *recording) copyTo(w http.ResponseWriter, n int) {
	maps.Copy(w.Header(), r.header)
	w.WriteHeader(r.status)
	_, _ = w.Write(r.body.Bytes()[:n])
}

// drips is the number of pieces in which a slow reply is sent.
const drips = 20

// dripTo sends the reply in pieces, until the time is over or the client has left.
func (r *recording) dripTo(w http.ResponseWriter, to *http.Request, over time.Duration) {
	maps.Copy(w.Header(), r.header)
	w.Header().Set("Content-Length", strconv.Itoa(r.body.Len()))
	w.WriteHeader(r.status)
	rest := r.body.Bytes()
	for i := range drips {
		if !wait(to.Context(), over/drips) {
			return
		}
		n := len(rest) / (drips - i)
		_, _ = w.Write(rest[:n])
		_ = http.NewResponseController(w).Flush()
		rest = rest[n:]
	}
}

// belie announces half of the body, sends it all, and ends the connection.
func (r *recording) belie(w http.ResponseWriter) {
	connection, buffered, err := http.NewResponseController(w).Hijack()
	if err != nil {
		abort()
	}
	r.header.Set("Content-Length", strconv.Itoa(r.body.Len()/2))
	_, _ = fmt.Fprintf(buffered, "HTTP/1.1 %d %s\r\n", r.status, http.StatusText(r.status))
	_ = r.header.Write(buffered)
	_, _ = fmt.Fprintf(buffered, "\r\n%s", r.body.Bytes())
	_ = buffered.Flush()
	_ = connection.Close()
}

// changeTypes puts numbers in place of texts, and texts in place of numbers, headers
// aside.
func (r *recording) changeTypes() {
	decoder := json.NewDecoder(&r.body)
	decoder.UseNumber()
	var value any
	if decoder.Decode(&value) != nil {
		return // There is nothing, or it has no types.
	}
	changed, err := json.Marshal(otherTypes(value))
	if err != nil {
		return
	}
	r.body.Reset()
	_, _ = r.body.Write(changed)
}

func otherTypes(value any) any {
	switch value := value.(type) {
	case string:
		return len(value)
	case json.Number:
		return value.String()
	case []any:
		for i := range value {
			value[i] = otherTypes(value[i])
		}
	case map[string]any:
		for key := range value {
			value[key] = otherTypes(value[key])
		}
	}
	return value
}
