//go:build !unix

package storetest

import (
	"os"
	"syscall"
)

// immediateShutdown ends the server.
var immediateShutdown = os.Kill

// fastShutdown ends the server. This system has no other signal.
var fastShutdown = os.Kill

// account is the user that the server runs as.
type account struct{}

// serverUser returns an error: starting a server needs Unix.
func serverUser() (*account, error) { return nil, ErrNoPostgres }

func (*account) own(string) error { return nil }

func (*account) procAttr() *syscall.SysProcAttr { return nil }
