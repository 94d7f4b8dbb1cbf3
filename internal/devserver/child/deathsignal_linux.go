package child

import "syscall"

// onOurDeath has the kernel send the child a signal when the thread that starts it ends.
func onOurDeath(attributes *syscall.SysProcAttr, signal syscall.Signal) {
	attributes.Pdeathsig = signal
}
