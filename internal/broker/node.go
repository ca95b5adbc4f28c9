package broker

import (
	"context"
	"crypto/rand"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/google/uuid"

	"parley/internal/panics"
)

// transport carries messages between nodes. A node may receive its own messages.
type transport interface {
	// send sends a message.
	send(ctx context.Context, message []byte) error
	// maxBytes is the size of the largest message, in bytes.
	maxBytes() int
	// close ends it, also a send that is running; it receives nothing afterwards.
	close() error
}

// handler handles what a transport receives.
type handler interface {
	// receive handles a message.
	receive(message []byte)
	// missedMessages says that messages may have been missed.
	missedMessages()
}

// Stats are counts since a node was started.
type Stats struct {
	// Published are publications of this node, PublishedCommits those that were sent with their
	// commit; Sent, Failed and Received are messages, of many publications each.
	Published, PublishedCommits, Sent, Failed, Received int64
	// ReceivedPublications are those of other nodes, Missed how often some may have been missed,
	// Unknown messages that could not be decoded.
	ReceivedPublications, Missed, Unknown int64
	// Peers is how many other nodes are up.
	Peers int64
}

// Node publishes to the other nodes, and receives their publications.
//
// It passes its own publications to its listener directly. For the others it joins those of a room
// while a message is being sent: their commits, if they are contiguous, else the newest seq.
// Messages are numbered, and heartbeats say how many there were, so that the other nodes detect
// what they have missed, as they do when heartbeats of a node stop or their own connection was lost. A
// node without others sends heartbeats only.
type Node struct {
	id        string
	listener  Listener
	log       *slog.Logger
	panics    *panics.Guard
	transport transport
	outbox    *outbox
	peers     *peers

	// ctx ends what runs for the node: Close cancels it.
	ctx context.Context //nolint:containedctx // the life of the node, which outlives every call

	stop    context.CancelFunc
	running sync.WaitGroup

	published, commits, sent, failed, received, receivedPublications, missed, undecodable atomic.Int64

	decodeWarned atomic.Bool // of messages that cannot be decoded
}

var _ handler = (*Node)(nil)

// start returns the node that connect connects to the others. It sends until Close.
func start(
	ctx context.Context, l Listener, log *slog.Logger, guard *panics.Guard,
	connect func(handler) (transport, error),
) (*Node, error) {
	n := &Node{
		id:       rand.Text(),
		listener: l,
		log:      log,
		panics:   guard,
		outbox:   newOutbox(),
	}
	n.peers = newPeers(n.id, time.Now())
	n.ctx, n.stop = context.WithCancel(context.WithoutCancel(ctx))
	var err error
	if n.transport, err = connect(n); err != nil {
		n.stop()
		return nil, err
	}
	s := &sender{node: n}
	n.running.Go( // it ends with Close
		guard.Wrap(n.ctx, panics.Publication, func() { s.run(n.ctx) }, nil),
	)
	return n, nil
}

// Close ends the node. It neither sends what is pending nor waits for what is being sent.
func (n *Node) Close() error {
	n.stop()
	err := n.transport.close()
	n.running.Wait()
	return err
}

// Stats returns the node's counts.
func (n *Node) Stats() Stats {
	return Stats{
		Published:            n.published.Load(),
		PublishedCommits:     n.commits.Load(),
		Sent:                 n.sent.Load(),
		Failed:               n.failed.Load(),
		Received:             n.received.Load(),
		ReceivedPublications: n.receivedPublications.Load(),
		Missed:               n.missed.Load(),
		Unknown:              n.undecodable.Load(),
		Peers:                n.peers.active(),
	}
}

// Connected reports whether the node receives its own messages, and so would receive those of
// others.
func (n *Node) Connected() bool { return n.peers.connected(time.Now()) }

// Publish passes p to the node's own listener, before it returns, and sends it to the other nodes
// in the background.
func (n *Node) Publish(p Publication) {
	n.published.Add(1)
	n.panics.Wrap(n.ctx, panics.Publication, func() { n.listener.Receive(p) }, nil)()
	n.outbox.add(p)
}

// Follows reports whether the node's listener, or another node, may use the commit of a publication
// to a room.
func (n *Node) Follows(room uuid.UUID) bool {
	return n.peers.active() > 0 || n.listener.Follows(room)
}

// checkPeers finds nodes whose heartbeats stopped: their last messages may have been missed.
func (n *Node) checkPeers(now time.Time) {
	silent := n.peers.markSilent(now)
	for _, id := range silent {
		n.log.Warn("no heartbeat of a node", "node", id, "self", id == n.id)
	}
	if len(silent) > 0 {
		n.missedMessages()
	}
}

// missedMessages implements [handler].
func (n *Node) missedMessages() {
	n.missed.Add(1)
	n.panics.Wrap(n.ctx, panics.Publication, n.listener.Missed, nil)()
}

// receive implements [handler]. A message that makes the node panic is dropped: the next poll of
// the listener finds the change.
func (n *Node) receive(data []byte) {
	n.panics.Wrap(n.ctx, panics.Publication, func() { n.handle(data) }, nil)()
}

// handle passes the publications of a message to the listener.
func (n *Node) handle(data []byte) {
	m, err := decode(data)
	if err != nil {
		n.undecodable.Add(1)
		if !n.decodeWarned.Swap(true) {
			n.log.Warn(
				"cannot decode a message of another node, is it of another version?",
				"error", err,
			)
		}
		return
	}
	n.received.Add(1)
	missed, joined := n.peers.follow(m, time.Now())
	if joined {
		n.outbox.addHeartbeat() // so that it knows this node
	}
	if m.Node == n.id {
		return // the listener has received its own publications
	}
	if missed || m.Incomplete {
		n.missedMessages()
	}
	for _, p := range m.Publications {
		n.receivedPublications.Add(1)
		n.panics.Wrap(n.ctx, panics.Publication,
			func() { n.listener.Receive(p.publication()) }, nil)()
	}
}
