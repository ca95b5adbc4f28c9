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
	// heartbeat is how often a node says that it is up, and how many messages it has sent.
	heartbeat = 2 * time.Second
	// silence is how long a node may send nothing until its last messages count as missed.
	silence = 3 * heartbeat
	// gone is how long a silent node is remembered.
	gone = 10 * time.Minute
	// maxPending is how many rooms may have publications that wait to be sent, maxUsers how many
	// users such a publication may name, and maxCommits how many commits may wait. What exceeds
	// maxPending or maxUsers is not sent, and the other nodes are told that they missed something;
	// publications without their commits are.
	maxPending = 10_000
	maxUsers   = 2_000
	maxCommits = 2_000
	// sendTime is how long it may take to send a message.
	sendTime = 5 * time.Second
)

// transport carries messages between nodes. A node may receive its own messages.
type transport interface {
	// send sends a message.
	send(ctx context.Context, message []byte) error
	// largest is the size of the largest message, in bytes.
	largest() int
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
// Messages are numbered, and heartbeats say how many there were, so that the other nodes notice what
// they have missed, as they do when a node falls silent or their own connection was lost. A node
// without others sends heartbeats only.
type Node struct {
	id        string
	listener  Listener
	log       *slog.Logger
	panics    *panics.Guard
	transport transport

	// ctx ends what runs for the node: Close cancels it.
	ctx context.Context //nolint:containedctx // the life of the node, which outlives every call

	stop    context.CancelFunc
	running sync.WaitGroup

	published, commits, sent, failed, received, receivedPublications, missed, unread atomic.Int64

	mu      sync.Mutex
	pending map[uuid.UUID]*pending
	// single are publications that are not joined with others: of new rooms, and of profiles.
	single []Publication
	// waiting is how many commits are pending.
	waiting int
	skipped bool // a publication was dropped
	joined  bool // a node has joined that does not know this one
	wake    chan struct{}
	peers   map[string]*peer
	warned  bool // of messages that cannot be decoded
}

// pending are the publications of a room that wait to be sent.
type pending struct {
	// joined names the newest seq and all users; it has no commit.
	joined Publication
	// commits are the publications with commits that end at the seq of joined; none if they are
	// not contiguous.
	commits []Publication
}

// peer is another node, or this one as it receives its own messages.
type peer struct {
	count    int64 // of the newest message
	seen     time.Time
	silent   bool
	received bool // a message has been received from it
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
		pending:  make(map[uuid.UUID]*pending),
		wake:     make(chan struct{}, 1),
		peers:    make(map[string]*peer),
	}
	// A node that does not receive its own messages does not receive those of others.
	n.peers[n.id] = &peer{seen: time.Now()}
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
		Unknown:              n.unread.Load(),
		Peers:                n.activePeers(),
	}
}

// activePeers is how many other nodes are up.
func (n *Node) activePeers() (peers int64) {
	n.mu.Lock()
	defer n.mu.Unlock()
	for id, p := range n.peers {
		if id != n.id && !p.silent {
			peers++
		}
	}
	return peers
}

// Connected reports whether the node receives its own messages, and so would receive those of
// others.
func (n *Node) Connected() bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	own := n.peers[n.id]
	return own != nil && own.received && time.Since(own.seen) <= silence
}

// Publish passes p to the node's own listener, before it returns, and sends it to the other nodes
// in the background.
func (n *Node) Publish(p Publication) {
	n.published.Add(1)
	n.panics.Wrap(n.ctx, panics.Publication, func() { n.listener.Receive(p) }, nil)()
	n.mu.Lock()
	defer n.mu.Unlock()
	n.enqueue(p)
	n.wakeUp()
}

// wakeUp makes the sender send what is pending.
func (n *Node) wakeUp() {
	select {
	case n.wake <- struct{}{}:
	default: // it is awake already
	}
}

// enqueue adds a publication to those that are pending. The caller holds n.mu.
func (n *Node) enqueue(p Publication) {
	if len(n.pending)+len(n.single) >= maxPending {
		n.skipped = true
		return
	}
	if p.Created || len(p.Profiles) > 0 {
		if p.Commit != nil {
			if n.waiting++; n.waiting > maxCommits {
				p.Commit = nil
			}
		}
		n.single = append(n.single, p)
		return
	}
	room, ok := n.pending[p.Room]
	if !ok {
		room = &pending{joined: Publication{Room: p.Room}}
		n.pending[p.Room] = room
	}
	n.joinCommit(room, p)
	room.joined.Seq = max(room.joined.Seq, p.Seq)
	for _, user := range p.Users {
		if !slices.Contains(room.joined.Users, user) {
			room.joined.Users = append(room.joined.Users, user)
		}
	}
	if len(room.joined.Users) > maxUsers {
		room.joined.Users = nil
		n.skipped = true
	}
}

// joinCommit adds the commit of a publication to those of its room, or drops all of them if they
// are not contiguous. A publication that repeats a seq changes nothing. The caller holds n.mu.
func (n *Node) joinCommit(room *pending, p Publication) {
	first := room.joined.Seq == 0
	switch {
	case p.Commit == nil && p.Seq <= room.joined.Seq:
	case p.Commit != nil && n.waiting < maxCommits &&
		(first || len(room.commits) > 0 && p.Commit.First() == room.joined.Seq+1):
		room.commits = append(room.commits, Publication{Room: p.Room, Seq: p.Seq, Commit: p.Commit})
		n.waiting++
	default:
		n.waiting -= len(room.commits)
		room.commits = nil
	}
}

// take returns what is pending.
func (n *Node) take() (publications []Publication, skipped, joined bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	publications, skipped, joined = n.single, n.skipped, n.joined
	for _, room := range n.pending {
		last := room.joined
		if parts := len(room.commits); parts > 0 {
			publications = append(publications, room.commits[:parts-1]...)
			last.Commit = room.commits[parts-1].Commit
		}
		publications = append(publications, last)
	}
	n.single, n.skipped, n.joined, n.waiting = nil, false, false, 0
	clear(n.pending)
	return publications, skipped, joined
}

// alone reports whether the node knows no other, though it receives its own messages, and so would
// receive those of others.
func (n *Node) alone() bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	if own := n.peers[n.id]; own == nil || own.silent || !own.received {
		return false
	}
	for id := range n.peers {
		if id != n.id {
			return false
		}
	}
	return true
}

// sender sends what is pending, and heartbeats. It is for one goroutine.
type sender struct {
	node *Node
	// count is the number of the last message.
	count int64
	// skipped: something was not sent. The next message has a number as if it had been.
	skipped bool
}

// run sends until ctx ends. It begins with a heartbeat, which other nodes answer.
func (s *sender) run(ctx context.Context) {
	n := s.node
	beat := time.NewTicker(heartbeat)
	defer beat.Stop()
	// A message that a panic keeps from being sent has a number, so that the other nodes notice.
	lost := func(error) {
		s.skipped = true
		n.failed.Add(1)
	}
	contained := func(step func()) { n.panics.Wrap(ctx, panics.Publication, step, lost)() }
	contained(func() { s.send(ctx, message{}) })
	for {
		select {
		case <-n.wake:
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
	publications, skipped, joined := n.take()
	if n.alone() {
		s.skipped = s.skipped || skipped || len(publications) > 0
		return
	}
	if skipped {
		s.skipped = true
		n.failed.Add(1)
	} else if joined && len(publications) == 0 {
		s.send(ctx, message{})
	}
	for _, m := range messages(n.id, publications, n.transport.largest()) {
		s.send(ctx, m)
	}
}

// send numbers and sends a message. The other nodes notice by the next one if it fails.
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
	ctx, cancel := context.WithTimeout(ctx, sendTime)
	defer cancel()
	if err := n.transport.send(ctx, m.encode()); err != nil {
		n.failed.Add(1)
		if ctx.Err() == nil {
			n.log.DebugContext(ctx, "a message to other nodes failed", "error", err)
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

// checkPeers finds nodes that have fallen silent, whose last messages may have been missed.
func (n *Node) checkPeers(now time.Time) {
	if n.markSilent(now) {
		n.missedMessages()
	}
}

// markSilent marks the nodes that have fallen silent, and reports whether there are new ones.
func (n *Node) markSilent(now time.Time) (missed bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	for id, p := range n.peers {
		if quiet := now.Sub(p.seen); quiet > gone {
			delete(n.peers, id)
		} else if quiet > silence && !p.silent {
			p.silent, missed = true, true
			n.log.Warn("a node has fallen silent", "node", id, "myself", id == n.id)
		}
	}
	return missed
}

// missedMessages implements [handler].
func (n *Node) missedMessages() {
	n.missed.Add(1)
	n.panics.Wrap(n.ctx, panics.Publication, n.listener.Missed, nil)()
}

// receive implements [handler]. A message that makes the node panic is dropped: the listener's poll
// finds what it said.
func (n *Node) receive(data []byte) {
	n.panics.Wrap(n.ctx, panics.Publication, func() { n.handle(data) }, nil)()
}

// warnOnce reports whether the caller is the first to warn of messages that cannot be decoded.
func (n *Node) warnOnce() bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	first := !n.warned
	n.warned = true
	return first
}

// handle passes the publications of a message to the listener.
func (n *Node) handle(data []byte) {
	m, err := decode(data)
	if err != nil {
		n.unread.Add(1)
		if n.warnOnce() {
			n.log.Warn(
				"a message of another node cannot be decoded: is it of another version?",
				"error", err,
			)
		}
		return
	}
	n.received.Add(1)
	missed := n.follow(m)
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

// follow notes the number of a node's message, and reports whether others before it were missed.
func (n *Node) follow(m message) (missed bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	p := n.peers[m.Node]
	if p == nil {
		p = &peer{count: m.Count}
		n.peers[m.Node] = p
		n.joined = true
		n.wakeUp() // so that it knows this node
		missed = m.Count > 1 || m.Count == 1 && !m.numbered()
	} else {
		next := p.count
		if m.numbered() {
			next++
		}
		missed = m.Count > next
		p.count = max(p.count, m.Count)
	}
	p.seen, p.silent, p.received = time.Now(), false, true
	return missed
}
