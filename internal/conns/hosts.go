package conns

import (
	"container/list"
	"net/netip"
)

// host has the connections of an address that wait for their clients, the oldest first: in idle for
// the next request, in active for the rest of a request or for the client to read a response.
type host struct {
	address      netip.Addr
	idle, active list.List // of *conn
	index        int       // in the heap
}

func (h *host) len() int { return h.idle.Len() + h.active.Len() }

// candidate returns the connection to evict next.
func (h *host) candidate() *conn {
	if c := first(&h.idle); c != nil {
		return c
	}
	return first(&h.active)
}

// hosts is a [heap.Interface]. On top is the host with most connections. Among hosts with equally many
// it is the one whose candidate has waited for longest.
type hosts []*host //nolint:recvcheck // as heap.Interface needs it

func (h hosts) Len() int { return len(h) }

func (h hosts) Less(i, j int) bool {
	if more := h[i].len() - h[j].len(); more != 0 {
		return more > 0
	}
	return h[i].candidate().sequence < h[j].candidate().sequence
}

func (h hosts) Swap(i, j int) {
	h[i], h[j] = h[j], h[i]
	h[i].index, h[j].index = i, j
}

func (h *hosts) Push(x any) {
	if added, ok := x.(*host); ok {
		added.index = len(*h)
		*h = append(*h, added)
	}
}

func (h *hosts) Pop() any {
	last := len(*h) - 1
	removed := (*h)[last]
	(*h)[last] = nil
	*h = (*h)[:last]
	return removed
}

// first returns the first connection of a list, if any.
func first(connections *list.List) *conn {
	e := connections.Front()
	if e == nil {
		return nil
	}
	c, _ := e.Value.(*conn)
	return c
}
