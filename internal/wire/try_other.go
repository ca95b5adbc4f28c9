//go:build !unix

package wire

// canTry: this system's sockets are read and written by the runtime alone; so a socket keeps a
// goroutine for each subscription.
const canTry = false

func (c *Conn) receive(uintptr) bool { return true }

func (c *Conn) send(uintptr) bool { return true }
