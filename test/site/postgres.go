package site

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"syscall"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib" // the database driver "pgx"

	"audiencesync/internal/devserver/child"
)

// Postgres is a server of our own for ledgers, with its state in files.
type Postgres struct {
	dir      string
	programs string
	as       *syscall.Credential

	process *exec.Cmd
	ended   <-chan struct{}
}

// NewPostgres makes and starts a server; nil where its programs are not installed.
func NewPostgres(ctx context.Context) (*Postgres, error) {
	found, _ := filepath.Glob("/usr/lib/postgresql/*/bin/initdb") // The pattern is valid.
	if path, err := exec.LookPath("initdb"); err == nil {
		if path, err = filepath.EvalSymlinks(path); err == nil {
			found = append(found, path)
		}
	}
	if len(found) == 0 {
		return nil, nil //nolint:nilnil // None is no error.
	}
	dir, err := os.MkdirTemp("", "audiencesync-postgres-")
	if err != nil {
		return nil, err
	}
	p := &Postgres{dir: dir, programs: filepath.Dir(found[len(found)-1])}
	if err := p.initialize(ctx); err != nil {
		return nil, errors.Join(err, os.RemoveAll(dir))
	}
	err = p.Start(ctx)
	return p, err
}

func (p *Postgres) data() string { return filepath.Join(p.dir, "data") }

func (p *Postgres) initialize(ctx context.Context) (err error) {
	if p.as, err = serverUser(p.dir); err != nil {
		return err
	}
	command := exec.CommandContext(ctx, filepath.Join(p.programs, "initdb"),
		"--pgdata", p.data(), "--username=tests", "--auth=trust", "--encoding=UTF8", "--no-locale", "--no-sync")
	command.SysProcAttr, command.Dir = &syscall.SysProcAttr{Credential: p.as}, p.dir
	if output, err := command.CombinedOutput(); err != nil {
		return fmt.Errorf("initdb: %w\n%s", err, output)
	}
	return nil
}

// serverUser is whom the server runs as, because it refuses to run as root, and gives
// the folder to that user. Nil is whoever runs this.
func serverUser(dir string) (*syscall.Credential, error) {
	if os.Getuid() != 0 {
		return nil, nil //nolint:nilnil // Nobody else.
	}
	account, err := user.Lookup("postgres")
	if err != nil {
		account, err = user.Lookup("nobody")
	}
	if err != nil {
		return nil, err
	}
	uid, err := strconv.ParseUint(account.Uid, 10, 32)
	if err != nil {
		return nil, err
	}
	gid, err := strconv.ParseUint(account.Gid, 10, 32)
	if err != nil {
		return nil, err
	}
	return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}, os.Chown(dir, int(uid), int(gid))
}

// Start starts the server, again after its death, and returns when it answers. What a
// dead one has left behind may keep a new one from starting for a moment.
func (p *Postgres) Start(ctx context.Context) error {
	var said bytes.Buffer
	for end := time.Now().Add(startWithin); time.Now().Before(end); {
		said.Reset()
		command := exec.Command(filepath.Join(p.programs, "postgres"), "-D", p.data(), //nolint:noctx // Its owner ends it.
			"-c", "listen_addresses=", "-c", "unix_socket_directories="+p.dir, "-c", "shared_buffers=64MB")
		command.Dir, command.Stdout, command.Stderr = p.dir, &said, &said
		ended, err := child.StartAs(command, syscall.SIGINT, p.as)
		if err != nil {
			return err
		}
		p.process, p.ended = command, ended
		if p.awaitAnswer(ctx) {
			return nil
		}
		if err := Pass(ctx, 100*time.Millisecond); err != nil {
			return err
		}
	}
	return fmt.Errorf("PostgreSQL does not start:\n%s", said.String())
}

// awaitAnswer reports whether the server answers before it ends.
func (p *Postgres) awaitAnswer(ctx context.Context) bool {
	db, err := sql.Open("pgx", p.Address(""))
	if err != nil {
		return false
	}
	defer func() { _ = db.Close() }()
	for db.PingContext(ctx) != nil {
		select {
		case <-p.ended:
			return false
		case <-ctx.Done():
			return false
		case <-time.After(30 * time.Millisecond):
		}
	}
	return true
}

// Address is that of a ledger in a schema of its own.
func (p *Postgres) Address(schema string) string {
	query := url.Values{"host": {p.dir}, "sslmode": {"disable"}}
	if schema != "" {
		query.Set("search_path", schema)
	}
	return "postgres://tests@/postgres?" + query.Encode()
}

// AddressAt is the address of such a ledger for who comes by another host:port, from
// where a way leads to the server's Socket.
func (p *Postgres) AddressAt(host, schema string) string {
	query := url.Values{"sslmode": {"disable"}, "search_path": {schema}}
	return "postgres://tests@" + host + "/postgres?" + query.Encode()
}

// Socket is the path of the socket that the server listens at.
func (p *Postgres) Socket() string { return filepath.Join(p.dir, ".s.PGSQL.5432") }

// Kill ends the server at once; the kernel tells its children, which end too.
func (p *Postgres) Kill() {
	_ = p.process.Process.Kill() // It may be gone already.
	<-p.ended
}

// Close stops the server and removes its files.
func (p *Postgres) Close() error {
	if p.process != nil {
		_ = p.process.Process.Signal(syscall.SIGINT) // It may be gone already.
		select {
		case <-p.ended:
		case <-time.After(stopWithin):
			p.Kill()
		}
	}
	return os.RemoveAll(p.dir)
}
