package config

import (
	"fmt"
	"net/netip"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

var (
	placeholder = regexp.MustCompile(`\{[a-z_]+\}`)
	headerName  = regexp.MustCompile(`^[A-Za-z0-9_-]+$`)
	charlesName = regexp.MustCompile(`^[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?$`)
)

// checkBaseURL reports what is wrong with the address of an API and returns it
// in one spelling: lower-case host, no default port, no slash at the end. It
// never repeats the address: it may hold a credential.
func checkBaseURL(r *report, path, address string, allowPlain bool) string {
	if r.broken(path) {
		return ""
	}
	parsed, err := url.Parse(address)
	if err != nil || parsed.Opaque != "" || parsed.Hostname() == "" || !validPort(parsed.Port()) {
		r.refuse(path, "expected an address such as https://host.example")
		return ""
	}
	switch {
	case parsed.Scheme != "https" && parsed.Scheme != "http":
		r.refuse(path, "expected an address that starts with https://")
	case parsed.User != nil:
		r.refuse(path, "must not hold a user or password; write them as credential: env:NAME or file:PATH, and delete them here")
	case parsed.RawQuery != "" || parsed.ForceQuery || parsed.Fragment != "" || strings.Contains(address, "#"):
		r.refuse(path, `must end before "?" and "#"; delete the rest`)
	case parsed.Scheme == "http" && !allowPlain && !IsLoopback(parsed.Hostname()):
		r.refuse(path, "plain http shows the credential to everyone on the way: write https://, or set allow_plain_http: true")
	}
	host := strings.ToLower(parsed.Host)
	if parsed.Scheme == "https" {
		host = strings.TrimSuffix(host, ":443")
	} else {
		host = strings.TrimSuffix(host, ":80")
	}
	parsed.Host = host
	return strings.TrimRight(parsed.String(), "/")
}

func validPort(port string) bool {
	if port == "" {
		return true
	}
	number, err := strconv.ParseUint(port, 10, 16)
	return err == nil && number > 0
}

// IsLoopback reports whether a host is this machine, by name or address.
func IsLoopback(host string) bool {
	if strings.EqualFold(host, "localhost") {
		return true
	}
	address, err := netip.ParseAddr(host)
	return err == nil && address.IsLoopback()
}

// checkPath reports what is wrong with a path that is appended to a base URL.
func checkPath(r *report, path, value, wanted string) {
	if r.broken(path) {
		return
	}
	if !strings.HasPrefix(value, "/") || strings.HasPrefix(value, "//") {
		r.refuse(path, `expected a path that starts with one "/"`)
		return
	}
	checkPlaceholders(r, path, value, wanted)
	rest := placeholder.ReplaceAllString(value, "")
	if _, err := url.PathUnescape(rest); err != nil || strings.ContainsAny(rest, "?#{} ") {
		r.refuse(path, `expected a URL path, escaped, without "?", "#", braces and spaces`)
	}
	if wanted != "" && !strings.Contains(value, wanted) {
		r.refuse(path, "must hold %s, which is replaced", wanted)
	}
}

// checkPlaceholders reports a placeholder that nothing replaces.
func checkPlaceholders(r *report, path, value string, known ...string) {
	for _, found := range placeholder.FindAllString(value, -1) {
		if slices.Contains(known, found) {
			continue
		}
		said := "holds a placeholder in braces that nothing replaces"
		if allowed := strings.TrimSpace(strings.Join(known, " ")); allowed != "" {
			said += fmt.Sprintf("; known here: %s", allowed)
		}
		r.refuse(path, "%s", said)
	}
}

func checkHeader(r *report, path, name string) {
	if !r.broken(path) && !headerName.MatchString(name) {
		r.refuse(path, "expected the name of an HTTP header: letters, digits, dashes and underscores")
	}
}

func checkPositive(r *report, path string, value Duration) {
	if !r.broken(path) && value <= 0 {
		r.refuse(path, "expected a duration above zero")
	}
}
