//go:build unix && !linux

package storetest

import "syscall"

// endWithParent does nothing: only Linux knows of it. A test binary that is killed leaves its
// server behind.
func endWithParent(*syscall.SysProcAttr) {}
