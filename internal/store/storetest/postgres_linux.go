package storetest

import (
	"os/exec"
	"runtime"
	"syscall"
)

// endWithParent has the kernel end a program together with its parent, however that comes to its
// end.
func endWithParent(attr *syscall.SysProcAttr) { attr.Pdeathsig = immediateShutdown }

// launch starts a program and returns a channel that is closed when it has ended. To the kernel its
// parent is a thread, not a process: the one that starts it stays locked to the goroutine that
// waits for it, so as to live as long.
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
			_ = cmd.Wait() // ended by a signal, as it should be
		}
	}()
	return done, <-started
}
