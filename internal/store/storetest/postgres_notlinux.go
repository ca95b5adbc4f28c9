//go:build !linux

package storetest

import "os/exec"

// launch starts a program and returns a channel that is closed when it has ended.
func launch(cmd *exec.Cmd) (ended <-chan struct{}, err error) {
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	done := make(chan struct{})
	go func() { // ends with the program, for which Stop waits
		defer close(done)
		_ = cmd.Wait() // ended by a signal, as expected
	}()
	return done, nil
}
