package main

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// measureSelf returns the CPU time of this process, and the memory that it has of the machine.
func measureSelf() (usage, error) {
	var spent syscall.Rusage // finer than the ticks in /proc/self/stat
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &spent); err != nil {
		return usage{}, fmt.Errorf("read the CPU time: %w", err)
	}
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return usage{}, err
	}
	for line := range strings.Lines(string(status)) {
		if text, ok := strings.CutPrefix(line, "VmRSS:"); ok {
			kib, err := strconv.Atoi(strings.Fields(text)[0])
			return usage{
				CPU: time.Duration(spent.Utime.Nano() + spent.Stime.Nano()),
				RSS: kib << 10,
			}, err
		}
	}
	return usage{}, fmt.Errorf("no VmRSS in %q", status)
}

// setBuffer sets the size of one of a socket's buffers, unless size is 0.
func setBuffer(raw syscall.RawConn, option, size int) error {
	if size == 0 {
		return nil
	}
	var failed error
	err := raw.Control(func(fd uintptr) {
		failed = syscall.SetsockoptInt(int(fd), syscall.SOL_SOCKET, option, size)
	})
	if err != nil {
		return err
	}
	return failed
}

// established tells whether a server still has its end of a connection, which is told by the
// client's port.
func established(clientPort int) (bool, error) {
	table, err := os.ReadFile("/proc/net/tcp")
	if err != nil {
		return false, err
	}
	remote := fmt.Sprintf(":%04X", clientPort)
	for line := range strings.Lines(string(table)) {
		columns := strings.Fields(line) // number, local, remote, state, …
		if len(columns) > 3 && strings.HasSuffix(columns[2], remote) {
			return columns[3] == "01", nil
		}
	}
	return false, nil
}
