package live

import (
	"runtime"
	"sync"

	"parley/internal/panics"
)

const (
	// sinksPerGoroutine is how many sinks one goroutine sends to in turn; several goroutines share
	// more.
	sinksPerGoroutine = 128
	// sinksAhead is how many sinks are asked whether they are ready before the first of them is
	// sent to: the processor fetches the memory of several in the time of one.
	sinksAhead = 16
)

// append keeps frames for late subscribers, and sets the recipients: the subscribers that are
// parked at this moment. A subscriber that parks later has them already.
func (c *cohort) append(frames []Frame) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.ring.append(frames)
	size := 0
	for _, f := range frames {
		size += len(f.Payload)
	}
	c.addBytes(size)
	drop := max(len(c.ring.items)-maxBufferedItems, 0)
	for i, f := range frames {
		if f.Event.Erases() { // late subscribers read again what came before
			drop = max(drop, len(c.ring.items)-len(frames)+i)
			c.pages = nil
		}
	}
	for _, f := range c.ring.items[:drop] {
		c.addBytes(-len(f.Payload))
	}
	for c.bytes > cohortBytes || c.tail.hub.bufferedBytes.Load() > nodeBytes {
		if drop == len(c.ring.items) {
			break
		}
		c.addBytes(-len(c.ring.items[drop].Payload))
		drop++
	}
	c.ring.drop(drop)
	c.clearBytes()
	c.recipients = append(c.recipients[:0], c.parked...)
	c.delivering = len(c.recipients) > 0
}

// addBytes counts bytes of payloads that are kept from now on or, if negative, no longer.
func (c *cohort) addBytes(bytes int) {
	c.bytes += bytes
	c.tail.hub.bufferedBytes.Add(int64(bytes))
}

// clearBytes counts the payloads no longer when the ring is empty.
func (c *cohort) clearBytes() {
	if len(c.ring.items) == 0 {
		c.addBytes(-c.bytes)
	}
}

// deliver sends frames, the newest, to the recipients. It wakes those that do not take all of them.
func (c *cohort) deliver(frames []Frame) {
	if len(c.recipients) == 0 {
		return
	}
	c.reached = c.reached[:0]
	for range c.recipients {
		c.reached = append(c.reached, frames[0].Event.Position()-1)
	}
	c.send(frames)

	done, refused := c.finishDelivery()
	c.tail.hub.countDelivered(frames, done)
	c.tail.hub.refusals.Add(int64(len(refused)))
	clear(c.recipients) // so that a closed one is not kept in memory
	wake(refused)
}

// wake wakes subscribers that are no longer parked.
func wake(subscribers []*subscriber) {
	for _, s := range subscribers {
		s.wake()
	}
}

// finishDelivery sets the recipients' positions. It returns how many have taken all frames, and
// those that have not, or whose subscription has ended: they are no longer parked.
func (c *cohort) finishDelivery() (done int, refused []*subscriber) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for i, s := range c.recipients {
		switch {
		case !s.parked: // it was closed meanwhile
		case s.seq >= c.ring.head && s.sinkErr == nil: // it is ahead
		case c.reached[i] == c.ring.head:
			s.seq = c.reached[i]
			done++
		default:
			s.seq = max(s.seq, c.reached[i])
			s.unpark()
			refused = append(refused, s)
		}
	}
	c.ring.caughtUp(done)
	c.clearBytes()
	c.delivering = false
	if c.err != nil { // it was set meanwhile
		refused = append(refused, c.unparkAll()...)
	}
	return done, refused
}

// send sends frames to all recipients. Several goroutines share many of them.
func (c *cohort) send(frames []Frame) {
	part := max(
		sinksPerGoroutine,
		(len(c.recipients)+runtime.GOMAXPROCS(0)-1)/runtime.GOMAXPROCS(0),
	)
	var others sync.WaitGroup
	defer others.Wait()
	for start := part; start < len(c.recipients); start += part {
		end := min(start+part, len(c.recipients))
		// It ends with the recipients. A panic of one does not concern the others: see
		// [subscriber.containPanic].
		others.Go(c.tail.hub.opts.Panics.Wrap(c.tail.hub.ctx, panics.Event, func() {
			send(frames, c.recipients[start:end], c.reached[start:end])
		}, nil))
	}
	end := min(part, len(c.recipients))
	send(frames, c.recipients[:end], c.reached[:end])
}

// send sends frames to recipients in turn, and sets what each has reached, if it has taken any.
func send(frames []Frame, recipients []*subscriber, reached []int64) {
	var ready [sinksAhead]bool
	for start := 0; start < len(recipients); start += sinksAhead {
		next := recipients[start:min(start+sinksAhead, len(recipients))]
		for i, s := range next {
			ready[i] = s.ready()
		}
		for i, s := range next {
			if ready[i] {
				s.send(frames, &reached[start+i])
			}
		}
	}
}
