package config

import (
	"fmt"
	"net/url"
	"strings"
)

// Workspace returns the identity of the workspace: the ledger is keyed by it.
func (h HelloCharles) Workspace() string {
	return fmt.Sprintf("%s %s", h.BaseURL, h.SourceType)
}

// WorkspaceName returns what people call the workspace: "acme" for
// https://acme.hello-charles.com, host and port for any other address. Two source
// types of one tenant have one name.
func (h HelloCharles) WorkspaceName() string {
	address, err := url.Parse(h.BaseURL)
	if err != nil {
		return ""
	}
	if tenant, ok := strings.CutSuffix(address.Hostname(), charlesDomain); ok {
		return tenant
	}
	return address.Host
}
