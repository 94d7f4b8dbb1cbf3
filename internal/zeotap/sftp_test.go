package zeotap_test

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/crypto/ssh"

	"audiencesync/internal/audience"
	"audiencesync/internal/config"
	"audiencesync/internal/zeotap"
)

// fill delivers what a listing has to find, and what not.
func (h *sftpHost) fill(t *testing.T) {
	t.Helper()
	deliver(t, h.folder, "984/a/part-1.csv.gz", packed(t, "id\n1\n"))
	deliver(t, h.folder, "984/a/part-2.csv", []byte("id\n2\n"))
	deliver(t, h.folder, "elsewhere.csv", []byte("id\n3\n"))
	deliver(t, h.folder, "1984/a/part-1.csv", []byte("id\nnot ours\n"))
	deliver(t, h.folder, "984.csv", []byte("id\nnot ours\n"))
	require.NoError(t, os.Symlink(filepath.Join(h.folder, "elsewhere.csv"), filepath.Join(h.folder, "984", "a", "part-3.csv")))
	require.NoError(t, os.Symlink(filepath.Join(h.folder, "nowhere"), filepath.Join(h.folder, "984", "a", "part-4.csv")))
}

var filled = []audience.Member{{"id": "1"}, {"id": "2"}, {"id": "3"}}

func TestSFTPReadsTheSameAsAFolder(t *testing.T) {
	t.Parallel()
	h := newSFTPHost(t)
	h.fill(t)
	require.Equal(t, filled, readAll(t, h.source(t, h.settings(), withPassword)))
	s := h.settings()
	s.URL = h.folder
	require.Equal(t, filled, readAll(t, newExport(t, s)))
}

func TestSFTPLogsInWithAKey(t *testing.T) {
	t.Parallel()
	for name, passphrase := range map[string]string{"without a passphrase": "", "with a passphrase": "open sesame"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newSFTPHost(t)
			h.fill(t)
			values := map[string]string{"file:key": h.newClientKey(t, passphrase), "env:PASSPHRASE": passphrase}
			s := h.settings()
			s.SFTP.Password, s.SFTP.PrivateKey = "", "file:key"
			if passphrase != "" {
				err := readUntilError(t, h.source(t, s, values))
				require.Contains(t, sftpFailure(t, err, zeotap.Inaccessible), "the private key file:key has a passphrase; write where it is as sftp.passphrase")
				s.SFTP.Passphrase = "env:PASSPHRASE"
			}
			require.Equal(t, filled, readAll(t, h.source(t, s, values)))
		})
	}
}

func TestSFTPTakesTheHostKeyFromAFile(t *testing.T) {
	t.Parallel()
	h := newSFTPHost(t)
	h.fill(t)
	// The file also knows a key of another kind, which the server does not have.
	other, err := rsa.GenerateKey(rand.Reader, 2048)
	require.NoError(t, err)
	second, err := ssh.NewPublicKey(&other.PublicKey)
	require.NoError(t, err)
	s := h.settings()
	s.SFTP.HostKey, s.SFTP.KnownHosts = "", knownHosts(t, h.address, second, h.hostKey.PublicKey())
	require.Equal(t, filled, readAll(t, h.source(t, s, withPassword)))
}

// sftpFailure returns the text of an error, which holds no secret.
func sftpFailure(t *testing.T, err error, kind zeotap.Kind) string {
	t.Helper()
	failed := failure(t, err, kind)
	text := failed.Error()
	require.NotContains(t, text, sftpPassword)
	require.NotContains(t, text, "PRIVATE KEY")
	return text
}

func TestSFTPSaysWhyItIsNotLetIn(t *testing.T) {
	t.Parallel()
	h := newSFTPHost(t)
	h.fill(t)
	stranger := newKey(t).PublicKey()
	line := strings.TrimSpace(string(ssh.MarshalAuthorizedKey(stranger)))
	rsaKey, err := rsa.GenerateKey(rand.Reader, 2048)
	require.NoError(t, err)
	rsaHost, err := ssh.NewPublicKey(&rsaKey.PublicKey)
	require.NoError(t, err)
	cases := map[string]struct {
		change func(*config.ZeotapExport)
		values map[string]string
		want   string
	}{
		"wrong password":             {nil, map[string]string{"env:PASSWORD": "wrong " + sftpPassword}, "does not let the user zeotap in"},
		"no password":                {nil, nil, "credential env:PASSWORD: the environment variable is not set"},
		"another host key":           {func(s *config.ZeotapExport) { s.SFTP.HostKey = line }, withPassword, "shows another host key than sftp.host_key has"},
		"a host key of another kind": {func(s *config.ZeotapExport) { s.SFTP.HostKey = string(ssh.MarshalAuthorizedKey(rsaHost)) }, withPassword, "shows another host key than sftp.host_key has"},
		"another host key in the file": {func(s *config.ZeotapExport) {
			s.SFTP.HostKey, s.SFTP.KnownHosts = "", knownHosts(t, h.address, stranger)
		}, withPassword, "shows another host key than sftp.known_hosts ("},
		"no host key in the file": {func(s *config.ZeotapExport) {
			s.SFTP.HostKey, s.SFTP.KnownHosts = "", knownHosts(t, "files.example:22", stranger)
		}, withPassword, "has no key of [127.0.0.1]:"},
		"no file of host keys":          {func(s *config.ZeotapExport) { s.SFTP.HostKey, s.SFTP.KnownHosts = "", "/nowhere/known_hosts" }, withPassword, "/nowhere/known_hosts (sftp.known_hosts) cannot be read"},
		"a password instead of the key": {func(s *config.ZeotapExport) { s.SFTP.PrivateKey = "env:PASSWORD" }, withPassword, "env:PASSWORD is no private key"},
		"a folder that is not there":    {func(s *config.ZeotapExport) { s.URL += "/nowhere" }, withPassword, "/nowhere: it does not exist, or the worker cannot read it"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := h.settings()
			if c.change != nil {
				c.change(&s)
			}
			_, _, err := h.source(t, s, c.values).Identify(t.Context(), "984")
			require.Contains(t, sftpFailure(t, err, zeotap.Inaccessible), c.want)
		})
	}
}

func TestSFTPNeverLogsInToAServerWithAnotherKey(t *testing.T) {
	t.Parallel()
	h := newSFTPHost(t)
	h.fill(t)
	s := h.settings()
	s.SFTP.HostKey = strings.TrimSpace(string(ssh.MarshalAuthorizedKey(newKey(t).PublicKey())))
	_, _, err := h.source(t, s, withPassword).Identify(t.Context(), "984")
	failure(t, err, zeotap.Inaccessible)
	require.Zero(t, h.logins.Load())
}

func TestSFTPServerThatIsNotThereMayComeBack(t *testing.T) {
	t.Parallel()
	h := newSFTPHost(t)
	s := h.settings()
	s.URL = "sftp://zeotap@127.0.0.1:1/drops"
	_, _, err := h.source(t, s, withPassword).Identify(t.Context(), "984")
	require.Contains(t, sftpFailure(t, err, zeotap.Unavailable), "sftp://127.0.0.1:1/drops: could not be read")
}

func TestSFTPServerThatDoesNotAnswerIsGivenUp(t *testing.T) {
	t.Parallel()
	h := newSFTPHost(t)
	h.fill(t)
	h.silent.Store(true)
	s := h.settings()
	s.SFTP.Timeout = config.Duration(200 * time.Millisecond)
	_, _, err := h.source(t, s, withPassword).Identify(t.Context(), "984")
	require.Contains(t, sftpFailure(t, err, zeotap.Unavailable), "no answer within 200ms (sftp.timeout)")

	s.SFTP.Timeout = config.Duration(time.Hour)
	ctx, cancel := context.WithCancel(t.Context())
	logins := h.logins.Load()
	go func() {
		for h.logins.Load() == logins && ctx.Err() == nil {
			<-time.After(time.Millisecond)
		}
		cancel()
	}()
	_, _, err = h.source(t, s, withPassword).Identify(ctx, "984")
	require.ErrorIs(t, err, context.Canceled)
}

// large delivers a file of many records and returns how many there are.
func (h *sftpHost) large(t *testing.T) int {
	t.Helper()
	var content strings.Builder
	content.WriteString("id,filler\n")
	const records = 60_000
	for i := range records {
		fmt.Fprintf(&content, "%d,%s\n", i, strings.Repeat("x", 40))
	}
	deliver(t, h.folder, "984/a/part-1.csv", []byte(content.String()))
	return records
}

func TestSFTPGoesOnWhenTheConnectionIsCutInAFile(t *testing.T) {
	t.Parallel()
	h := newSFTPHost(t)
	records := h.large(t)
	s := h.settings()
	s.PageSize = 1000
	source := h.source(t, s, withPassword)
	snapshot := open(t, source)
	before := h.logins.Load()
	h.cutAfter.Store(700_000)
	members := readFrom(t, readerOf(t, source, snapshot), "")
	require.Len(t, members, records)
	for i, member := range members {
		require.Equal(t, fmt.Sprint(i), member["id"])
	}
	require.Greater(t, h.logins.Load()-before, int64(3), "the connection was cut several times")
}

func TestSFTPGivesUpWhenNoConnectionBringsAnything(t *testing.T) {
	t.Parallel()
	h := newSFTPHost(t)
	h.large(t)
	source := h.source(t, h.settings(), withPassword)
	snapshot := open(t, source)
	h.cutAfter.Store(10_000) // Enough to open the file, and not for its first packet.
	reader := readerOf(t, source, snapshot)
	_, err := reader.Page(t.Context(), "")
	sftpFailure(t, err, zeotap.Unavailable)
	h.cutAfter.Store(0)
	page, err := reader.Page(t.Context(), "")
	require.NoError(t, err, "the same reader goes on when the server is back")
	require.NotEmpty(t, page.Members)
}

func TestSFTPRefusesAFileThatChanged(t *testing.T) {
	t.Parallel()
	cases := map[string]func(t *testing.T, folder string){
		"another time": func(t *testing.T, folder string) {
			t.Helper()
			changedAgo(t, folder, "984/a/part-1.csv", 30*time.Minute)
		},
		"cut": func(t *testing.T, folder string) {
			t.Helper()
			require.NoError(t, os.Truncate(filepath.Join(folder, "984", "a", "part-1.csv"), 1_500_000))
		},
		"gone": func(t *testing.T, folder string) {
			t.Helper()
			require.NoError(t, os.Remove(filepath.Join(folder, "984", "a", "part-1.csv")))
		},
	}
	for name, change := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newSFTPHost(t)
			h.large(t)
			s := h.settings()
			s.PageSize = 1000
			source := h.source(t, s, withPassword)
			snapshot := open(t, source)
			first, err := readerOf(t, source, snapshot).Page(t.Context(), "")
			require.NoError(t, err)
			change(t, h.folder)
			_, err = readerOf(t, source, snapshot).Page(t.Context(), first.Next)
			failure(t, err, zeotap.SnapshotChanged)
		})
	}
	t.Run("in mid read", func(t *testing.T) {
		t.Parallel()
		h := newSFTPHost(t)
		h.large(t)
		s := h.settings()
		s.PageSize = 1000
		source := h.source(t, s, withPassword)
		reader := readerOf(t, source, open(t, source))
		page, err := reader.Page(t.Context(), "")
		require.NoError(t, err)
		cases["cut"](t, h.folder)
		for err == nil {
			require.False(t, page.Last)
			page, err = reader.Page(t.Context(), page.Next)
		}
		failure(t, err, zeotap.SnapshotChanged)
	})
}

func TestSFTPLeavesNoConnectionBehind(t *testing.T) {
	t.Parallel()
	h := newSFTPHost(t)
	h.fill(t)
	require.Equal(t, filled, readAll(t, h.source(t, h.settings(), withPassword)))
	// The host closes a connection when its client is gone.
	require.Eventually(t, func() bool { return h.serving.Load() == 0 }, 5*time.Second, 5*time.Millisecond)
}
