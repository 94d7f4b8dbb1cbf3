package config

import (
	"net/url"
	"strings"

	"golang.org/x/crypto/ssh"
)

// checkSFTPURL never repeats the URL: it may hold a password.
func checkSFTPURL(r *report, path string, address *url.URL) {
	_, password := address.User.Password()
	switch {
	case password:
		r.refuse(path, "must not hold a password; write it as sftp.password: env:NAME or file:PATH, and delete it here")
	case address.User.Username() == "" || address.Hostname() == "" || !validPort(address.Port()):
		r.refuse(path, "expected sftp://user@host/absolute/path, or sftp://user@host:port/absolute/path")
	case address.Path == "" || address.RawQuery != "" || address.Fragment != "":
		r.refuse(path, "expected the absolute path of a folder after the host, without parameters: sftp://user@host/absolute/path")
	}
}

// checkSFTP reports how a login is not complete.
func checkSFTP(r *report, path string, z *ZeotapExport) {
	sftp := path + ".sftp"
	if r.broken(path + ".url") {
		return
	}
	if !strings.HasPrefix(z.URL, sftpScheme+"://") {
		if r.given(sftp) {
			r.refuseKey(sftp, "has no effect: the url does not start with sftp://")
		}
		return
	}
	checkPositive(r, sftp+".timeout", z.SFTP.Timeout)
	if z.SFTP.Password == "" && z.SFTP.PrivateKey == "" && !r.broken(sftp+".password") && !r.broken(sftp+".private_key") {
		r.missing(sftp+".private_key", "missing with sftp://, and so is password; write where one of them is: env:NAME or file:PATH")
	}
	if z.SFTP.Passphrase != "" && z.SFTP.PrivateKey == "" && !r.broken(sftp+".private_key") {
		r.refuse(sftp+".passphrase", "belongs to a private_key, and there is none")
	}
	if r.broken(sftp+".known_hosts") || r.broken(sftp+".host_key") {
		return
	}
	switch {
	case z.SFTP.KnownHosts == "" && z.SFTP.HostKey == "":
		r.missing(sftp+".host_key", "missing with sftp://, and so is known_hosts; the server is always checked: write the path of a known_hosts file, "+
			"or the public key that the server's operator gives you")
	case z.SFTP.KnownHosts != "" && z.SFTP.HostKey != "":
		r.refuse(sftp+".host_key", "there is known_hosts already; the server is checked by one of them")
	case z.SFTP.HostKey != "":
		if _, _, _, _, err := ssh.ParseAuthorizedKey([]byte(z.SFTP.HostKey)); err != nil {
			r.refuse(sftp+".host_key", `expected the public key of the server, as in "ssh-ed25519 AAAA..."`)
		}
	}
}
