package site

import (
	"net/http"
	"strings"
)

// Call is a kind of request to a vendor.
type Call string

// The kinds that are told from others.
const (
	PageCall    Call = "page"
	ContactCall Call = "contacts"
	CountCall   Call = "count"
	OtherCall   Call = ""
)

// CallOf is the kind of a request.
func CallOf(r *http.Request) Call {
	switch path := r.URL.Path; {
	case strings.HasSuffix(path, "/members"):
		return PageCall
	case r.Method == http.MethodPost && strings.HasSuffix(path, "/contacts/batch"):
		return ContactCall
	case r.Method == http.MethodHead && strings.HasSuffix(path, "/preview"):
		return CountCall
	default:
		return OtherCall
	}
}
