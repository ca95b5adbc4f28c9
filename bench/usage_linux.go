package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// measureSelf returns the CPU time and the resident memory of this process.
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

// clockTick is the unit of times in /proc: USER_HZ is 100 on every architecture.
const clockTick = time.Second / 100

// treeCPU returns the CPU time of a process and its children, also those that have ended.
func treeCPU(root int) (sum time.Duration, err error) {
	folders, err := filepath.Glob("/proc/[0-9]*")
	if err != nil {
		return 0, err
	}
	for _, folder := range folders {
		stat, err := os.ReadFile(filepath.Join(folder, "stat"))
		if err != nil {
			continue // it has ended
		}
		// After the name, which is in parentheses: state, parent, …; from utime: user, system, and
		// both of the children that have been waited for.
		columns := strings.Fields(string(stat[bytes.LastIndexByte(stat, ')')+1:]))
		const parent, utime = 1, 11
		times := columns[utime : utime+2]
		switch strconv.Itoa(root) {
		case filepath.Base(folder):
			times = columns[utime : utime+4]
		case columns[parent]:
		default:
			continue
		}
		for _, text := range times {
			ticks, err := strconv.Atoi(text)
			if err != nil {
				return 0, fmt.Errorf("read the CPU time of process %d: %w", root, err)
			}
			sum += time.Duration(ticks) * clockTick
		}
	}
	return sum, nil
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

// established reports whether a server still has its end of a connection. The client's port
// identifies the connection.
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
