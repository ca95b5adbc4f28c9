//go:build !unix

package conns

// Descriptors returns the number of file descriptors that the process may have. ok is false if there
// is no limit, or it is unknown.
func Descriptors() (limit int, ok bool) { return 0, false }
