package broker

import (
	"sync"
	"time"
)

const (
	// silenceTimeout is how long a node may send nothing until its last messages count as missed.
	silenceTimeout = 3 * heartbeat
	// peerTTL is how long a silent node stays in the list.
	peerTTL = 10 * time.Minute
)

// peers are the nodes that this one receives messages from, itself included: a node that does not
// receive its own messages does not receive those of others. It is safe for concurrent use.
type peers struct {
	self string

	mu    sync.Mutex
	known map[string]*peer
}

// peer is another node, or this one as it receives its own messages.
type peer struct {
	count    int64 // of the newest message
	seen     time.Time
	silent   bool
	received bool // a message has been received from it
}

func newPeers(self string, now time.Time) *peers {
	return &peers{self: self, known: map[string]*peer{self: {seen: now}}}
}

// active returns how many other nodes are up.
func (p *peers) active() (n int64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for id, node := range p.known {
		if id != p.self && !node.silent {
			n++
		}
	}
	return n
}

// connected reports whether the node receives its own messages.
func (p *peers) connected(now time.Time) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	own := p.known[p.self]
	return own != nil && own.received && now.Sub(own.seen) <= silenceTimeout
}

// isAlone reports whether the node knows no other, though it receives its own messages, and so
// would receive those of others.
func (p *peers) isAlone() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	own := p.known[p.self]
	return own != nil && !own.silent && own.received && len(p.known) == 1
}

// markSilent marks the nodes whose heartbeats stopped, and returns those that it marked. It removes nodes
// after [peerTTL].
func (p *peers) markSilent(now time.Time) (silent []string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for id, node := range p.known {
		if quiet := now.Sub(node.seen); quiet > peerTTL {
			delete(p.known, id)
		} else if quiet > silenceTimeout && !node.silent {
			node.silent = true
			silent = append(silent, id)
		}
	}
	return silent
}

// follow notes the number of a node's message. missed reports whether messages before it were
// missed, joined whether the node is a new one.
func (p *peers) follow(m message, now time.Time) (missed, joined bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	node, known := p.known[m.Node]
	if !known {
		node = &peer{count: m.Count}
		p.known[m.Node] = node
		missed = m.Count > 1 || m.Count == 1 && !m.numbered()
	} else {
		next := node.count
		if m.numbered() {
			next++
		}
		missed = m.Count > next
		node.count = max(node.count, m.Count)
	}
	node.seen, node.silent, node.received = now, false, true
	return missed, !known
}
