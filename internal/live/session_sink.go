package live

// sessionRoom is the subscriber to one room of a session, and its sink.
type sessionRoom struct {
	subscriber
	session *session
}

// dequeue returns the room whose turn it is; nil if there is none.
func (s *session) dequeue() *sessionRoom {
	s.mu.Lock()
	defer s.mu.Unlock()
	for len(s.queue) > 0 {
		r := s.queue[0]
		s.queue = s.queue[1:]
		if s.rooms[r.cohort.tail.topic.room] == r { // otherwise it was dropped meanwhile
			return r
		}
	}
	s.queue = nil
	return nil
}

// enqueue adds a room that is not parked, and wakes the sink.
func (s *session) enqueue(r *sessionRoom) {
	if sink := s.push(r); sink != nil {
		sink.Wake()
	}
}

// push adds a room to the queue. It returns the sink to wake, if there is one.
func (s *session) push(r *sessionRoom) Sink {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil
	}
	s.queue = append(s.queue, r)
	return s.unpark()
}

// unpark returns the sink to wake: nil if the session is not parked, or a payload is being sent. In
// that case the sink is woken when that has been sent. The session is locked.
func (s *session) unpark() Sink {
	sink := s.sink
	s.sink = nil
	if sink != nil && s.sending > 0 {
		s.sinkToWake = sink
		return nil
	}
	return sink
}

// parkedSink returns the sink if the session is parked.
func (s *session) parkedSink() Sink {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.sink
}

// beginSend returns the sink if the session is parked. Then endSend follows.
func (s *session) beginSend() Sink {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.sink != nil {
		s.sending++
	}
	return s.sink
}

// endSend returns the sink to wake, if there is one.
func (s *session) endSend() Sink {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.sending--; s.sending > 0 {
		return nil
	}
	sink := s.sinkToWake
	s.sinkToWake = nil
	return sink
}

// Ready implements [Sink].
func (r *sessionRoom) Ready() bool {
	sink := r.session.parkedSink()
	return sink != nil && sink.Ready()
}

// Send implements [Sink].
func (r *sessionRoom) Send(payload []byte) bool {
	sink := r.session.beginSend()
	if sink == nil {
		return false
	}
	defer func() {
		if sink := r.session.endSend(); sink != nil {
			sink.Wake()
		}
	}()
	return sink.Send(payload)
}

// Wake implements [Sink].
func (r *sessionRoom) Wake() { r.session.enqueue(r) }
