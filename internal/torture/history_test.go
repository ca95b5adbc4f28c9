package torture_test

import (
	"fmt"
	"slices"
	"sync"
)

// sent is an acknowledged message with the changes that its writer has made since. Only the writer
// accesses it until the end.
type sent struct {
	room     *history
	author   string
	key      string
	original string // the contents of the first send

	id       string
	seq      int64
	contents string
	deleted  bool
	reacted  bool
	// changes counts the acknowledged changes by the kind of their one event.
	changes map[string]int
}

// event identifies one entry of a room's log as a subscriber receives it. It has no contents of the
// message: an event carries the current message, which depends on the time of its delivery.
type event struct {
	kind string // the GraphQL type
	id   string // of the message, or of the user who joined or left
	key  string // of the message, or the reason for leaving
}

// isMembershipChange reports whether a user joined or left.
func (e event) isMembershipChange() bool { return e.kind == "MemberJoined" || e.kind == "MemberLeft" }

// history stores every response and event about one room.
type history struct {
	roomID string

	mu           sync.Mutex
	acknowledged []*sent
	observed     map[int64]event // by seq
	faults       *faults
}

func newHistory(roomID string, f *faults) *history {
	return &history{roomID: roomID, observed: make(map[int64]event), faults: f}
}

// acknowledge records a message whose writer has a response.
func (l *history) acknowledge(m *sent) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.acknowledged = append(l.acknowledged, m)
}

// observe records an event that a subscriber received. All subscribers must receive the same one.
func (l *history) observe(seq int64, e event) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if before, ok := l.observed[seq]; ok && before != e {
		l.faults.add(
			"room %s: event %d is %v for one subscriber and %v for another",
			l.roomID,
			seq,
			before,
			e,
		)
	}
	l.observed[seq] = e
}

// membershipChanges returns the seqs at which a user left and joined again, both ascending. All goroutines have
// ended.
func (l *history) membershipChanges(user string) (left, joined []int64) {
	for seq, e := range l.observed {
		switch {
		case e.id != user:
		case e.kind == "MemberLeft":
			left = append(left, seq)
		case e.kind == "MemberJoined":
			joined = append(joined, seq)
		}
	}
	slices.Sort(left)
	slices.Sort(joined)
	return left, joined
}

// faults collects failures. It is safe for concurrent use.
type faults struct {
	mu    sync.Mutex
	first []string
	count int
}

// maxReportedFaults is how many failures are reported in full: one bug may cause thousands.
const maxReportedFaults = 20

func (f *faults) add(format string, args ...any) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.count++
	if len(f.first) < maxReportedFaults {
		f.first = append(f.first, fmt.Sprintf(format, args...))
	}
}
