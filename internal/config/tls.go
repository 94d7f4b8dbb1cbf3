package config

import (
	"regexp"
	"strings"
)

// TLS is whom a connection trusts, and as whom it speaks. The files are looked up each
// time they are used, so that a new certificate holds with the next request. What is not
// here cannot be set: TLS is 1.2 at least, and certificates are always checked.
type TLS struct {
	// CA says where the certificates of the authorities are that the connection trusts,
	// one or more (PEM): "env:NAME" or "file:PATH". They take the place of the machine's
	// store, for this connection alone. Default: the machine's store.
	CA CredentialRef `yaml:"ca" json:"ca,omitempty"`
	// Certificate says where the client certificate is that the server asks for (PEM; its
	// own certificate first, then those in between): "env:NAME" or "file:PATH". It needs
	// key.
	Certificate CredentialRef `yaml:"certificate" json:"certificate,omitempty"`
	// Key says where the private key of the certificate is (PEM, without a passphrase):
	// "env:NAME" or "file:PATH". It needs certificate.
	Key CredentialRef `yaml:"key" json:"key,omitempty"`
}

// uncheckedWord finds keys by which other programs trust anybody.
var uncheckedWord = regexp.MustCompile(`(?i)insecure|skip|verify`)

// checkTLS reports half a client certificate.
func checkTLS(r *report, path string, t TLS) {
	for _, half := range []struct {
		key, other     string
		given, missing CredentialRef
	}{
		{"key", "certificate", t.Certificate, t.Key},
		{"certificate", "key", t.Key, t.Certificate},
	} {
		if half.given != "" && half.missing == "" && !r.broken(path+"."+half.key) {
			r.missing(path+"."+half.key, "missing with "+half.other+"; a client certificate is a certificate and its key: write where it is, env:NAME or file:PATH")
		}
	}
}

// checkTLSOf is checkTLS for a connection whose address is in the file.
func checkTLSOf(r *report, path string, t TLS, address string) {
	checkTLS(r, path+".tls", t)
	if t != (TLS{}) && strings.HasPrefix(address, "http://") && !r.broken(path+".base_url") {
		r.refuseKey(path+".tls", "has no effect: the base_url starts with http://")
	}
}
