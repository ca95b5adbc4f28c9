//go:build unix

package conns

import (
	"math"
	"syscall"
)

// Descriptors returns the number of file descriptors that the process may have. ok is false if there
// is no limit, or it is unknown.
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
