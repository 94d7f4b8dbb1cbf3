package config

import (
	"fmt"
	"maps"
	"slices"
)

// Source is a connection that serves audiences: exactly one of API and Export is set.
type Source struct {
	Name   string
	Kind   Kind
	API    *ZeotapAPI
	Export *ZeotapExport
}

// Names returns the names of all connections, sorted.
func (c Connections) Names() []string {
	return slices.Sorted(maps.Keys(c.kinds()))
}

// Source returns the Zeotap connection of that name, or an error that names
// those that exist.
func (c Connections) Source(name string) (Source, error) {
	if api, ok := c.ZeotapAPI[name]; ok {
		return Source{Name: name, Kind: KindZeotapAPI, API: &api}, nil
	}
	if export, ok := c.ZeotapExport[name]; ok {
		return Source{Name: name, Kind: KindZeotapExport, Export: &export}, nil
	}
	return Source{}, c.unknown("source", name, KindZeotapAPI, KindZeotapExport)
}

// Charles returns the Hello Charles connection of that name, or an error that
// names those that exist.
func (c Connections) Charles(name string) (HelloCharles, error) {
	if charles, ok := c.HelloCharles[name]; ok {
		return charles, nil
	}
	return HelloCharles{}, c.unknown("destination", name, KindHelloCharles)
}

// Credentials returns where the credentials of a connection are, certificates among them.
func (c Connections) Credentials(name string) []CredentialRef {
	var all []CredentialRef
	if api, ok := c.ZeotapAPI[name]; ok {
		all = append(api.TLS.credentials(), api.Credential)
	}
	if export, ok := c.ZeotapExport[name]; ok {
		all = []CredentialRef{export.SFTP.Password, export.SFTP.PrivateKey, export.SFTP.Passphrase}
	}
	if charles, ok := c.HelloCharles[name]; ok {
		all = append(charles.TLS.credentials(), charles.Credential, charles.Read.Credential)
	}
	if webhook, ok := c.Webhooks[name]; ok {
		all = append(webhook.TLS.credentials(), webhook.URL, webhook.Secret)
	}
	return slices.DeleteFunc(all, func(ref CredentialRef) bool { return ref == "" })
}

func (t TLS) credentials() []CredentialRef { return []CredentialRef{t.CA, t.Certificate, t.Key} }

func (c Connections) kinds() map[string]Kind {
	kinds := map[string]Kind{}
	for name := range c.ZeotapAPI {
		kinds[name] = KindZeotapAPI
	}
	for name := range c.ZeotapExport {
		kinds[name] = KindZeotapExport
	}
	for name := range c.HelloCharles {
		kinds[name] = KindHelloCharles
	}
	for name := range c.Webhooks {
		kinds[name] = KindWebhook
	}
	return kinds
}

// unknown explains that no connection of the wanted kinds has the name.
func (c Connections) unknown(role, name string, wanted ...Kind) error {
	kinds := c.kinds()
	var known []string
	for _, other := range c.Names() {
		if slices.Contains(wanted, kinds[other]) {
			known = append(known, other)
		}
	}
	remedy := fmt.Sprintf("the worker's connections file has no %s at all; add one", role)
	if len(known) > 0 {
		remedy = "the worker's connections file has " + quoteAll(known)
	}
	if kind, ok := kinds[name]; ok {
		return fmt.Errorf("connection %q is of kind %s and cannot be the %s of a sync; %s", name, kind, role, remedy)
	}
	if near, ok := Nearest(name, known); ok {
		return fmt.Errorf("%s %q is not a known connection; did you mean %q? %s", role, name, near, upperFirst(remedy))
	}
	return fmt.Errorf("%s %q is not a known connection; %s", role, name, remedy)
}
