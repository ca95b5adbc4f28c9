//go:build unix

package wire

import (
	"errors"
	"syscall"
)

// canPoll: on this system a connection can be read and written without waiting.
const canPoll = true

// receive reads the available bytes into a buffer. It returns false if there are none yet.
func (c *Conn) receive(fd uintptr) bool {
	in := c.upgrader.buffer()
	for {
		n, err := syscall.Read(int(fd), in[:])
		switch {
		case errors.Is(err, syscall.EINTR):
			continue
		case errors.Is(err, syscall.EAGAIN):
			c.upgrader.buffers.Put(in)
			return false
		}
		c.storeRead(in, n, err)
		return true
	}
}

// send writes as much of c.out as the kernel accepts, once.
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
