package graph

import (
	"slices"
	"sync"

	"parley/internal/live"
)

// together is for how many people what they have for themselves is loaded together, when an event
// is shown to each of them in a response of their own.
const together = 1000

// audience records which users follow each topic in responses of their own. The zero value is
// empty.
type audience struct {
	mu     sync.Mutex
	topics map[live.Topic]*seats
}

// seats are the users that follow a topic, each once, and how often each does.
type seats struct {
	people []string
	counts map[string]int
}

// enter adds a user to a topic's, until leave is called.
func (a *audience) enter(topic live.Topic, person string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	s := a.topics[topic]
	if s == nil {
		s = &seats{counts: make(map[string]int)}
		if a.topics == nil {
			a.topics = make(map[live.Topic]*seats)
		}
		a.topics[topic] = s
	}
	if s.counts[person]++; s.counts[person] == 1 {
		s.people = append(s.people, person)
	}
}

// leave undoes an enter.
func (a *audience) leave(topic live.Topic, person string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	s := a.topics[topic]
	if s.counts[person]--; s.counts[person] > 0 {
		return
	}
	delete(s.counts, person)
	s.people = slices.DeleteFunc(s.people, func(p string) bool { return p == person })
	if len(s.people) == 0 {
		delete(a.topics, topic)
	}
}

// beside returns a part of a topic's users, a user among them unless they have left.
func (a *audience) beside(topic live.Topic, person string) []string {
	a.mu.Lock()
	defer a.mu.Unlock()
	s := a.topics[topic]
	if s == nil {
		return nil
	}
	start := max(0, slices.Index(s.people, person)) / together * together
	return slices.Clone(s.people[start:min(start+together, len(s.people))])
}
