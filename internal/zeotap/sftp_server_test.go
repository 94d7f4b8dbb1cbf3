package zeotap_test

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/pem"
	"errors"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/pkg/sftp"
	"github.com/stretchr/testify/require"
	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/knownhosts"

	"audiencesync/internal/config"
	"audiencesync/internal/zeotap"
)

const sftpPassword = "correct horse battery staple"

// sftpHost is an SFTP server on this machine. It serves its real files.
type sftpHost struct {
	folder  string
	address string
	hostKey ssh.Signer
	// logins counts connections that were let in.
	logins atomic.Int64
	// serving counts connections that are open.
	serving atomic.Int64
	// cutAfter ends every connection after so many bytes to the client; zero never.
	cutAfter atomic.Int64
	// silent lets connections in and answers nothing.
	silent atomic.Bool

	mutex   sync.Mutex
	allowed ssh.PublicKey
	open    []net.Conn
}

func newSFTPHost(t *testing.T) *sftpHost {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0") //nolint:noctx // It ends with the test.
	require.NoError(t, err)
	h := &sftpHost{folder: t.TempDir(), address: listener.Addr().String(), hostKey: newKey(t)}
	var serving sync.WaitGroup
	serving.Go(func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			h.mutex.Lock()
			h.open = append(h.open, conn)
			h.mutex.Unlock()
			serving.Go(func() { h.serve(conn) })
		}
	})
	t.Cleanup(func() {
		_ = listener.Close()
		h.mutex.Lock()
		for _, conn := range h.open {
			_ = conn.Close()
		}
		h.mutex.Unlock()
		serving.Wait()
	})
	return h
}

func newKey(t *testing.T) ssh.Signer {
	t.Helper()
	_, key, err := ed25519.GenerateKey(rand.Reader)
	require.NoError(t, err)
	signer, err := ssh.NewSignerFromKey(key)
	require.NoError(t, err)
	return signer
}

func (h *sftpHost) serve(conn net.Conn) {
	h.serving.Add(1)
	defer func() { _ = conn.Close(); h.serving.Add(-1) }()
	rules := &ssh.ServerConfig{
		PasswordCallback: func(who ssh.ConnMetadata, password []byte) (*ssh.Permissions, error) {
			if who.User() == "zeotap" && string(password) == sftpPassword {
				return &ssh.Permissions{}, nil
			}
			return nil, errors.New("no")
		},
		PublicKeyCallback: func(_ ssh.ConnMetadata, key ssh.PublicKey) (*ssh.Permissions, error) {
			h.mutex.Lock()
			defer h.mutex.Unlock()
			if h.allowed != nil && string(key.Marshal()) == string(h.allowed.Marshal()) {
				return &ssh.Permissions{}, nil
			}
			return nil, errors.New("no")
		},
	}
	rules.AddHostKey(h.hostKey)
	_, channels, requests, err := ssh.NewServerConn(&cutConn{Conn: conn, host: h}, rules)
	if err != nil {
		return
	}
	h.logins.Add(1)
	go ssh.DiscardRequests(requests)
	for offered := range channels {
		channel, requests, err := offered.Accept()
		if err != nil {
			return
		}
		go func() {
			for request := range requests {
				_ = request.Reply(request.Type == "subsystem" && string(request.Payload[4:]) == "sftp", nil)
			}
		}()
		if h.silent.Load() {
			continue
		}
		server, err := sftp.NewServer(channel, sftp.ReadOnly())
		if err != nil {
			return
		}
		_ = server.Serve()
		_ = server.Close()
	}
}

// cutConn is a connection that may be cut.
type cutConn struct {
	net.Conn

	host *sftpHost
	sent int64
}

func (c *cutConn) Write(p []byte) (int, error) {
	c.sent += int64(len(p))
	if after := c.host.cutAfter.Load(); after > 0 && c.sent > after {
		_ = c.Close()
		return 0, net.ErrClosed
	}
	return c.Conn.Write(p)
}

// settings are those of an export on the host, with a password.
func (h *sftpHost) settings() config.ZeotapExport {
	s := settings("", config.FormatCSV)
	s.URL = (&url.URL{Scheme: "sftp", User: url.User("zeotap"), Host: h.address, Path: h.folder}).String()
	s.SFTP.Password = "env:PASSWORD"
	s.SFTP.HostKey = strings.TrimSpace(string(ssh.MarshalAuthorizedKey(h.hostKey.PublicKey())))
	return s
}

// secrets answers references as the worker does.
func secrets(values map[string]string) zeotap.Credential {
	return func(_ context.Context, reference string) (string, error) {
		value, found := values[reference]
		if !found {
			return "", errors.New("credential " + reference + ": the environment variable is not set for the worker")
		}
		return value, nil
	}
}

func (h *sftpHost) source(t *testing.T, s config.ZeotapExport, values map[string]string) zeotap.Source {
	t.Helper()
	source, err := zeotap.NewExport("drop", s, secrets(values))
	require.NoError(t, err)
	return source
}

var withPassword = map[string]string{"env:PASSWORD": sftpPassword}

// knownHosts writes a known_hosts file.
func knownHosts(t *testing.T, address string, keys ...ssh.PublicKey) string {
	t.Helper()
	lines := make([]string, 0, len(keys))
	for _, key := range keys {
		lines = append(lines, knownhosts.Line([]string{knownhosts.Normalize(address)}, key))
	}
	path := filepath.Join(t.TempDir(), "known_hosts")
	require.NoError(t, os.WriteFile(path, []byte(strings.Join(lines, "\n")+"\n"), 0o600))
	return path
}

// newClientKey makes a key that the host lets in, as a file holds it.
func (h *sftpHost) newClientKey(t *testing.T, passphrase string) string {
	t.Helper()
	public, private, err := ed25519.GenerateKey(rand.Reader)
	require.NoError(t, err)
	allowed, err := ssh.NewPublicKey(public)
	require.NoError(t, err)
	h.mutex.Lock()
	h.allowed = allowed
	h.mutex.Unlock()
	var block *pem.Block
	if passphrase == "" {
		block, err = ssh.MarshalPrivateKey(private, "")
	} else {
		block, err = ssh.MarshalPrivateKeyWithPassphrase(private, "", []byte(passphrase))
	}
	require.NoError(t, err)
	// A credential comes without the white space around it.
	return strings.TrimSpace(string(pem.EncodeToMemory(block)))
}
