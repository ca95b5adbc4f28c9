//go:build unix && !linux

package storetest

import "syscall"

// endWithParent does nothing, because only Linux supports it. A killed test binary leaves its server
// running.
func endWithParent(*syscall.SysProcAttr) {}
