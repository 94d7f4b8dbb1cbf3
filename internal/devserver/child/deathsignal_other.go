//go:build !linux

package child

import "syscall"

// onOurDeath does nothing: only Linux can tie a child to its parent. Its owner
// must stop it.
func onOurDeath(*syscall.SysProcAttr, syscall.Signal) {}
