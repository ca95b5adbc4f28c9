//go:build !unix

package wire

// canPoll: on this system only the Go runtime reads and writes connections, so that each parked
// subscription keeps a goroutine.
const canPoll = false

func (c *Conn) receive(uintptr) bool { return true }

func (c *Conn) send(uintptr) bool { return true }
