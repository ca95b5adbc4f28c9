//go:build unix

package wire

import (
	"errors"
	"syscall"
)

// canTry: this system's sockets can be read and written without waiting.
const canTry = true

// receive reads what there is into a buffer; false: there is nothing yet.
func (c *Conn) receive(fd uintptr) bool {
	in := c.listener.buffer()
	for {
		n, err := syscall.Read(int(fd), in[:])
		switch {
		case errors.Is(err, syscall.EINTR):
			continue
		case errors.Is(err, syscall.EAGAIN):
			c.listener.buffers.Put(in)
			return false
		}
		c.took(in, n, err)
		return true
	}
}

// send writes as much of c.out as the kernel takes, once.
func (c *Conn) send(fd uintptr) bool {
	for {
		n, err := syscall.Write(int(fd), c.out)
		if errors.Is(err, syscall.EINTR) {
			continue
		}
		c.written = max(n, 0)
		return true
	}
}
