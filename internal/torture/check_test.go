package torture_test

import (
	"fmt"
	"math"
	"slices"
	"testing"
	"time"
)

// violations counts violations.
type violations struct {
	lost, duplicated, outOfOrder int
	// leaked counts events delivered to former members.
	leaked int
	faults *faults
}

func (v *violations) add(o violations) {
	v.lost += o.lost
	v.duplicated += o.duplicated
	v.outOfOrder += o.outOfOrder
	v.leaked += o.leaked
}

func (v *violations) addLost(n int, format string, args ...any) {
	v.lost += n
	v.faults.add("lost: "+format, args...)
}

func (v *violations) addDuplicate(format string, args ...any) {
	v.duplicated++
	v.faults.add("duplicated: "+format, args...)
}

func (v *violations) addOutOfOrder(format string, args ...any) {
	v.outOfOrder++
	v.faults.add("out of order: "+format, args...)
}

func (v *violations) addLeak(format string, args ...any) {
	v.leaked++
	v.faults.add("after a removal: "+format, args...)
}

// stored is a message as a query returns it at the end.
type stored struct {
	ID             string
	Seq            int64
	IdempotencyKey string
	Contents       string
	From           struct{ ID string }
	DeletedAt      *string
	Reactions      []struct{ Count int }
}

// state is the content of a room at the end.
type state struct {
	seq      int64
	messages []stored
}

// check compares every response and event about a room with its content at the end. It reads the
// history and the subscribers without locks, because all goroutines have ended.
func check(room *history, end state, subscribers []*subscriber) violations {
	v := violations{faults: room.faults}
	v.checkMessages(room, end)
	v.checkLog(room, end)
	v.checkChanges(room)
	for _, s := range subscribers {
		v.checkSubscriber(s, end)
		v.checkGuest(room, s)
	}
	return v
}

// checkMessages checks that each acknowledged message exists once, at its acknowledged seq and with
// the last change of its writer, that there are no other messages, and that the list is in order.
func (v *violations) checkMessages(room *history, end state) {
	type request struct{ author, key string }
	byRequest := make(map[request][]stored)
	last := int64(0)
	for _, m := range end.messages {
		if m.Seq <= last {
			v.addOutOfOrder("room %s lists message %d after %d", room.roomID, m.Seq, last)
		}
		last = m.Seq
		r := request{m.From.ID, m.IdempotencyKey}
		byRequest[r] = append(byRequest[r], m)
	}
	for _, want := range room.acknowledged {
		r := request{want.author, want.key}
		got := byRequest[r]
		delete(byRequest, r)
		if !slices.ContainsFunc(got, want.is) {
			v.addLost(
				1,
				"%s was %s at %d, and at the end the room has %v",
				want.key,
				want.id,
				want.seq,
				got,
			)
		}
		if len(got) > 1 {
			v.addDuplicate("%s created %d messages", want.key, len(got))
		}
	}
	for r, got := range byRequest {
		v.addDuplicate("%s of %s created %d messages without a response", r.key, r.author, len(got))
	}
}

// is reports whether a stored message has the last change of its writer.
func (m *sent) is(s stored) bool {
	reactions := 0
	for _, r := range s.Reactions {
		reactions += r.Count
	}
	wanted := 0
	if m.reacted {
		wanted = 1
	}
	return s.ID == m.id && s.Seq == m.seq && s.Contents == m.contents &&
		(s.DeletedAt != nil) == m.deleted &&
		reactions == wanted
}

// checkLog checks that the seqs of the events have no gaps, and that the messages among them are
// those of the room.
func (v *violations) checkLog(room *history, end state) {
	for seq := int64(1); seq <= end.seq; seq++ {
		if _, ok := room.observed[seq]; !ok {
			v.addLost(
				1,
				"room %s is at %d, and no subscriber received %d",
				room.roomID,
				end.seq,
				seq,
			)
		}
	}
	messages := make(map[int64]stored, len(end.messages))
	for _, m := range end.messages {
		messages[m.Seq] = m
	}
	for seq, e := range room.observed {
		m, ok := messages[seq]
		switch {
		case seq > end.seq:
			v.faults.add(
				"room %s is at %d, and a subscriber received %v at %d",
				room.roomID,
				end.seq,
				e,
				seq,
			)
		case ok != (e.kind == "MessageAdded"), ok && (e.id != m.ID || e.key != m.IdempotencyKey):
			v.faults.add(
				"room %s: the log has %v at %d, the list of messages %v",
				room.roomID,
				e,
				seq,
				m,
			)
		}
	}
}

// checkChanges checks that each acknowledged change of a message is one event.
func (v *violations) checkChanges(room *history) {
	type change struct{ kind, id string }
	events := make(map[change]int)
	for _, e := range room.observed {
		if e.kind != "MessageAdded" && !e.isMembershipChange() {
			events[change{e.kind, e.id}]++
		}
	}
	for _, m := range room.acknowledged {
		for _, kind := range m.kinds() {
			c := change{kind, m.id}
			got, want := events[c], m.changes[kind]
			delete(events, c)
			if got < want {
				v.addLost(
					want-got,
					"%s: %d of %d acknowledged changes (%s) have no event",
					m.key,
					want-got,
					want,
					kind,
				)
			}
			for range got - want {
				v.addDuplicate(
					"%s: %d acknowledged changes (%s) have %d events",
					m.key,
					want,
					kind,
					got,
				)
			}
		}
	}
	for c, n := range events {
		v.addDuplicate("%d events %s of %s without a response", n, c.kind, c.id)
	}
}

// checkSubscriber checks that each stream has the events after its position once, in order and
// without a gap, and that the last stream reaches the end of the log.
func (v *violations) checkSubscriber(s *subscriber, end state) {
	var expected []int64 // ascending
	if s.events {
		for seq := int64(1); seq <= end.seq; seq++ {
			expected = append(expected, seq)
		}
	} else {
		for _, m := range end.messages {
			expected = append(expected, m.Seq)
		}
		slices.Sort(expected)
	}
	for i, st := range s.streams {
		where := fmt.Sprintf("%s, stream %d after %d", s.name, i, st.after)
		seen := make(map[int64]bool, len(st.seqs))
		furthest := st.after
		for _, seq := range st.seqs {
			switch {
			case seq <= st.after || seen[seq]:
				v.addDuplicate("%s: %d after %d", where, seq, furthest)
			case seq < furthest:
				v.addOutOfOrder("%s: %d after %d", where, seq, furthest)
			}
			seen[seq] = true
			furthest = max(furthest, seq)
		}
		for _, seq := range expected {
			if st.after < seq && seq < furthest && !seen[seq] {
				v.addLost(1, "%s: %d is missing before %d", where, seq, furthest)
			}
		}
	}
	for _, seq := range expected {
		if seq > s.reached.Load() && !s.isRemoved() {
			v.addLost(1, "%s never received %d", s.name, seq)
		}
	}
}

// checkGuest checks that a removed guest receives nothing from its MemberLeft on and learns of the
// removal, and that the server refuses no member. A guest that is added again may read everything.
func (v *violations) checkGuest(room *history, s *subscriber) {
	left, joined := room.membershipChanges(s.name)
	back := len(s.absences)
	if s.isRemoved() {
		back--
	}
	if len(left) != len(s.absences) || len(joined) != back {
		v.faults.add(
			"%s was removed %d times and added again %d times, and the log has %v and %v",
			s.name,
			len(s.absences),
			back,
			left,
			joined,
		)
		return
	}
	for i, a := range s.absences {
		end := int64(math.MaxInt64)
		if i < back {
			end = joined[i]
		}
		if reason := room.observed[left[i]].key; (reason == "BANNED") != a.banned {
			v.faults.add(
				"%s was removed at %d as %s, banned: %v",
				s.name,
				left[i],
				reason,
				a.banned,
			)
		}
		for j := range s.streams {
			v.checkAbsence(s, j, a, left[i], end)
		}
	}
	for j, st := range s.streams {
		if st.refused != "" && !slices.ContainsFunc(s.absences, st.within) {
			v.faults.add("%s, stream %d: %s for a member of the room", s.name, j, st.refused)
		}
	}
	if s.isRemoved() {
		last := s.absences[back]
		observed := func(st stream) bool {
			if s.ofFollower { // it need not learn that it was added again for a moment
				return st.refused != "" && st.begun.Equal(s.streams[len(s.streams)-1].begun)
			}
			return st.refused != "" &&
				(st.begun.After(last.removed) || st.refused == "MEMBERSHIP_ENDED" && st.ended.After(last.removing))
		}
		if !slices.ContainsFunc(s.streams, observed) {
			v.addLost(1, "%s was removed, and no stream ended because of it", s.name)
		}
	}
}

// within reports whether an absence explains that the server refused a stream.
func (st stream) within(a *absence) bool {
	return st.ended.After(a.removing) && (a.added.IsZero() || st.begun.Before(a.added))
}

// checkAbsence checks an absence from the event at left to the event at joined: a stream that began
// before it has nothing from left on, and no stream began during it.
func (v *violations) checkAbsence(s *subscriber, number int, a *absence, left, joined int64) {
	st := s.streams[number]
	where := fmt.Sprintf(
		"%s, stream %d, opened at %d, removed at %d",
		s.name,
		number,
		st.opened,
		left,
	)
	if left <= st.opened && st.opened < joined {
		v.addLeak("%s: accepted before the guest joined again at %d", where, joined)
	}
	for i, h := range st.received {
		removed := a.adding.IsZero() || h.at.Before(a.adding) // also if the guest joined later
		before := st.opened >= 0 && st.opened < left ||
			st.opened < 0 && st.received[0].at.Before(a.removing)
		switch {
		case (before || removed) && (st.seqs[i] >= left || h.room >= left):
			v.addLeak("%s: %d, with the room at %d", where, st.seqs[i], h.room)
		case removed && st.begun.After(a.removed):
			v.addLeak("%s: %d, and the guest was not a member", where, st.seqs[i])
		}
	}
}

// TestCheck shows that check finds each kind of violation.
func TestCheck(t *testing.T) {
	type fixture struct {
		room *history
		end  state
		subs []*subscriber
	}
	// A room with two messages (seqs 1 and 3), of which the first was edited (2), and a subscriber of
	// each kind that lost its connection once.
	valid := func() fixture {
		w := fixture{room: newHistory("r", &faults{})}
		for seq, e := range map[int64]event{1: {"MessageAdded", "a", "ka"}, 2: {"MessageEdited", "a", "ka"}, 3: {"MessageAdded", "b", "kb"}} {
			w.room.observe(seq, e)
		}
		w.room.acknowledged = []*sent{
			{
				author:   "w",
				key:      "ka",
				id:       "a",
				seq:      1,
				contents: "new",
				changes:  map[string]int{"MessageEdited": 1},
			},
			{author: "w", key: "kb", id: "b", seq: 3, contents: "two"},
		}
		w.end = state{
			seq: 3,
			messages: []stored{
				{ID: "a", Seq: 1, IdempotencyKey: "ka", Contents: "new"},
				{ID: "b", Seq: 3, IdempotencyKey: "kb", Contents: "two"},
			},
		}
		for i := range w.end.messages {
			w.end.messages[i].From.ID = "w"
		}
		w.subs = []*subscriber{
			{
				screen:  screen{name: "e"},
				events:  true,
				streams: []stream{{after: 0, seqs: []int64{1, 2}}, {after: 1, seqs: []int64{2, 3}}},
			},
			{
				screen:  screen{name: "m"},
				streams: []stream{{after: 0, seqs: []int64{1}}, {after: 1, seqs: []int64{3}}},
			},
		}
		for _, s := range w.subs {
			s.reached.Store(3)
		}
		return w
	}
	events := func(seqs ...int64) func(*fixture) {
		return func(w *fixture) { w.subs[0].streams = []stream{{after: 0, seqs: seqs}} }
	}
	for name, c := range map[string]struct {
		corrupt func(*fixture)
		want    violations
		others  int // other faults
	}{
		"no violation":                 {corrupt: func(*fixture) {}},
		"a message is missing":         {func(w *fixture) { w.end.messages = w.end.messages[:1] }, violations{lost: 1}, 1},
		"an edit is missing":           {func(w *fixture) { w.end.messages[0].Contents = "old" }, violations{lost: 1}, 0},
		"another seq":                  {func(w *fixture) { w.room.acknowledged[1].seq = 2 }, violations{lost: 1}, 0},
		"created twice":                {func(w *fixture) { w.end.messages[1].IdempotencyKey = "ka" }, violations{lost: 1, duplicated: 1}, 1},
		"created without a key":        {func(w *fixture) { w.end.messages[1].IdempotencyKey = "" }, violations{lost: 1, duplicated: 1}, 1},
		"listed out of order":          {func(w *fixture) { slices.Reverse(w.end.messages) }, violations{outOfOrder: 1}, 0},
		"a gap in the log":             {func(w *fixture) { delete(w.room.observed, 2) }, violations{lost: 2}, 0},
		"two events of an edit":        {func(w *fixture) { w.room.acknowledged[0].changes = nil }, violations{duplicated: 1}, 0},
		"a gap in a stream":            {events(1, 3), violations{lost: 1}, 0},
		"a message not received":       {func(w *fixture) { w.subs[1].streams = []stream{{after: 0, seqs: []int64{3}}} }, violations{lost: 1}, 0},
		"no catch-up at the end":       {func(w *fixture) { w.subs[1].reached.Store(1) }, violations{lost: 1}, 0},
		"received twice":               {events(1, 2, 2, 3), violations{duplicated: 1}, 0},
		"received before its position": {func(w *fixture) { w.subs[0].streams[1].seqs = []int64{1, 2, 3} }, violations{duplicated: 1}, 0},
		"received out of order":        {events(1, 3, 2), violations{outOfOrder: 1}, 0},
		"two events at one seq":        {func(w *fixture) { w.room.observe(3, event{"MessageAdded", "c", "kc"}) }, violations{}, 2},
	} {
		t.Run(name, func(t *testing.T) {
			w := valid()
			c.corrupt(&w)
			got := check(w.room, w.end, w.subs)
			count := w.room.faults.count
			if got.lost != c.want.lost || got.duplicated != c.want.duplicated ||
				got.outOfOrder != c.want.outOfOrder {
				t.Errorf(
					"lost %d, duplicated %d, out of order %d; want %+v; %q",
					got.lost,
					got.duplicated,
					got.outOfOrder,
					c.want,
					w.room.faults.first,
				)
			}
			if sum := got.lost + got.duplicated + got.outOfOrder; count-sum != c.others {
				t.Errorf("%d other faults, want %d: %q", count-sum, c.others, w.room.faults.first)
			}
		})
	}
}

// TestCheckGuest shows the same for removed guests.
func TestCheckGuest(t *testing.T) {
	start := time.Now()
	at := func(seconds int) time.Time { return start.Add(time.Duration(seconds) * time.Second) }
	// receive adds seqs to a stream, one each second beginning at from. Each shows the room at its seq.
	receive := func(from int, st stream, seqs ...int64) stream {
		for i, seq := range seqs {
			st.seqs = append(st.seqs, seq)
			st.received = append(st.received, received{at(from + i), seq})
		}
		return st
	}
	// The guest is removed at seq 3 (second 30), joins again at seq 6 (second 60) and is banned at
	// seq 9 (second 90). It subscribes to all events, or to messages only.
	valid := func(events bool) *subscriber {
		s := &subscriber{screen: screen{name: "g"}, events: events, guest: true}
		s.absences = []*absence{
			{removing: at(30), removed: at(31), adding: at(60), added: at(61)},
			{removing: at(90), removed: at(91), banned: true},
		}
		opened := func(seq int64) int64 {
			if events {
				return seq
			}
			return -1
		}
		s.streams = []stream{
			receive(
				20,
				stream{
					begun:   at(20),
					opened:  opened(0),
					refused: "MEMBERSHIP_ENDED",
					ended:   at(32),
				},
				1,
				2,
			),
			{begun: at(33), opened: -1, refused: "NOT_FOUND", ended: at(34)},
			receive(62, stream{begun: at(60), after: 2, opened: opened(6)}, 3, 4, 5, 6, 7),
			receive(80, stream{begun: at(80), after: 7, opened: opened(7)}, 8),
			{begun: at(92), after: 8, opened: -1, refused: "NOT_FOUND", ended: at(93)},
		}
		return s
	}
	type fixture struct {
		room *history
		s    *subscriber
	}
	for name, c := range map[string]struct {
		corrupt              func(*fixture)
		leaked, lost, others int
	}{
		"no violation":                  {corrupt: func(*fixture) {}},
		"events from after the removal": {func(w *fixture) { w.s.streams[0] = receive(40, w.s.streams[0], 3, 4) }, 2, 0, 0},
		"events from after the removal, after the guest joined again": {func(w *fixture) { w.s.streams[0] = receive(70, w.s.streams[0], 3, 4) }, 2, 0, 0},
		"the room as it is after the removal":                         {func(w *fixture) { w.s.streams[0].received[1].room = 3 }, 1, 0, 0},
		"after the last removal":                                      {func(w *fixture) { w.s.streams[3] = receive(95, w.s.streams[3], 9) }, 1, 0, 0},
		"accepted during the absence":                                 {func(w *fixture) { w.s.streams[1] = receive(34, stream{begun: at(33), opened: -1}, 1, 2) }, 2, 0, 0},
		"accepted after the ban":                                      {func(w *fixture) { w.s.streams[4] = receive(93, stream{begun: at(92), opened: -1}, 1) }, 1, 1, 0},
		"never ended":                                                 {func(w *fixture) { w.s.streams = w.s.streams[:4] }, 0, 1, 0},
		"refused while a member": {func(w *fixture) {
			w.s.streams[3].refused, w.s.streams[3].ended = "NOT_FOUND", at(81)
		}, 0, 0, 1},
		"a removal that is no event": {func(w *fixture) { delete(w.room.observed, 9) }, 0, 0, 1},
		"added twice":                {func(w *fixture) { w.room.observed[8] = event{"MemberJoined", "g", ""} }, 0, 0, 1},
		"banned, not kicked":         {func(w *fixture) { w.room.observed[3] = event{"MemberLeft", "g", "BANNED"} }, 0, 0, 1},
	} {
		for _, events := range []bool{true, false} {
			t.Run(fmt.Sprintf("%s, events %v", name, events), func(t *testing.T) {
				w := fixture{newHistory("r", &faults{}), valid(events)}
				w.room.observed = map[int64]event{
					3: {"MemberLeft", "g", "KICKED"},
					6: {"MemberJoined", "g", ""},
					9: {"MemberLeft", "g", "BANNED"},
				}
				c.corrupt(&w)
				v := violations{faults: w.room.faults}
				v.checkGuest(w.room, w.s)
				if v.leaked != c.leaked || v.lost != c.lost ||
					w.room.faults.count != c.leaked+c.lost+c.others {
					t.Errorf(
						"leaked %d, lost %d of %d faults; want %+v; %q",
						v.leaked,
						v.lost,
						w.room.faults.count,
						c,
						w.room.faults.first,
					)
				}
			})
		}
	}
	t.Run("opened during the absence", func(t *testing.T) {
		w := fixture{newHistory("r", &faults{}), valid(true)}
		w.room.observed = map[int64]event{
			3: {"MemberLeft", "g", "KICKED"},
			6: {"MemberJoined", "g", ""},
			9: {"MemberLeft", "g", "BANNED"},
		}
		w.s.streams[2].opened = 4
		v := violations{faults: w.room.faults}
		v.checkGuest(w.room, w.s)
		if v.leaked == 0 {
			t.Error("checkGuest finds nothing")
		}
	})
}
