package torture_test

import (
	"fmt"
	"math"
	"slices"
	"testing"
	"time"
)

// verdict counts violations.
type verdict struct {
	lost, doubled, disordered int
	// leaked counts events delivered to former members.
	leaked int
	faults *faults
}

func (v *verdict) add(o verdict) {
	v.lost += o.lost
	v.doubled += o.doubled
	v.disordered += o.disordered
	v.leaked += o.leaked
}

func (v *verdict) lose(n int, format string, args ...any) {
	v.lost += n
	v.faults.add("lost: "+format, args...)
}

func (v *verdict) double(format string, args ...any) {
	v.doubled++
	v.faults.add("doubled: "+format, args...)
}

func (v *verdict) disorder(format string, args ...any) {
	v.disordered++
	v.faults.add("out of order: "+format, args...)
}

func (v *verdict) leak(format string, args ...any) {
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

// judge compares every response and event about a room with its content at the end. It reads the
// ledger and the subscribers without locks, because all goroutines have ended.
func judge(room *ledger, end state, subscribers []*subscriber) verdict {
	v := verdict{faults: room.faults}
	v.judgeMessages(room, end)
	v.judgeLog(room, end)
	v.judgeChanges(room)
	for _, s := range subscribers {
		v.judgeSubscriber(s, end)
		v.judgeGuest(room, s)
	}
	return v
}

// judgeMessages checks that each acknowledged message exists once, at its acknowledged seq and with
// the last change of its writer, that there are no other messages, and that the list is in order.
func (v *verdict) judgeMessages(room *ledger, end state) {
	type request struct{ author, key string }
	byRequest := make(map[request][]stored)
	last := int64(0)
	for _, m := range end.messages {
		if m.Seq <= last {
			v.disorder("room %s lists message %d after %d", room.roomID, m.Seq, last)
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
			v.lose(
				1,
				"%s was %s at %d, and at the end the room has %v",
				want.key,
				want.id,
				want.seq,
				got,
			)
		}
		if len(got) > 1 {
			v.double("%s made %d messages", want.key, len(got))
		}
	}
	for r, got := range byRequest {
		v.double("%s of %s made %d messages without a response", r.key, r.author, len(got))
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

// judgeLog checks that the seqs of the events have no gaps, and that the messages among them are
// those of the room.
func (v *verdict) judgeLog(room *ledger, end state) {
	for seq := int64(1); seq <= end.seq; seq++ {
		if _, ok := room.observed[seq]; !ok {
			v.lose(1, "room %s is at %d, and no subscriber received %d", room.roomID, end.seq, seq)
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

// judgeChanges checks that each acknowledged change of a message is one event.
func (v *verdict) judgeChanges(room *ledger) {
	type change struct{ kind, id string }
	events := make(map[change]int)
	for _, e := range room.observed {
		if e.kind != "MessageAdded" && !e.moves() {
			events[change{e.kind, e.id}]++
		}
	}
	for _, m := range room.acknowledged {
		for _, kind := range m.kinds() {
			c := change{kind, m.id}
			got, want := events[c], m.changes[kind]
			delete(events, c)
			if got < want {
				v.lose(
					want-got,
					"%s: %d of %d acknowledged changes (%s) have no event",
					m.key,
					want-got,
					want,
					kind,
				)
			}
			for range got - want {
				v.double("%s: %d acknowledged changes (%s) have %d events", m.key, want, kind, got)
			}
		}
	}
	for c, n := range events {
		v.double("%d events %s of %s without a response", n, c.kind, c.id)
	}
}

// judgeSubscriber checks that each stream has the events after its position once, in order and
// without a gap, and that the last stream reaches the end of the log.
func (v *verdict) judgeSubscriber(s *subscriber, end state) {
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
				v.double("%s: %d after %d", where, seq, furthest)
			case seq < furthest:
				v.disorder("%s: %d after %d", where, seq, furthest)
			}
			seen[seq] = true
			furthest = max(furthest, seq)
		}
		for _, seq := range expected {
			if st.after < seq && seq < furthest && !seen[seq] {
				v.lose(1, "%s: %d is missing before %d", where, seq, furthest)
			}
		}
	}
	for _, seq := range expected {
		if seq > s.reached.Load() && !s.outside() {
			v.lose(1, "%s never received %d", s.name, seq)
		}
	}
}

// judgeGuest checks that a removed guest receives nothing from its MemberLeft on and learns of the
// removal, and that the server refuses no member. A guest that is added again may read everything.
func (v *verdict) judgeGuest(room *ledger, s *subscriber) {
	left, joined := room.moves(s.name)
	back := len(s.absences)
	if s.outside() {
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
			v.judgeAbsence(s, j, a, left[i], end)
		}
	}
	for j, st := range s.streams {
		if st.refused != "" && !slices.ContainsFunc(s.absences, st.within) {
			v.faults.add("%s, stream %d: %s for a member of the room", s.name, j, st.refused)
		}
	}
	if s.outside() {
		last := s.absences[back]
		observed := func(st stream) bool {
			if s.partial { // it need not learn that it was added again for a moment
				return st.refused != "" && st.begun.Equal(s.streams[len(s.streams)-1].begun)
			}
			return st.refused != "" &&
				(st.begun.After(last.removed) || st.refused == "MEMBERSHIP_ENDED" && st.ended.After(last.removing))
		}
		if !slices.ContainsFunc(s.streams, observed) {
			v.lose(1, "%s was removed, and no stream ended because of it", s.name)
		}
	}
}

// within reports whether an absence explains that the server refused a stream.
func (st stream) within(a *absence) bool {
	return st.ended.After(a.removing) && (a.added.IsZero() || st.begun.Before(a.added))
}

// judgeAbsence checks an absence from the event at left to the event at joined: a stream that began
// before it has nothing from left on, and no stream began during it.
func (v *verdict) judgeAbsence(s *subscriber, number int, a *absence, left, joined int64) {
	st := s.streams[number]
	where := fmt.Sprintf(
		"%s, stream %d, opened at %d, removed at %d",
		s.name,
		number,
		st.opened,
		left,
	)
	if left <= st.opened && st.opened < joined {
		v.leak("%s: accepted before the guest joined again at %d", where, joined)
	}
	for i, h := range st.received {
		outside := a.adding.IsZero() || h.at.Before(a.adding) // also if the guest joined later
		before := st.opened >= 0 && st.opened < left ||
			st.opened < 0 && st.received[0].at.Before(a.removing)
		switch {
		case (before || outside) && (st.seqs[i] >= left || h.room >= left):
			v.leak("%s: %d, with the room at %d", where, st.seqs[i], h.room)
		case outside && st.begun.After(a.removed):
			v.leak("%s: %d, and the guest was not a member", where, st.seqs[i])
		}
	}
}

// TestJudge shows that judge finds each kind of violation.
func TestJudge(t *testing.T) {
	type world struct {
		room *ledger
		end  state
		subs []*subscriber
	}
	// A room with two messages (seqs 1 and 3), of which the first was edited (2), and a subscriber of
	// each kind that lost its connection once.
	good := func() world {
		w := world{room: newLedger("r", &faults{})}
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
	events := func(seqs ...int64) func(*world) {
		return func(w *world) { w.subs[0].streams = []stream{{after: 0, seqs: seqs}} }
	}
	for name, c := range map[string]struct {
		harm    func(*world)
		verdict verdict
		others  int // other faults
	}{
		"nothing wrong":                {harm: func(*world) {}},
		"a message is gone":            {func(w *world) { w.end.messages = w.end.messages[:1] }, verdict{lost: 1}, 1},
		"an edit is gone":              {func(w *world) { w.end.messages[0].Contents = "old" }, verdict{lost: 1}, 0},
		"it has moved":                 {func(w *world) { w.room.acknowledged[1].seq = 2 }, verdict{lost: 1}, 0},
		"made twice":                   {func(w *world) { w.end.messages[1].IdempotencyKey = "ka" }, verdict{lost: 1, doubled: 1}, 1},
		"made without a key":           {func(w *world) { w.end.messages[1].IdempotencyKey = "" }, verdict{lost: 1, doubled: 1}, 1},
		"listed in disorder":           {func(w *world) { slices.Reverse(w.end.messages) }, verdict{disordered: 1}, 0},
		"the log has a hole":           {func(w *world) { delete(w.room.observed, 2) }, verdict{lost: 2}, 0},
		"one edit, two":                {func(w *world) { w.room.acknowledged[0].changes = nil }, verdict{doubled: 1}, 0},
		"a hole in a stream":           {events(1, 3), verdict{lost: 1}, 0},
		"a message not received":       {func(w *world) { w.subs[1].streams = []stream{{after: 0, seqs: []int64{3}}} }, verdict{lost: 1}, 0},
		"not to the end":               {func(w *world) { w.subs[1].reached.Store(1) }, verdict{lost: 1}, 0},
		"received twice":               {events(1, 2, 2, 3), verdict{doubled: 1}, 0},
		"received before its position": {func(w *world) { w.subs[0].streams[1].seqs = []int64{1, 2, 3} }, verdict{doubled: 1}, 0},
		"received in disorder":         {events(1, 3, 2), verdict{disordered: 1}, 0},
		"two events at one seq":        {func(w *world) { w.room.observe(3, event{"MessageAdded", "c", "kc"}) }, verdict{}, 2},
	} {
		t.Run(name, func(t *testing.T) {
			w := good()
			c.harm(&w)
			got := judge(w.room, w.end, w.subs)
			count := w.room.faults.count
			if got.lost != c.verdict.lost || got.doubled != c.verdict.doubled ||
				got.disordered != c.verdict.disordered {
				t.Errorf(
					"lost %d, doubled %d, out of order %d; want %+v; %q",
					got.lost,
					got.doubled,
					got.disordered,
					c.verdict,
					w.room.faults.first,
				)
			}
			if sum := got.lost + got.doubled + got.disordered; count-sum != c.others {
				t.Errorf("%d other faults, want %d: %q", count-sum, c.others, w.room.faults.first)
			}
		})
	}
}

// TestJudgeGuest shows the same for removed guests.
func TestJudgeGuest(t *testing.T) {
	start := time.Now()
	at := func(seconds int) time.Time { return start.Add(time.Duration(seconds) * time.Second) }
	// came adds seqs to a stream, one each second beginning at from. Each shows the room at its seq.
	came := func(from int, st stream, seqs ...int64) stream {
		for i, seq := range seqs {
			st.seqs = append(st.seqs, seq)
			st.received = append(st.received, received{at(from + i), seq})
		}
		return st
	}
	// The guest is removed at seq 3 (second 30), joins again at seq 6 (second 60) and is banned at
	// seq 9 (second 90). It subscribes to all events, or to messages only.
	good := func(events bool) *subscriber {
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
			came(
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
			came(62, stream{begun: at(60), after: 2, opened: opened(6)}, 3, 4, 5, 6, 7),
			came(80, stream{begun: at(80), after: 7, opened: opened(7)}, 8),
			{begun: at(92), after: 8, opened: -1, refused: "NOT_FOUND", ended: at(93)},
		}
		return s
	}
	type world struct {
		room *ledger
		s    *subscriber
	}
	for name, c := range map[string]struct {
		harm                 func(*world)
		leaked, lost, others int
	}{
		"nothing wrong":                 {harm: func(*world) {}},
		"events from after the removal": {func(w *world) { w.s.streams[0] = came(40, w.s.streams[0], 3, 4) }, 2, 0, 0},
		"events from after the removal, after the guest joined again": {func(w *world) { w.s.streams[0] = came(70, w.s.streams[0], 3, 4) }, 2, 0, 0},
		"the room as it is after the removal":                         {func(w *world) { w.s.streams[0].received[1].room = 3 }, 1, 0, 0},
		"after the last removal":                                      {func(w *world) { w.s.streams[3] = came(95, w.s.streams[3], 9) }, 1, 0, 0},
		"accepted during the absence":                                 {func(w *world) { w.s.streams[1] = came(34, stream{begun: at(33), opened: -1}, 1, 2) }, 2, 0, 0},
		"accepted after the ban":                                      {func(w *world) { w.s.streams[4] = came(93, stream{begun: at(92), opened: -1}, 1) }, 1, 1, 0},
		"never ended":                                                 {func(w *world) { w.s.streams = w.s.streams[:4] }, 0, 1, 0},
		"refused while a member": {func(w *world) {
			w.s.streams[3].refused, w.s.streams[3].ended = "NOT_FOUND", at(81)
		}, 0, 0, 1},
		"a removal that is no event": {func(w *world) { delete(w.room.observed, 9) }, 0, 0, 1},
		"one added, twice":           {func(w *world) { w.room.observed[8] = event{"MemberJoined", "g", ""} }, 0, 0, 1},
		"banned, not kicked":         {func(w *world) { w.room.observed[3] = event{"MemberLeft", "g", "BANNED"} }, 0, 0, 1},
	} {
		for _, events := range []bool{true, false} {
			t.Run(fmt.Sprintf("%s, events %v", name, events), func(t *testing.T) {
				w := world{newLedger("r", &faults{}), good(events)}
				w.room.observed = map[int64]event{
					3: {"MemberLeft", "g", "KICKED"},
					6: {"MemberJoined", "g", ""},
					9: {"MemberLeft", "g", "BANNED"},
				}
				c.harm(&w)
				v := verdict{faults: w.room.faults}
				v.judgeGuest(w.room, w.s)
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
	t.Run("opened while outside", func(t *testing.T) {
		w := world{newLedger("r", &faults{}), good(true)}
		w.room.observed = map[int64]event{
			3: {"MemberLeft", "g", "KICKED"},
			6: {"MemberJoined", "g", ""},
			9: {"MemberLeft", "g", "BANNED"},
		}
		w.s.streams[2].opened = 4
		v := verdict{faults: w.room.faults}
		v.judgeGuest(w.room, w.s)
		if v.leaked == 0 {
			t.Error("judgeGuest finds nothing")
		}
	})
}
