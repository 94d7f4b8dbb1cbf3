package devserver

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// state is what is remembered of a server, so that a later process can adopt it.
type state struct {
	PID       int       `json:"pid"`
	Address   string    `json:"address"`
	UIAddress string    `json:"ui_address,omitempty"`
	Namespace string    `json:"namespace"`
	Database  string    `json:"database,omitempty"`
	LogFile   string    `json:"log_file,omitempty"`
	StartedAt time.Time `json:"started_at"`
}

// stateDir is a state folder that this process has claimed. Two locks, both of
// which the kernel drops when their holder dies, say what is alive: the owner
// lock is held by the process that answers for the server, the server lock by
// the server itself. So a process number is never mistaken for a server.
type stateDir struct {
	path  string
	owner *os.File
}

func (d *stateDir) file() string       { return filepath.Join(d.path, "temporal.json") }
func (d *stateDir) serverLock() string { return filepath.Join(d.path, "temporal.lock") }

// claimStateDir makes the folder if need be and takes its owner lock.
func claimStateDir(path string) (*stateDir, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return nil, fmt.Errorf("finding the Temporal server's state folder: %w", err)
	}
	if err := os.MkdirAll(path, 0o700); err != nil {
		return nil, fmt.Errorf("making the Temporal server's state folder: %w", err)
	}
	owner, err := lockFile(filepath.Join(path, "temporal.owner"))
	if errors.Is(err, errLocked) {
		return nil, fmt.Errorf("the folder %s is served by another audiencesync up already: stop that one first, or use another folder", path)
	}
	if err != nil {
		return nil, err
	}
	return &stateDir{path: path, owner: owner}, nil
}

// Unclaimed reports, as an error, that another process serves from a state folder. It
// makes the folder if need be. Start looks again: this is for who has other things to
// take before.
func Unclaimed(path string) error {
	dir, err := claimStateDir(path)
	if err != nil {
		return err
	}
	dir.release()
	return nil
}

// release gives the folder to others.
func (d *stateDir) release() { unlock(d.owner) }

// takeServerLock returns the locked file that a new server inherits.
func (d *stateDir) takeServerLock() (*os.File, error) { return lockFile(d.serverLock()) }

// serverGone reports whether no server holds the server lock.
func (d *stateDir) serverGone() bool {
	lock, err := d.takeServerLock()
	if err != nil {
		return false
	}
	unlock(lock)
	return true
}

// remember writes the state file, whole or not at all.
func (d *stateDir) remember(s state) error {
	content, err := json.MarshalIndent(s, "", "  ")
	if err != nil {
		return fmt.Errorf("writing %s: %w", d.file(), err)
	}
	draft := d.file() + ".new"
	if err := os.WriteFile(draft, append(content, '\n'), 0o600); err != nil {
		return fmt.Errorf("writing %s: %w", d.file(), err)
	}
	if err := os.Rename(draft, d.file()); err != nil {
		return fmt.Errorf("writing %s: %w", d.file(), err)
	}
	return nil
}

// forget removes the state file.
func (d *stateDir) forget() error {
	if err := os.Remove(d.file()); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("removing %s: %w", d.file(), err)
	}
	return nil
}

// adopt returns the server that is alive in this folder. It returns nil when
// there is none, or none that fits: a stale file is removed, and a server that
// does not answer or has other settings is stopped.
func (d *stateDir) adopt(ctx context.Context, options Options) (*instance, error) {
	if d.serverGone() {
		return nil, d.forget()
	}
	content, err := os.ReadFile(d.file())
	if err != nil {
		return nil, fmt.Errorf("a Temporal server of %s is alive, but the file that names it cannot be read: stop the process that holds %s, then try again: %w", d.path, d.serverLock(), err)
	}
	var known state
	if err := json.Unmarshal(content, &known); err != nil || known.PID <= 1 {
		return nil, fmt.Errorf("a Temporal server of %s is alive, but %s does not name it: stop the process that holds %s, then try again", d.path, d.file(), d.serverLock())
	}
	alive := process{pid: known.PID, gone: d.serverGone}
	if known.fits(options) {
		err := alive.awaitAnswer(ctx, known, adoptTimeout)
		if err == nil {
			return &instance{state: known, process: alive}, nil
		}
		if ctx.Err() != nil {
			return nil, fmt.Errorf("waiting for the Temporal server at %s: %w", known.Address, ctx.Err())
		}
	}
	if err := alive.stop(); err != nil {
		return nil, err
	}
	return nil, d.forget()
}

// fits reports whether the server is one that options ask for.
func (s state) fits(options Options) bool {
	return s.Namespace == options.Namespace &&
		s.Database == options.DatabaseFile &&
		sameListener(s.Address, options.Address) &&
		(s.UIAddress == "") == options.Headless &&
		(options.Headless || options.UIPort == 0 || strings.HasSuffix(s.UIAddress, fmt.Sprintf(":%d", options.UIPort)))
}

// sameListener reports whether a server at address is at the asked one, whose
// port 0 stands for any.
func sameListener(address, asked string) bool {
	host, _, err := net.SplitHostPort(address)
	return err == nil && (address == asked || asked == net.JoinHostPort(host, "0"))
}

// errLocked: another process holds the lock.
var errLocked = errors.New("locked by another process")

// lockFile opens the file and locks it for as long as a descriptor of it is
// open, here or in a child that inherits it.
func lockFile(path string) (*os.File, error) {
	file, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("opening the lock %s: %w", path, err)
	}
	if err := syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		_ = file.Close()
		if errors.Is(err, syscall.EWOULDBLOCK) {
			return nil, fmt.Errorf("%s is %w", path, errLocked)
		}
		return nil, fmt.Errorf("locking %s: %w", path, err)
	}
	return file, nil
}

// unlock drops the lock at once, even while a process that is being started
// holds a copy of the descriptor, and closes the file.
func unlock(file *os.File) {
	_ = syscall.Flock(int(file.Fd()), syscall.LOCK_UN)
	_ = file.Close()
}
