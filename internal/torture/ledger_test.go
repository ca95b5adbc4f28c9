package torture_test

import (
	"fmt"
	"sync"
)

// sent is a message that was acknowledged to its writer, and what its writer has done to it since.
// Only the writer touches it until the end.
type sent struct {
	room     *ledger
	author   string
	key      string
	original string // the contents it was sent with

	id       string
	seq      int64
	contents string
	deleted  bool
	reacted  bool
	// changes counts the acknowledged changes by the kind of event that each makes, exactly one.
	changes map[string]int
}

// event is what a subscriber is told of one entry of a room's log. What a message was changed to is
// not part of it: an event carries the message as it is now, which depends on when one hears.
type event struct {
	kind string // the GraphQL type
	id   string // of the message it is about, or of the person who has come or gone
	key  string // of the message, or why the person has gone
}

// moves tells whether it is somebody's coming or going.
func (e event) moves() bool { return e.kind == "MemberJoined" || e.kind == "MemberLeft" }

// ledger is what everybody was told about one room.
type ledger struct {
	roomID string

	mu           sync.Mutex
	acknowledged []*sent
	told         map[int64]event // by seq
	faults       *faults
}

func newLedger(roomID string, f *faults) *ledger {
	return &ledger{roomID: roomID, told: make(map[int64]event), faults: f}
}

// acknowledge notes a message that its writer has an answer for.
func (l *ledger) acknowledge(m *sent) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.acknowledged = append(l.acknowledged, m)
}

// tell notes what a subscriber was told. All must be told the same, whenever they ask.
func (l *ledger) tell(seq int64, e event) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if before, ok := l.told[seq]; ok && before != e {
		l.faults.add("room %s: event %d is %v to one and %v to another", l.roomID, seq, before, e)
	}
	l.told[seq] = e
}

// faults collects what must not happen, from many goroutines.
type faults struct {
	mu    sync.Mutex
	first []string
	count int
}

// shownFaults is how many are told in full: one mistake may show in thousands of places.
const shownFaults = 20

func (f *faults) add(format string, args ...any) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.count++
	if len(f.first) < shownFaults {
		f.first = append(f.first, fmt.Sprintf(format, args...))
	}
}
