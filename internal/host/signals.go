package host

import (
	"os"
	"os/signal"
	"syscall"
)

// StopSignals are the signals that end a process in order: Ctrl-C, SIGTERM,
// and a closed terminal, unless nohup keeps the process.
func StopSignals() []os.Signal {
	signals := []os.Signal{os.Interrupt, syscall.SIGTERM}
	if !signal.Ignored(syscall.SIGHUP) {
		signals = append(signals, syscall.SIGHUP)
	}
	return signals
}
