package main

import (
	"fmt"
	"os"
	"strconv"
	"strings"
)

// memory is the physical memory of a process, in bytes.
type memory struct {
	resident int64
	// peak is the most that was ever resident (VmHWM of proc_pid_status(5)).
	peak int64
}

// memoryOf asks the kernel.
func memoryOf(pid int) (memory, error) {
	path := fmt.Sprintf("/proc/%d/status", pid)
	content, err := os.ReadFile(path)
	if err != nil {
		return memory{}, fmt.Errorf("memory of the worker: %w", err)
	}
	var m memory
	for line := range strings.Lines(string(content)) {
		name, value, _ := strings.Cut(line, ":")
		var to *int64
		switch name {
		case "VmRSS":
			to = &m.resident
		case "VmHWM":
			to = &m.peak
		default:
			continue
		}
		kilobytes, err := strconv.ParseInt(strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(value), "kB")), 10, 64)
		if err != nil {
			return memory{}, fmt.Errorf("%s in %s: %w", name, path, err)
		}
		*to = kilobytes << 10
	}
	if m.peak == 0 {
		return memory{}, fmt.Errorf("%s names no VmHWM", path)
	}
	return m, nil
}
