//go:build unix

package storetest

import (
	"errors"
	"fmt"
	"os"
	"os/user"
	"strconv"
	"syscall"
)

// immediateShutdown makes the server end without writing its data.
const immediateShutdown = syscall.SIGQUIT

// fastShutdown makes the server disconnect its clients, write its data and end.
const fastShutdown = syscall.SIGINT

// account is the user that the server runs as; nil is the current one.
type account syscall.Credential

// serverUser returns another user if the current one is root, as which PostgreSQL does not run.
func serverUser() (*account, error) {
	if os.Geteuid() != 0 {
		return nil, nil
	}
	for _, name := range []string{"postgres", "nobody"} {
		u, err := user.Lookup(name)
		if err != nil {
			continue
		}
		uid, uidErr := strconv.ParseUint(u.Uid, 10, 32)
		gid, gidErr := strconv.ParseUint(u.Gid, 10, 32)
		if err := errors.Join(uidErr, gidErr); err != nil {
			return nil, fmt.Errorf("user %s: %w", name, err)
		}
		return &account{Uid: uint32(uid), Gid: uint32(gid)}, nil
	}
	return nil, errors.New(
		"PostgreSQL does not run as root, and there is no user postgres or nobody",
	)
}

// own changes the owner of a folder to the user.
func (a *account) own(dir string) error {
	if a == nil {
		return nil
	}
	return os.Chown(dir, int(a.Uid), int(a.Gid))
}

// procAttr makes a program run as the user and end with this process.
func (a *account) procAttr() *syscall.SysProcAttr {
	attr := &syscall.SysProcAttr{Credential: (*syscall.Credential)(a)}
	endWithParent(attr)
	return attr
}
