package zeotap

import (
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/url"
	slashed "path"
	"strings"
	"time"

	"github.com/pkg/sftp"
	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/knownhosts"

	"audiencesync/internal/config"
)

// Credential looks a reference up, env:NAME or file:PATH, at the time of use.
type Credential func(ctx context.Context, reference string) (string, error)

// sftpServer is a folder on an SFTP server. Every listing and every open file
// has a connection of its own, so that none ends with the call of another.
type sftpServer struct {
	user, address string
	// root is the absolute path that keys are below.
	root       string
	settings   config.SFTP
	credential Credential
}

const sftpPort = "22"

// newSFTPServer understands sftp://user@host:port/absolute/path.
func newSFTPServer(location *url.URL, settings config.SFTP, credential Credential) (*sftpServer, error) {
	_, password := location.User.Password()
	switch {
	case password:
		return nil, errors.New("url must not hold a password; write it as sftp.password: env:NAME or file:PATH")
	case location.User.Username() == "" || location.Hostname() == "" || location.Path == "":
		return nil, errors.New("url: write sftp://user@host:port/absolute/path")
	case settings.Password == "" && settings.PrivateKey == "":
		return nil, errors.New("sftp.password or sftp.private_key is missing")
	case (settings.KnownHosts == "") == (settings.HostKey == ""):
		return nil, errors.New("one of sftp.known_hosts and sftp.host_key is needed: the server is always checked")
	case settings.Timeout <= 0:
		return nil, errors.New("sftp.timeout must be above zero")
	}
	port := location.Port()
	if port == "" {
		port = sftpPort
	}
	return &sftpServer{
		user: location.User.Username(), address: net.JoinHostPort(location.Hostname(), port),
		root: slashed.Clean(location.Path), settings: settings, credential: credential,
	}, nil
}

// sftpError is a login or an answer that failed, with what to do about it.
type sftpError struct {
	kind Kind
	text string
}

func (e *sftpError) Error() string { return e.text }

// sftpSession is one connection.
type sftpSession struct {
	conn    net.Conn
	ssh     *ssh.Client
	client  *sftp.Client
	timeout time.Duration
}

// connect logs in.
func (s *sftpServer) connect(ctx context.Context) (*sftpSession, error) {
	login, err := s.login(ctx)
	if err != nil {
		return nil, err
	}
	var wrongKey error
	check := login.HostKeyCallback
	login.HostKeyCallback = func(host string, remote net.Addr, key ssh.PublicKey) error {
		wrongKey = check(host, remote, key)
		return wrongKey
	}
	dialer := net.Dialer{Timeout: s.settings.Timeout.D()}
	conn, err := dialer.DialContext(ctx, "tcp", s.address)
	if err != nil {
		return nil, err
	}
	session := &sftpSession{conn: conn, timeout: s.settings.Timeout.D()}
	err = session.do(ctx, func() error {
		connection, channels, requests, err := ssh.NewClientConn(conn, s.address, login)
		if err != nil {
			return err
		}
		session.ssh = ssh.NewClient(connection, channels, requests)
		session.client, err = sftp.NewClient(session.ssh)
		return err
	})
	if err == nil {
		return session, nil
	}
	session.close()
	switch {
	case ctx.Err() != nil:
		return nil, ctx.Err()
	case wrongKey != nil, strings.Contains(err.Error(), "no common algorithm for host key"):
		return nil, s.otherKey()
	case strings.Contains(err.Error(), "unable to authenticate"):
		return nil, &sftpError{Inaccessible, fmt.Sprintf("the server does not let the user %s in; check the user in url, and sftp.password and sftp.private_key", s.user)}
	default:
		return nil, err
	}
}

func (s *sftpServer) otherKey() error {
	setting := "sftp.host_key"
	if s.settings.KnownHosts != "" {
		setting = "sftp.known_hosts (" + s.settings.KnownHosts + ")"
	}
	return &sftpError{Inaccessible, fmt.Sprintf("the server %s shows another host key than %s has; nothing was sent to it: "+
		"ask its operator whether the key was changed, and only then correct the setting", s.address, setting)}
}

// login puts together what the handshake needs, with credentials of this moment.
func (s *sftpServer) login(ctx context.Context) (*ssh.ClientConfig, error) {
	login := &ssh.ClientConfig{User: s.user}
	var err error
	if login.HostKeyCallback, login.HostKeyAlgorithms, err = s.hostKey(); err != nil {
		return nil, err
	}
	if s.settings.PrivateKey != "" {
		signer, err := s.privateKey(ctx)
		if err != nil {
			return nil, err
		}
		login.Auth = append(login.Auth, ssh.PublicKeys(signer))
	}
	if s.settings.Password != "" {
		password, err := s.secret(ctx, s.settings.Password)
		if err != nil {
			return nil, err
		}
		login.Auth = append(login.Auth, ssh.Password(password), ssh.KeyboardInteractive(
			func(_, _ string, questions []string, echos []bool) ([]string, error) {
				answers := make([]string, len(questions))
				for i := range questions {
					if !echos[i] {
						answers[i] = password
					}
				}
				return answers, nil
			}))
	}
	return login, nil
}

func (s *sftpServer) secret(ctx context.Context, reference config.CredentialRef) (string, error) {
	value, err := s.credential(ctx, string(reference))
	if err != nil && ctx.Err() == nil {
		return "", &sftpError{Inaccessible, err.Error()}
	}
	return value, err
}

func (s *sftpServer) privateKey(ctx context.Context) (ssh.Signer, error) {
	key, err := s.secret(ctx, s.settings.PrivateKey)
	if err != nil {
		return nil, err
	}
	var signer ssh.Signer
	if s.settings.Passphrase == "" {
		signer, err = ssh.ParsePrivateKey([]byte(key))
	} else {
		passphrase, lookup := s.secret(ctx, s.settings.Passphrase)
		if lookup != nil {
			return nil, lookup
		}
		signer, err = ssh.ParsePrivateKeyWithPassphrase([]byte(key), []byte(passphrase))
	}
	if _, missing := errors.AsType[*ssh.PassphraseMissingError](err); missing {
		return nil, &sftpError{Inaccessible, fmt.Sprintf("the private key %s has a passphrase; write where it is as sftp.passphrase", s.settings.PrivateKey)}
	}
	if err != nil {
		return nil, &sftpError{Inaccessible, fmt.Sprintf("%s is no private key in the form of OpenSSH or PEM that the passphrase opens; check sftp.private_key and sftp.passphrase", s.settings.PrivateKey)}
	}
	return signer, nil
}

// hostKey returns the check of the server's key, and the algorithms of the keys
// that it may show: a server with several keys shows the one that is known.
func (s *sftpServer) hostKey() (ssh.HostKeyCallback, []string, error) {
	if s.settings.HostKey != "" {
		key, _, _, _, err := ssh.ParseAuthorizedKey([]byte(s.settings.HostKey))
		if err != nil {
			return nil, nil, &sftpError{Inaccessible, `sftp.host_key is no public key such as "ssh-ed25519 AAAA..."`}
		}
		return ssh.FixedHostKey(key), algorithms(key.Type()), nil
	}
	check, err := knownhosts.New(s.settings.KnownHosts)
	if err != nil {
		return nil, nil, &sftpError{Inaccessible, fmt.Sprintf("the file %s (sftp.known_hosts) cannot be read, or is no known_hosts file: %s", s.settings.KnownHosts, cause(err))}
	}
	// Asked for a key that nobody has, it says which ones it knows.
	nobody, err := ssh.NewPublicKey(make(ed25519.PublicKey, ed25519.PublicKeySize))
	if err != nil {
		return nil, nil, err
	}
	known, _ := errors.AsType[*knownhosts.KeyError](check(s.address, &net.TCPAddr{IP: net.IPv4zero}, nobody))
	if known == nil || len(known.Want) == 0 {
		return nil, nil, &sftpError{Inaccessible, fmt.Sprintf("the file %s (sftp.known_hosts) has no key of %s; get the key from the server's operator and add it",
			s.settings.KnownHosts, knownhosts.Normalize(s.address))}
	}
	var accepted []string
	for _, key := range known.Want {
		accepted = append(accepted, algorithms(key.Key.Type())...)
	}
	return check, accepted, nil
}

// algorithms are those that a key can sign with; SHA-1 is none of them.
func algorithms(keyType string) []string {
	if keyType == ssh.KeyAlgoRSA {
		return []string{ssh.KeyAlgoRSASHA512, ssh.KeyAlgoRSASHA256}
	}
	return []string{keyType}
}

// do waits for the answers of one call, no longer than the timeout and the context.
func (s *sftpSession) do(ctx context.Context, ask func() error) error {
	stop := context.AfterFunc(ctx, func() { _ = s.conn.Close() })
	defer stop()
	timer := time.AfterFunc(s.timeout, func() { _ = s.conn.Close() })
	err := ask()
	if inTime := timer.Stop(); !inTime && err != nil && ctx.Err() == nil {
		return fmt.Errorf("no answer within %s (sftp.timeout): %w", s.timeout, errNoAnswer)
	}
	return err
}

var errNoAnswer = errors.New("the connection was given up")

func (s *sftpSession) close() {
	// The network first: nothing below waits for an answer then.
	_ = s.conn.Close()
	if s.client != nil {
		_ = s.client.Close()
	}
	if s.ssh != nil {
		_ = s.ssh.Close()
	}
}

// list visits every file below the root whose key starts with the prefix. Links
// to files count as what they point to; links to folders are not followed.
func (s *sftpServer) list(ctx context.Context, prefix string, visit func(object)) error {
	session, err := s.connect(ctx)
	if err != nil {
		return err
	}
	defer session.close()
	if err := session.do(ctx, func() error { _, err := session.client.Stat(s.root); return err }); err != nil {
		return err
	}
	start := ""
	if slash := strings.LastIndex(prefix, "/"); slash > 0 {
		start = slashed.Clean("/" + prefix[:slash])[1:]
	}
	return s.listFolder(ctx, session, start, prefix, visit)
}

func (s *sftpServer) listFolder(ctx context.Context, session *sftpSession, folder, prefix string, visit func(object)) error {
	var entries []fs.FileInfo
	err := session.do(ctx, func() (err error) {
		entries, err = session.client.ReadDirContext(ctx, slashed.Join(s.root, folder))
		return err
	})
	if errors.Is(err, fs.ErrNotExist) && folder != "" {
		return nil
	}
	if err != nil {
		return err
	}
	for _, entry := range entries {
		key := slashed.Join(folder, entry.Name())
		if entry.IsDir() {
			if below := key + "/"; strings.HasPrefix(below, prefix) || strings.HasPrefix(prefix, below) {
				if err := s.listFolder(ctx, session, key, prefix, visit); err != nil {
					return err
				}
			}
			continue
		}
		if !strings.HasPrefix(key, prefix) {
			continue
		}
		if entry.Mode()&fs.ModeSymlink != 0 {
			err := session.do(ctx, func() (err error) {
				entry, err = session.client.Stat(slashed.Join(s.root, key))
				return err
			})
			if errors.Is(err, fs.ErrNotExist) {
				continue
			}
			if err != nil {
				return err
			}
		}
		if entry.Mode().IsRegular() {
			visit(object{Key: key, Size: entry.Size(), Modified: entry.ModTime().UnixNano()})
		}
	}
	return nil
}
