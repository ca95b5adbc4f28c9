package storetest

import (
	"os/exec"
	"runtime"
	"syscall"
)

// endWithParent makes the kernel end a program when its parent ends.
func endWithParent(attr *syscall.SysProcAttr) { attr.Pdeathsig = immediateShutdown }

// launch starts a program and returns a channel that is closed when it has ended. For the
// kernel its parent is a thread, not a process: so the thread that starts it stays locked to the goroutine
// that waits for it.
func launch(cmd *exec.Cmd) (ended <-chan struct{}, err error) {
	started := make(chan error)
	done := make(chan struct{})
	go func() { // ends with the program, for which Stop waits
		defer close(done)
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		err := cmd.Start()
		started <- err
		if err == nil {
			_ = cmd.Wait() // ended by a signal, as expected
		}
	}()
	return done, <-started
}
