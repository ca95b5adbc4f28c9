package live

// ring buffers the newest items of a topic for late readers. It is empty while no reader is late.
// The seq of an item is the seq of the previous one plus one.
type ring[T any] struct {
	items []T
	// head is the seq of the newest item, kept or not.
	head int64
	// readers is how many there are, and behind how many of them have not taken everything.
	readers, behind int
	// ahead is how many have come, by another way, to a seq above the head.
	ahead map[int64]int
}

// join counts a reader who has taken everything up to seq.
func (r *ring[T]) join(seq int64) {
	r.readers++
	r.count(seq, 1)
}

// leave is the end of join, for a reader who has come to seq.
func (r *ring[T]) leave(seq int64) {
	r.readers--
	r.count(seq, -1)
	r.caughtUp(0)
}

// move is of a reader who has come from one seq to another.
func (r *ring[T]) move(from, to int64) {
	r.count(from, -1)
	r.count(to, 1)
	r.caughtUp(0)
}

// count counts n readers more, or fewer, who have come to seq.
func (r *ring[T]) count(seq int64, n int) {
	switch {
	case seq < r.head:
		r.behind += n
	case seq > r.head:
		if r.ahead == nil {
			r.ahead = make(map[int64]int)
		}
		if r.ahead[seq] += n; r.ahead[seq] == 0 {
			delete(r.ahead, seq)
		}
	}
}

// append adds items; from then on every reader is late who was not ahead.
func (r *ring[T]) append(items []T) {
	r.head += int64(len(items))
	r.behind = r.readers
	for seq, n := range r.ahead {
		if seq >= r.head {
			r.behind -= n
		}
		if seq <= r.head {
			delete(r.ahead, seq)
		}
	}
	if r.behind > 0 {
		r.items = append(r.items, items...)
	}
}

// oldest is the seq before the first item that is kept.
func (r *ring[T]) oldest() int64 { return r.head - int64(len(r.items)) }

// after returns the items behind seq. kept tells whether the first of them is still there. The
// returned slice never changes.
func (r *ring[T]) after(seq int64) (items []T, kept bool) {
	switch {
	case seq >= r.head:
		return nil, true
	case seq < r.oldest():
		return nil, false
	default:
		return r.items[seq-r.oldest():], true
	}
}

// caughtUp counts readers who were late and have taken everything.
func (r *ring[T]) caughtUp(n int) {
	if r.behind -= n; r.behind == 0 {
		r.items = nil
	}
}

// drop forgets the oldest n items.
func (r *ring[T]) drop(n int) {
	if n > 0 {
		r.items = append([]T(nil), r.items[n:]...)
	}
}
