package simulator

import (
	"iter"
	"net"
	"net/http"
	"strings"

	"audiencesync/internal/simulator/contacts"
)

// tenant is one of the further workspaces.
type tenant struct {
	Tenant
	charles *charles
}

func newTenant(s *Simulator, t Tenant) *tenant {
	return &tenant{Tenant: t, charles: newCharles(s, t.Charles, newCounters())}
}

// visit is where a request goes.
type visit struct {
	vendor *vendor
	// limits are nil on the side of Zeotap; tenant is empty for the main workspace.
	limits *limits
	tenant string
}

// workspace finds the workspace of a request: by the prefix of its path, which
// is taken off, or by its host; else it is the main one.
func (s *Simulator) workspace(r *http.Request) (visit, *http.Request) {
	host := r.Host
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	for _, t := range s.tenants {
		to := visit{vendor: t.charles.vendor, limits: t.charles.limits, tenant: t.Name}
		if t.Host != "" && strings.EqualFold(t.Host, host) {
			return to, r
		}
		if path, found := strings.CutPrefix(r.URL.Path, t.Prefix+"/"); found && t.Prefix != "" {
			inside := r.Clone(r.Context())
			inside.URL.Path = "/" + path
			if raw, found := strings.CutPrefix(r.URL.RawPath, t.Prefix+"/"); found {
				inside.URL.RawPath = "/" + raw
			}
			return to, inside
		}
	}
	return visit{vendor: s.main.vendor, limits: s.main.limits}, r
}

// TenantContacts walks the contacts of a further workspace in the order of
// their creation; there are none in one that does not exist.
func (s *Simulator) TenantContacts(name string) iter.Seq[contacts.Contact] {
	for _, t := range s.tenants {
		if t.Name == name {
			t.charles.applyDue()
			return t.charles.store.All()
		}
	}
	return func(func(contacts.Contact) bool) {}
}
