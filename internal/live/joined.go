package live

import (
	"context"
	"time"

	"github.com/google/uuid"
)

// touchSessions returns the sinks of the sessions to wake because users may have joined a room. The
// hub is locked.
func (h *Hub) touchSessions(room uuid.UUID, users ...string) (sinks []Sink) {
	for _, user := range users {
		for s := range h.sessions[user] {
			if sink := s.touch(room); sink != nil {
				sinks = append(sinks, sink)
			}
		}
	}
	return sinks
}

// pollJoined finds memberships that no publication has named: those that have begun since the last
// poll, for all sessions together; and, rarely, all of a session.
func (h *Hub) pollJoined(ctx context.Context) error {
	now := time.Now()
	sinks, subscribed := h.rereadSessions(now)
	h.wakeAll(sinks)
	if !subscribed {
		h.joinsPolled = now
		return nil
	}
	sinks = nil
	err := h.lists.Joined(ctx, h.joinsPolled.Add(-max(pollOverlap, 2*h.opts.PollInterval)),
		func(user string, room uuid.UUID) {
			h.mu.Lock()
			defer h.mu.Unlock()
			sinks = append(sinks, h.touchSessions(room, user)...)
		})
	h.wakeAll(sinks)
	if err == nil {
		h.joinsPolled = now
	}
	return err
}

// rereadSessions makes the memberships of sessions be read again whose time has come, and returns
// the sinks to wake. It reports whether there are sessions.
func (h *Hub) rereadSessions(now time.Time) (sinks []Sink, subscribed bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, sessions := range h.sessions {
		for s := range sessions {
			if now.Before(s.nextRead) {
				continue
			}
			s.nextRead = now.Add(membershipReadInterval * h.opts.PollInterval)
			if sink := s.touch(uuid.Nil); sink != nil {
				sinks = append(sinks, sink)
			}
		}
	}
	return sinks, len(h.sessions) > 0
}

// wakeAll wakes sinks. The caller holds no lock.
func (h *Hub) wakeAll(sinks []Sink) {
	for _, sink := range sinks {
		h.wake(sink)
	}
}
