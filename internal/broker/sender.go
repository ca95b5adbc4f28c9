package broker

import (
	"context"
	"time"

	"parley/internal/panics"
)

const (
	// heartbeat is the interval of heartbeats, which say how many messages the node has sent.
	heartbeat = 2 * time.Second
	// sendTimeout is how long it may take to send a message.
	sendTimeout = 5 * time.Second
)

// sender sends what is pending, and heartbeats. It is for one goroutine.
type sender struct {
	node *Node
	// count is the number of the last message.
	count int64
	// skipped: a message was not sent. The next message skips its number.
	skipped bool
}

// run sends until ctx ends. It begins with a heartbeat, which other nodes answer.
func (s *sender) run(ctx context.Context) {
	n := s.node
	beat := time.NewTicker(heartbeat)
	defer beat.Stop()
	// If a panic prevents a message, its number is skipped, so that the other nodes detect the loss.
	lost := func(error) {
		s.skipped = true
		n.failed.Add(1)
	}
	contained := func(step func()) { n.panics.Wrap(ctx, panics.Publication, step, lost)() }
	contained(func() { s.send(ctx, message{}) })
	for {
		select {
		case <-n.outbox.wake:
			contained(func() { s.sendPending(ctx) })
		case <-beat.C:
			contained(func() {
				n.checkPeers(time.Now())
				s.send(ctx, message{})
			})
		case <-ctx.Done():
			return
		}
	}
}

// sendPending sends what is pending, unless there are no other nodes.
func (s *sender) sendPending(ctx context.Context) {
	n := s.node
	publications, skipped, beat := n.outbox.take()
	if n.peers.isAlone() {
		s.skipped = s.skipped || skipped || len(publications) > 0
		return
	}
	if skipped {
		s.skipped = true
		n.failed.Add(1)
	} else if beat && len(publications) == 0 {
		s.send(ctx, message{})
	}
	for _, m := range messages(n.id, publications, n.transport.maxBytes()) {
		s.send(ctx, m)
	}
}

// send numbers and sends a message. If it fails, the other nodes detect it by the next one.
func (s *sender) send(ctx context.Context, m message) {
	if s.skipped {
		s.count++
		s.skipped = false
	}
	if m.numbered() {
		s.count++
	}
	n := s.node
	m.Node, m.Count = n.id, s.count
	ctx, cancel := context.WithTimeout(ctx, sendTimeout)
	defer cancel()
	if err := n.transport.send(ctx, m.encode()); err != nil {
		n.failed.Add(1)
		if ctx.Err() == nil {
			n.log.DebugContext(ctx, "message to other nodes not sent", "error", err)
		}
		return
	}
	n.sent.Add(1)
	for _, p := range m.Publications {
		if p.Commit != nil {
			n.commits.Add(1)
		}
	}
}

// numbered reports whether a message has a number of its own: a heartbeat has that of the message
// before.
func (m message) numbered() bool { return len(m.Publications) > 0 || m.Incomplete }
