package live

import (
	"context"
	"time"

	"github.com/google/uuid"
)

// unknownSeq stands for a seq: something else than the room's log has changed.
const unknownSeq = -1

// readState reads the list.
func (l *roomList) readState(ctx context.Context) (ListState, error) {
	since := l.readAt.Add(-pollOverlap)
	l.readAt = time.Now()
	state, err := l.hub.lists.ReadStates(ctx, l.User, since)
	if state.Ends == nil {
		state.Ends = make(map[uuid.UUID]string)
	}
	return state, err
}

// setState sets what is known of the list, and follows its rooms. It keeps what publications have
// said since the list was read.
func (l *roomList) setState(state ListState) {
	l.hub.mu.Lock()
	defer l.hub.mu.Unlock()
	l.ends = state.Ends
	for room := range l.states {
		if _, listed := state.Rooms[room]; !listed {
			l.setEntry(room, Entry{})
		}
	}
	for room, state := range state.Rooms {
		l.setEntry(room, Entry{Listed: true, State: state})
	}
}

// setEntry sets what is known of a room, and follows it while it is in the list. The hub is locked.
func (l *roomList) setEntry(room uuid.UUID, entry Entry) {
	if l.closed || !entry.Listed {
		if entry.End != "" {
			l.ends[room] = entry.End
		}
		delete(l.states, room)
		l.hub.unfollow(room, l)
		return
	}
	entry.State.Seq = max(entry.State.Seq, l.states[room].Seq)
	l.states[room] = entry.State
	l.hub.follow(room, l)
}

// follow makes a list follow a room. The hub is locked.
func (h *Hub) follow(room uuid.UUID, l *roomList) {
	if h.listsByRoom[room] == nil {
		h.listsByRoom[room] = make(map[*roomList]struct{})
	}
	h.listsByRoom[room][l] = struct{}{}
}

// unfollow makes a list follow a room no longer. The hub is locked.
func (h *Hub) unfollow(room uuid.UUID, l *roomList) {
	delete(h.listsByRoom[room], l)
	if len(h.listsByRoom[room]) == 0 {
		delete(h.listsByRoom, room)
	}
}

// touch notes that a room has changed: its log up to seq, or something else. The hub is locked.
func (l *roomList) touch(room uuid.UUID, seq int64) {
	state, ok := l.states[room]
	switch {
	case !ok:
		l.hub.follow(room, l) // before it is read
	case seq == unknownSeq:
	case seq <= state.Seq:
		return // an old publication
	default:
		state.Seq = seq
		l.states[room] = state
	}
	l.due[room] = struct{}{}
	l.hub.enqueue(l)
}

// touchChanged touches the rooms that differ from what is known. A membership may have begun and
// ended between two reads of the list: its room is touched, too, because the subscriber may have
// seen the room in a query.
func (l *roomList) touchChanged(found ListState) {
	l.hub.mu.Lock()
	defer l.hub.mu.Unlock()
	if l.closed {
		return
	}
	for room, end := range found.Ends {
		if l.ends[room] != end {
			l.touch(room, unknownSeq)
		}
	}
	l.ends = found.Ends
	for room, state := range found.Rooms {
		old, ok := l.states[room]
		if !ok || old.Read != state.Read || old.Seq < state.Seq {
			l.touch(room, unknownSeq)
		}
	}
	for room := range l.states {
		if _, listed := found.Rooms[room]; !listed {
			l.touch(room, unknownSeq)
		}
	}
}
