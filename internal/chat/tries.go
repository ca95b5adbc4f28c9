package chat

import (
	"fmt"
	"sync"
	"time"

	"github.com/google/uuid"
	lru "github.com/hashicorp/golang-lru/v2"
)

// How often a wrong key may be given: by one person, and for one room by all people. Keys cannot be guessed; this keeps
// those who try from costing anything. Each node counts for itself.
const (
	personTries     = 10
	personTryReturn = 6 * time.Second // until one of them comes back
	roomTries       = 1000
	roomTryReturn   = time.Second
	// countedTries is how many people, and how many rooms, are remembered of whom tries were counted.
	countedTries = 50_000
)

// tries counts wrong keys.
type tries struct {
	mu      sync.Mutex
	persons *lru.Cache[string, *allowance]
	rooms   *lru.Cache[uuid.UUID, *allowance]
}

// allowance is what is left of something that comes back with time.
type allowance struct {
	left float64
	at   time.Time
}

func newTries() (*tries, error) {
	persons, err := lru.New[string, *allowance](countedTries)
	if err != nil {
		return nil, fmt.Errorf("make the cache of people who try keys: %w", err)
	}
	rooms, err := lru.New[uuid.UUID, *allowance](countedTries)
	if err != nil {
		return nil, fmt.Errorf("make the cache of rooms whose keys are tried: %w", err)
	}
	return &tries{persons: persons, rooms: rooms}, nil
}

// try is one that was counted before its outcome was known, so that many at once are counted, too.
type try struct {
	person, room *allowance
	// wait is how long there is none; 0: this is one.
	wait time.Duration
}

// take counts a try of a person's to join a room, which may or may not exist.
func (t *tries) take(userID string, roomID uuid.UUID, now time.Time) try {
	t.mu.Lock()
	defer t.mu.Unlock()
	made := try{
		person: remembered(t.persons, userID, personTries, now),
		room:   remembered(t.rooms, roomID, roomTries, now),
	}
	made.wait = max(
		made.person.refill(personTries, personTryReturn, now),
		made.room.refill(roomTries, roomTryReturn, now),
	)
	if made.wait == 0 {
		made.person.left--
		made.room.left--
	}
	return made
}

// giveBack takes back the counting of a try that was none: no key was asked for, or it was the right one.
func (t *tries) giveBack(made try) {
	if made.wait > 0 {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	made.person.left++
	made.room.left++
}

func remembered[K comparable](cache *lru.Cache[K, *allowance], key K, most float64, now time.Time) *allowance {
	if a, known := cache.Get(key); known {
		return a
	}
	a := &allowance{left: most, at: now}
	cache.Add(key, a)
	return a
}

// refill adds what has come back and returns how long it takes until there is one; 0: there is.
func (a *allowance) refill(most float64, every time.Duration, now time.Time) time.Duration {
	if passed := now.Sub(a.at); passed > 0 {
		a.left = min(most, a.left+float64(passed)/float64(every))
		a.at = now
	}
	if a.left >= 1 {
		return 0
	}
	return max(time.Millisecond, time.Duration((1-a.left)*float64(every)))
}
