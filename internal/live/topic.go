package live

import (
	"context"
	"errors"

	"github.com/google/uuid"
)

// backlog is how many rooms may wait for one subscriber. Whoever is further behind than that is sent away to read
// again: the queue of a subscriber is bounded.
const backlog = 1024

// ErrBehind ends a subscription whose reader is too slow.
var ErrBehind = errors.New("the reader is too far behind")

// Topic is where new rooms are heard of.
type Topic struct {
	kind topicKind
	user string
}

type topicKind int

const (
	userTopic topicKind = iota
	lobbyTopic
)

// User is the topic of what concerns one person.
func User(id string) Topic { return Topic{kind: userTopic, user: id} }

// Lobby is the topic of what concerns everybody: public rooms.
func Lobby() Topic { return Topic{kind: lobbyTopic} }

// wake adds a room to what waits for each subscriber of a topic. The hub is locked.
func (h *Hub) wake(t Topic, room uuid.UUID) {
	for s := range h.topics[t] {
		if len(s.waiting) == backlog {
			s.behind = true
		} else {
			s.waiting = append(s.waiting, room)
		}
		select {
		case s.woken <- struct{}{}:
		default: // it has been woken already
		}
	}
}

// Subscribe listens to a topic from now on. The caller closes the subscription.
func (h *Hub) Subscribe(t Topic) *Subscription {
	s := &Subscription{hub: h, topic: t, woken: make(chan struct{}, 1)}
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.topics[t] == nil {
		h.topics[t] = make(map[*Subscription]struct{})
	}
	h.topics[t][s] = struct{}{}
	return s
}

// Subscription is one listener's place at a topic.
type Subscription struct {
	hub   *Hub
	topic Topic
	woken chan struct{}
	// Guarded by the hub's lock.
	waiting []uuid.UUID
	behind  bool
}

// Next waits for the next room that has come into being. It ends with the context's error or with ErrBehind.
func (s *Subscription) Next(ctx context.Context) (uuid.UUID, error) {
	for {
		if room, ok, err := s.take(); ok || err != nil {
			return room, err
		}
		select {
		case <-s.woken:
		case <-ctx.Done():
			return uuid.UUID{}, ctx.Err()
		}
	}
}

func (s *Subscription) take() (room uuid.UUID, ok bool, err error) {
	s.hub.mu.Lock()
	defer s.hub.mu.Unlock()
	switch {
	case s.behind:
		return room, false, ErrBehind
	case len(s.waiting) == 0:
		return room, false, nil
	}
	room, s.waiting = s.waiting[0], s.waiting[1:]
	return room, true, nil
}

// Close ends the subscription.
func (s *Subscription) Close() {
	s.hub.mu.Lock()
	defer s.hub.mu.Unlock()
	delete(s.hub.topics[s.topic], s)
	if len(s.hub.topics[s.topic]) == 0 {
		delete(s.hub.topics, s.topic)
	}
}
