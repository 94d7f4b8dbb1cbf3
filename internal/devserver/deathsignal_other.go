//go:build !linux

package devserver

import "syscall"

// dieWithParent does nothing: only Linux can tie a child to its parent. Stop
// must be called.
func dieWithParent(*syscall.SysProcAttr) {}
