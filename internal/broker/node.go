package broker

import (
	"context"
	"crypto/rand"
	"log/slog"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/google/uuid"

	"parley/internal/panics"
)

const (
	// heartbeat is how often a node says that it is there, and how many messages it has sent.
	heartbeat = 2 * time.Second
	// silence is for how long nothing may be heard of a node until what it has said may have been
	// missed.
	silence = 3 * heartbeat
	// gone is for how long a node is remembered of which nothing is heard.
	gone = 10 * time.Minute
	// maxPending is of how many rooms hints may wait to be sent, and maxUsers how many people a
	// hint may name that waits. What is above that is not sent, and the others are made to look.
	maxPending = 10_000
	maxUsers   = 2_000
	// sendTime is how long a message may take to be handed over.
	sendTime = 5 * time.Second
)

// carrier carries messages between nodes. Its own messages may come back to a node.
type carrier interface {
	// send hands a message over.
	send(ctx context.Context, message []byte) error
	// largest is the size of the largest message, in bytes.
	largest() int
	// close ends the carrying, also of what is just being sent; afterwards nothing is received any
	// more.
	close() error
}

// receiver is where a carrier puts what it brings.
type receiver interface {
	// receive takes a message.
	receive(message []byte)
	// lookAgain says that messages may have been missed.
	lookAgain()
}

// Stats are counts since a node has begun.
type Stats struct {
	// Published are hints of this node; Sent, Failed and Received are messages, of many hints each.
	Published, Sent, Failed, Received int64
	// Heard are hints of other nodes, Missed how often some may have been missed, Unknown messages
	// that could not be read.
	Heard, Missed, Unknown int64
	// Peers is how many other nodes are heard of at present.
	Peers int64
}

// Node is a node's place among others: it tells them its hints, and hears theirs.
//
// Its own hints go to its listener directly. For the others they are put together while a message
// is on its way: of a room the newest is what counts. Messages are numbered, and heartbeats say how
// many there were, so that the others notice what they have missed, as they do when a node falls
// silent or their own connection was lost. A node that is alone says only that it is there: a
// message costs more than what it tells of.
type Node struct {
	id       string
	listener Listener
	log      *slog.Logger
	panics   *panics.Guard
	carrier  carrier

	// ctx ends what runs for the node: Close cancels it.
	ctx context.Context //nolint:containedctx // the life of the node, which outlives every call

	stop    context.CancelFunc
	running sync.WaitGroup

	published, sent, failed, received, heard, missed, unread atomic.Int64

	mu      sync.Mutex
	pending map[uuid.UUID]*Hint
	created []Hint
	skipped bool // something was not put among pending
	joined  bool // somebody has come who has not heard of this one
	wake    chan struct{}
	peers   map[string]*peer
	warned  bool // of messages that cannot be read
}

// peer is another node, or this one as it hears itself.
type peer struct {
	count  int64 // of the newest message heard
	heard  time.Time
	silent bool
	spoken bool // something has been heard of it
}

var _ receiver = (*Node)(nil)

// begin makes the node that carry connects to the others, and has it speak until Close.
func begin(
	ctx context.Context, l Listener, log *slog.Logger, guard *panics.Guard,
	carry func(receiver) (carrier, error),
) (*Node, error) {
	n := &Node{
		id:       rand.Text(),
		listener: l,
		log:      log,
		panics:   guard,
		pending:  make(map[uuid.UUID]*Hint),
		wake:     make(chan struct{}, 1),
		peers:    make(map[string]*peer),
	}
	n.peers[n.id] = &peer{heard: time.Now()} // who does not hear itself does not hear the others
	n.ctx, n.stop = context.WithCancel(context.WithoutCancel(ctx))
	var err error
	if n.carrier, err = carry(n); err != nil {
		n.stop()
		return nil, err
	}
	n.running.Go(
		guard.Wrap(n.ctx, panics.Publication, func() { n.speak(n.ctx) }, nil),
	) // ends with Close
	return n, nil
}

// Close ends the node. What waits to be sent is not sent any more, nor is waited for what is being
// sent.
func (n *Node) Close() error {
	n.stop()
	err := n.carrier.close()
	n.running.Wait()
	return err
}

// Stats returns what has been counted.
func (n *Node) Stats() Stats {
	return Stats{
		Published: n.published.Load(),
		Sent:      n.sent.Load(),
		Failed:    n.failed.Load(),
		Received:  n.received.Load(),
		Heard:     n.heard.Load(),
		Missed:    n.missed.Load(),
		Unknown:   n.unread.Load(),
		Peers:     n.heardPeers(),
	}
}

// heardPeers is how many other nodes are heard of at present.
func (n *Node) heardPeers() (peers int64) {
	n.mu.Lock()
	defer n.mu.Unlock()
	for id, p := range n.peers {
		if id != n.id && !p.silent {
			peers++
		}
	}
	return peers
}

// Connected reports whether the node hears itself, and so would hear the others. Of one that has
// heard itself a short silence says nothing.
func (n *Node) Connected() bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	own := n.peers[n.id]
	return own != nil && own.spoken && time.Since(own.heard) <= silence
}

// Publish hands h to the node's own listener, before it returns, and sends it to the others. It
// does not wait for that.
func (n *Node) Publish(h Hint) {
	n.published.Add(1)
	n.panics.Wrap(n.ctx, panics.Publication, func() { n.listener.Hear(h) }, nil)()
	n.mu.Lock()
	defer n.mu.Unlock()
	n.put(h)
	n.wakeUp()
}

// wakeUp has what waits be sent.
func (n *Node) wakeUp() {
	select {
	case n.wake <- struct{}{}:
	default: // it has been woken already
	}
}

// put puts a hint among those that wait. The node is locked.
func (n *Node) put(h Hint) {
	if len(n.pending)+len(n.created) >= maxPending {
		n.skipped = true
		return
	}
	if h.Created {
		n.created = append(n.created, h)
		return
	}
	before, ok := n.pending[h.Room]
	if !ok {
		h.Users = slices.Clone(h.Users)
		n.pending[h.Room] = &h
		return
	}
	before.Seq = max(before.Seq, h.Seq)
	for _, user := range h.Users {
		if !slices.Contains(before.Users, user) {
			before.Users = append(before.Users, user)
		}
	}
	if len(before.Users) > maxUsers {
		before.Users = nil
		n.skipped = true
	}
}

// speak sends what waits, and heartbeats, until ctx ends. It begins with one: whoever is there
// answers.
func (n *Node) speak(ctx context.Context) {
	beat := time.NewTicker(heartbeat)
	defer beat.Stop()
	count := int64(0)
	unsaid := false // something, while nobody was there: the next message has a number as if it had been
	say := func(m message) {
		if unsaid {
			count++
			unsaid = false
		}
		if len(m.Hints) > 0 || m.Look {
			count++
		}
		m.Count = count
		n.say(ctx, m)
	}
	heart := message{Node: n.id}
	send := func() {
		hints, skipped, joined := n.take()
		switch {
		case n.alone():
			unsaid = unsaid || skipped || len(hints) > 0
			return
		case skipped:
			unsaid = true
			n.failed.Add(1)
		case joined && len(hints) == 0:
			say(heart)
		}
		for _, m := range messages(n.id, hints, n.carrier.largest()) {
			say(m)
		}
	}
	// What a panic keeps from being sent has a number, so that the others notice that they miss it.
	lost := func(error) {
		unsaid = true
		n.failed.Add(1)
	}
	n.panics.Wrap(ctx, panics.Publication, func() { say(heart) }, lost)()
	for {
		select {
		case <-n.wake:
			n.panics.Wrap(ctx, panics.Publication, send, lost)()
		case <-beat.C:
			n.panics.Wrap(ctx, panics.Publication, func() {
				n.listenFor(time.Now())
				say(heart)
			}, lost)()
		case <-ctx.Done():
			return
		}
	}
}

// alone tells whether nothing has been heard of another node, though it hears itself, and so would
// hear the others.
func (n *Node) alone() bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	if own := n.peers[n.id]; own == nil || own.silent || !own.spoken {
		return false
	}
	for id := range n.peers {
		if id != n.id {
			return false
		}
	}
	return true
}

// take takes what waits.
func (n *Node) take() (hints []Hint, skipped, joined bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	hints, skipped, joined = n.created, n.skipped, n.joined
	for _, h := range n.pending {
		hints = append(hints, *h)
	}
	n.created, n.skipped, n.joined = nil, false, false
	clear(n.pending)
	return hints, skipped, joined
}

// say sends a message. One that fails is missed by the others, who notice by the next one.
func (n *Node) say(ctx context.Context, m message) {
	ctx, cancel := context.WithTimeout(ctx, sendTime)
	defer cancel()
	if err := n.carrier.send(ctx, m.encode()); err != nil {
		n.failed.Add(1)
		if ctx.Err() == nil {
			n.log.DebugContext(ctx, "a hint cannot be sent", "error", err)
		}
		return
	}
	n.sent.Add(1)
}

// listenFor looks for nodes that have fallen silent. What they have said last may have been missed.
func (n *Node) listenFor(now time.Time) {
	if n.noteSilence(now) {
		n.lookAgain()
	}
}

// noteSilence marks the nodes that have fallen silent, and reports whether there are new ones.
func (n *Node) noteSilence(now time.Time) (missed bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	for id, p := range n.peers {
		if quiet := now.Sub(p.heard); quiet > gone {
			delete(n.peers, id)
		} else if quiet > silence && !p.silent {
			p.silent, missed = true, true
			n.log.Warn("a node has fallen silent", "node", id, "myself", id == n.id)
		}
	}
	return missed
}

// lookAgain is [receiver]'s.
func (n *Node) lookAgain() {
	n.missed.Add(1)
	n.panics.Wrap(n.ctx, panics.Publication, n.listener.LookAgain, nil)()
}

// receive is [receiver]'s. A message that makes the node panic is dropped: what it tells of is
// found by the listener's poll.
func (n *Node) receive(data []byte) {
	n.panics.Wrap(n.ctx, panics.Publication, func() { n.handle(data) }, nil)()
}

// warnOnce reports whether the caller is the first to warn of messages that cannot be read.
func (n *Node) warnOnce() bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	first := !n.warned
	n.warned = true
	return first
}

// handle acts on a message.
func (n *Node) handle(data []byte) {
	m, err := decode(data)
	if err != nil {
		n.unread.Add(1)
		if n.warnOnce() {
			n.log.Warn(
				"a message of another node cannot be read: is it of another version?",
				"error",
				err,
			)
		}
		return
	}
	n.received.Add(1)
	missed := n.follow(m)
	if m.Node == n.id {
		return // its own hints have been heard
	}
	if missed || m.Look {
		n.lookAgain()
	}
	for _, h := range m.Hints {
		n.heard.Add(1)
		n.panics.Wrap(n.ctx, panics.Publication, func() { n.listener.Hear(h.hint()) }, nil)()
	}
}

// follow notes the number of a node's message, and tells whether others before it were missed.
func (n *Node) follow(m message) (missed bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	p := n.peers[m.Node]
	if p == nil {
		p = &peer{count: m.Count}
		n.peers[m.Node] = p
		n.joined = true
		n.wakeUp() // to be heard by it
		missed = m.Count > 1 ||
			m.Count == 1 && len(m.Hints) == 0 && !m.Look // it has said something before
	} else {
		next := p.count
		if len(m.Hints) > 0 || m.Look {
			next++ // a heartbeat has the number of the message before
		}
		missed = m.Count > next
		p.count = max(p.count, m.Count)
	}
	p.heard, p.silent, p.spoken = time.Now(), false, true
	return missed
}
