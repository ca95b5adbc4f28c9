//go:build !unix

package conns

// Descriptors returns how many file descriptors the process may have; ok is false if that is not
// limited, or unknown.
func Descriptors() (limit int, ok bool) { return 0, false }
