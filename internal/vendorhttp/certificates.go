package vendorhttp

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"strings"
	"time"
)

// files are what is behind the TLS settings: PEM, or empty where nothing is set.
type files struct{ ca, certificate, key string }

// shown is a client certificate.
type shown struct {
	pair tls.Certificate
	leaf *x509.Certificate
}

// errOtherKey says that certificate and key are not of each other.
var errOtherKey = errors.New("is not the key of the first certificate behind tls.certificate; put both there again, the client's own certificate first")

// authorities are those that are trusted; nil is the machine's store.
func (f files) authorities() (*x509.CertPool, error) {
	if f.ca == "" {
		return nil, nil
	}
	certificates, err := certificatesIn(f.ca)
	if err != nil {
		return nil, unusable("ca", err)
	}
	pool := x509.NewCertPool()
	for _, certificate := range certificates {
		pool.AddCert(certificate)
	}
	return pool, nil
}

// pair is the client certificate with its key; nil without one.
func (f files) pair() (*shown, error) {
	if f.certificate == "" && f.key == "" {
		return nil, nil
	}
	certificates, err := certificatesIn(f.certificate)
	if err != nil {
		return nil, unusable("certificate", err)
	}
	if err := checkKey(f.key); err != nil {
		return nil, unusable("key", err)
	}
	pair, err := tls.X509KeyPair([]byte(f.certificate), []byte(f.key))
	switch {
	case err == nil:
		return &shown{pair: pair, leaf: certificates[0]}, nil
	case strings.Contains(err.Error(), "does not match"):
		return nil, unusable("key", errOtherKey)
	default:
		return nil, unusable("key", errNoKey)
	}
}

var errNoKey = errors.New("what is behind it is no private key in PEM form (-----BEGIN PRIVATE KEY-----) that can be read")

// checkKey explains a key that Go could not read, or would look for in vain.
func checkKey(text string) error {
	found := false
	for block, rest := pem.Decode([]byte(text)); block != nil; block, rest = pem.Decode(rest) {
		if block.Type == "ENCRYPTED PRIVATE KEY" || strings.Contains(block.Headers["Proc-Type"], "ENCRYPTED") {
			return errors.New("the private key behind it has a passphrase; write it without one, in a file that nobody but the worker can read")
		}
		found = found || strings.HasSuffix(block.Type, "PRIVATE KEY")
	}
	if !found {
		return errNoKey
	}
	return nil
}

// certificatesIn returns the certificates of a text, at least one.
func certificatesIn(text string) ([]*x509.Certificate, error) {
	var found []*x509.Certificate
	for block, rest := pem.Decode([]byte(text)); block != nil; block, rest = pem.Decode(rest) {
		if block.Type != "CERTIFICATE" {
			continue
		}
		certificate, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return nil, errors.New("a certificate behind it cannot be read; put it there again, in PEM form")
		}
		found = append(found, certificate)
	}
	if len(found) == 0 {
		return nil, errors.New("what is behind it holds no certificate in PEM form (-----BEGIN CERTIFICATE-----)")
	}
	return found, nil
}

// holdsAt reports a certificate that the server would refuse at that time.
func (s *shown) holdsAt(now time.Time) error {
	const day = "2006-01-02 15:04 MST"
	switch {
	case now.After(s.leaf.NotAfter):
		return unusable("certificate", errors.New("the client certificate behind it has expired, on "+s.leaf.NotAfter.UTC().Format(day)+
			"; put a new one there, and its key behind tls.key"))
	case now.Before(s.leaf.NotBefore):
		return unusable("certificate", errors.New("the client certificate behind it is not valid before "+s.leaf.NotBefore.UTC().Format(day)+
			"; wait, put another one there, or correct the clock of the worker"))
	default:
		return nil
	}
}
