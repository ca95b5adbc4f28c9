package live

// ring keeps the newest items of a topic for those of its readers who take them late. While nobody is late it keeps
// nothing. An item's seq is that of the one before it, and one.
type ring[T any] struct {
	items []T
	// head is the seq of the newest item, kept or not.
	head int64
	// readers is how many there are, and late how many of them have not taken everything.
	readers, late int
}

// join counts a reader who has taken everything up to seq.
func (r *ring[T]) join(seq int64) {
	r.readers++
	if seq < r.head {
		r.late++
	}
}

// leave is the end of join, for a reader who has come to seq.
func (r *ring[T]) leave(seq int64) {
	r.readers--
	if seq < r.head {
		r.caughtUp(1)
	}
}

// append adds items; from then on every reader is late.
func (r *ring[T]) append(items []T) {
	r.head += int64(len(items))
	r.late = r.readers
	if r.readers > 0 {
		r.items = append(r.items, items...)
	}
}

// oldest is the seq before the first item that is kept.
func (r *ring[T]) oldest() int64 { return r.head - int64(len(r.items)) }

// after returns the items behind seq. kept tells whether the first of them is still there. What is returned is never
// changed, only left behind.
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
	r.late -= n
	if r.late == 0 {
		r.items = nil
	}
}

// drop forgets the oldest n items.
func (r *ring[T]) drop(n int) {
	if n > 0 {
		r.items = append([]T(nil), r.items[n:]...)
	}
}
