package graph

import (
	"slices"
	"sync"

	"github.com/google/uuid"
)

// together is for how many people what they have for themselves is loaded together, when an event is shown to each of them
// in a response of their own.
const together = 1000

// audience knows who follows each room in responses of their own. The zero value is nobody.
type audience struct {
	mu    sync.Mutex
	rooms map[uuid.UUID]*seats
}

// seats are the people who follow a room, each once, and how often each does.
type seats struct {
	people []string
	counts map[string]int
}

// enter adds a person to a room's, until leave is called.
func (a *audience) enter(room uuid.UUID, person string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	s := a.rooms[room]
	if s == nil {
		s = &seats{counts: make(map[string]int)}
		if a.rooms == nil {
			a.rooms = make(map[uuid.UUID]*seats)
		}
		a.rooms[room] = s
	}
	if s.counts[person]++; s.counts[person] == 1 {
		s.people = append(s.people, person)
	}
}

// leave undoes an enter.
func (a *audience) leave(room uuid.UUID, person string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	s := a.rooms[room]
	if s.counts[person]--; s.counts[person] > 0 {
		return
	}
	delete(s.counts, person)
	s.people = slices.DeleteFunc(s.people, func(p string) bool { return p == person })
	if len(s.people) == 0 {
		delete(a.rooms, room)
	}
}

// beside returns a part of a room's people, a person among them unless they have left.
func (a *audience) beside(room uuid.UUID, person string) []string {
	a.mu.Lock()
	defer a.mu.Unlock()
	s := a.rooms[room]
	if s == nil {
		return nil
	}
	start := max(0, slices.Index(s.people, person)) / together * together
	return slices.Clone(s.people[start:min(start+together, len(s.people))])
}
