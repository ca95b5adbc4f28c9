//go:build unix

package conns

import (
	"math"
	"syscall"
)

// Descriptors returns how many file descriptors the process may have; ok is false if that is not
// limited, or unknown.
func Descriptors() (limit int, ok bool) {
	var files syscall.Rlimit
	if err := syscall.Getrlimit(
		syscall.RLIMIT_NOFILE,
		&files,
	); err != nil ||
		files.Cur > math.MaxInt32 {
		return 0, false
	}
	return int(files.Cur), true
}
