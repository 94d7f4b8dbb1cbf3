package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"math/big"
	"net"
	"os"
	"time"
)

// authority certifies servers, and has certified some wrongly.
type authority struct {
	// file holds its certificate.
	file string
	// Certificates that fail: one that is over, one of another host, and one by an
	// authority that nobody knows.
	expired, ofAnotherHost, ofNobody *tls.Config

	certificate *x509.Certificate
	key         *ecdsa.PrivateKey
}

// newAuthority makes an authority and writes its certificate into a file.
func newAuthority(file string) (*authority, error) {
	known, err := bareAuthority()
	if err != nil {
		return nil, err
	}
	stranger, err := bareAuthority()
	if err != nil {
		return nil, err
	}
	known.file = file
	var wrong [3]error
	known.expired, wrong[0] = known.certify("127.0.0.1", -time.Hour)
	known.ofAnotherHost, wrong[1] = known.certify("127.0.0.9", time.Hour)
	known.ofNobody, wrong[2] = stranger.certify("127.0.0.1", time.Hour)
	text := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: known.certificate.Raw})
	return known, errors.Join(append(wrong[:], os.WriteFile(file, text, 0o600))...)
}

func bareAuthority() (a *authority, err error) {
	a = &authority{}
	if a.key, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader); err != nil {
		return nil, err
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "tests"}, IsCA: true, BasicConstraintsValid: true,
		KeyUsage: x509.KeyUsageCertSign, NotBefore: time.Now().Add(-24 * time.Hour), NotAfter: time.Now().Add(24 * time.Hour),
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &a.key.PublicKey, a.key)
	if err != nil {
		return nil, err
	}
	a.certificate, err = x509.ParseCertificate(der)
	return a, err
}

// certify makes the settings of a server at an address, valid for so long from now.
func (a *authority) certify(address string, valid time.Duration) (*tls.Config, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: address}, IPAddresses: []net.IP{net.ParseIP(address)},
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}, NotBefore: time.Now().Add(-24 * time.Hour), NotAfter: time.Now().Add(valid),
	}
	der, err := x509.CreateCertificate(rand.Reader, template, a.certificate, &key.PublicKey, a.key)
	if err != nil {
		return nil, err
	}
	return &tls.Config{
		MinVersion: tls.VersionTLS12, Certificates: []tls.Certificate{{Certificate: [][]byte{der, a.certificate.Raw}, PrivateKey: key}},
	}, nil
}
