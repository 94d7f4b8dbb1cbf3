package hellocharles

import (
	"bytes"
	"net/http"
	"strconv"
	"strings"

	"audiencesync/internal/config"
)

// gone knows which refusals say that a contact does not exist (see
// docs/hello-charles.md A20): none, unless the settings name them.
type gone struct {
	codes, statuses map[string]bool
}

func newGone(s config.GoneRefusals) gone {
	g := gone{codes: map[string]bool{}, statuses: map[string]bool{}}
	for _, code := range s.Codes {
		g.codes[strings.ToLower(code)] = true
	}
	for _, status := range s.Statuses {
		g.statuses[strconv.Itoa(status)] = true
	}
	return g
}

// says reports whether a refusal with that status and those codes says that the
// contact does not exist. Where codes are set and the refusal has one, it
// decides: the same status may stand for other things.
func (g gone) says(status string, codes ...string) bool {
	if g.codes[strings.ToLower(status)] {
		return true
	}
	byStatus, named := g.statuses[status], false
	for _, code := range codes {
		if g.codes[strings.ToLower(code)] {
			return true
		}
		byStatus = byStatus || g.statuses[code]
		if _, err := strconv.Atoi(code); err != nil {
			named = true
		}
	}
	return byStatus && (!named || len(g.codes) == 0)
}

// isPage reports whether a body is HTML: who answers so is not the API.
func isPage(body []byte) bool { return bytes.HasPrefix(bytes.TrimSpace(body), []byte("<")) }

// isNotFound reports whether a status says that something is not there: the
// contact, the path, or a beta that is not enabled (A18).
func isNotFound(status int) bool {
	return status == http.StatusNotFound || status == http.StatusGone
}
