//go:build !linux

package main

import (
	"errors"
	"syscall"
	"time"
)

var errLinux = errors.New(
	"this program reads the memory of processes from /proc, which only Linux has",
) //nolint:gochecknoglobals // an error is a constant

func measureSelf() (usage, error) { return usage{}, errLinux }

func treeCPU(int) (time.Duration, error) { return 0, errLinux }

func setBuffer(syscall.RawConn, int, int) error { return errLinux }

func established(int) (bool, error) { return false, errLinux }
