package live

import "github.com/google/uuid"

// unknown stands for a seq: something else than the room's log has changed.
const unknown = -1

// adopt sets what is known of the list, and follows its rooms. It keeps what publications have said
// since the list was read.
func (l *roomList) adopt(states map[uuid.UUID]ReadState) {
	l.hub.mu.Lock()
	defer l.hub.mu.Unlock()
	for room := range l.known {
		if _, still := states[room]; !still {
			l.learn(room, Entry{})
		}
	}
	for room, state := range states {
		l.learn(room, Entry{Listed: true, State: state})
	}
}

// learn sets what is known of a room, and follows it while it is in the list. The hub is locked.
func (l *roomList) learn(room uuid.UUID, entry Entry) {
	if l.closed || !entry.Listed {
		delete(l.known, room)
		l.hub.unfollow(room, l)
		return
	}
	entry.State.Seq = max(entry.State.Seq, l.known[room].Seq)
	l.known[room] = entry.State
	l.hub.follow(room, l)
}

// follow makes a list follow a room. The hub is locked.
func (h *Hub) follow(room uuid.UUID, l *roomList) {
	if h.byRoom[room] == nil {
		h.byRoom[room] = make(map[*roomList]struct{})
	}
	h.byRoom[room][l] = struct{}{}
}

// unfollow makes a list follow a room no longer. The hub is locked.
func (h *Hub) unfollow(room uuid.UUID, l *roomList) {
	delete(h.byRoom[room], l)
	if len(h.byRoom[room]) == 0 {
		delete(h.byRoom, room)
	}
}

// touch notes that a room has changed: its log up to seq, or something else. The hub is locked.
func (l *roomList) touch(room uuid.UUID, seq int64) {
	state, ok := l.known[room]
	switch {
	case !ok:
		l.hub.follow(room, l) // before it is read
	case seq == unknown:
	case seq <= state.Seq:
		return // an old publication
	default:
		state.Seq = seq
		l.known[room] = state
	}
	l.due[room] = struct{}{}
	l.hub.enqueue(l)
}

// compare touches the rooms that differ from what is known.
func (l *roomList) compare(states map[uuid.UUID]ReadState) {
	l.hub.mu.Lock()
	defer l.hub.mu.Unlock()
	if l.closed {
		return
	}
	for room, state := range states {
		known, ok := l.known[room]
		if !ok || known.Read != state.Read || known.Seq < state.Seq {
			l.touch(room, unknown)
		}
	}
	for room := range l.known {
		if _, still := states[room]; !still {
			l.touch(room, unknown)
		}
	}
}
