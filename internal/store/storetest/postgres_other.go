//go:build !unix

package storetest

import (
	"os"
	"syscall"
)

// immediateShutdown ends the server.
var immediateShutdown = os.Kill

// fastShutdown ends the server: there is no gentler way here.
var fastShutdown = os.Kill

// account is the user that the server runs as.
type account struct{}

// serverUser says that a server of our own needs Unix.
func serverUser() (*account, error) { return nil, ErrNoPostgres }

func (*account) own(string) error { return nil }

func (*account) procAttr() *syscall.SysProcAttr { return nil }
