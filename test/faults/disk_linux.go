package main

import (
	"fmt"
	"syscall"
)

// mountDisk mounts an empty disk in memory of so many bytes.
func mountDisk(path string, size int) error {
	return syscall.Mount("tmpfs", path, "tmpfs", 0, fmt.Sprintf("size=%d", size))
}

func unmountDisk(path string) error { return syscall.Unmount(path, syscall.MNT_DETACH) }
