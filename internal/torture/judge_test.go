package torture_test

import (
	"fmt"
	"slices"
	"testing"
)

// verdict counts what must never happen.
type verdict struct {
	lost, doubled, disordered int
	faults                    *faults
}

func (v *verdict) add(o verdict) {
	v.lost += o.lost
	v.doubled += o.doubled
	v.disordered += o.disordered
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

// stored is a message as a query returns it in the end.
type stored struct {
	ID             string
	Seq            int64
	IdempotencyKey string
	Contents       string
	From           struct{ ID string }
	DeletedAt      *string
	Reactions      []struct{ Count int }
}

// state is what a room holds in the end.
type state struct {
	seq      int64
	messages []stored
}

// judge compares what everybody was told about a room with what it holds in the end. It reads the ledger and the
// subscribers without locks: all have ended.
func judge(room *ledger, end state, subscribers []*subscriber) verdict {
	v := verdict{faults: room.faults}
	v.judgeMessages(room, end)
	v.judgeLog(room, end)
	v.judgeChanges(room)
	for _, s := range subscribers {
		v.judgeSubscriber(s, end)
	}
	return v
}

// judgeMessages: each acknowledged message is there once, at the place that was told, as its writer has left it; there
// are no others, since writers insist; and they are listed in order.
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
			v.lose(1, "%s was %s at %d, and in the end the room holds %v", want.key, want.id, want.seq, got)
		}
		if len(got) > 1 {
			v.double("%s made %d messages", want.key, len(got))
		}
	}
	for r, got := range byRequest {
		v.double("%s of %s made %d messages that nobody was told of", r.key, r.author, len(got))
	}
}

// is tells whether a stored message is as its writer has left it.
func (m *sent) is(s stored) bool {
	reactions := 0
	for _, r := range s.Reactions {
		reactions += r.Count
	}
	wanted := 0
	if m.reacted {
		wanted = 1
	}
	return s.ID == m.id && s.Seq == m.seq && s.Contents == m.contents && (s.DeletedAt != nil) == m.deleted && reactions == wanted
}

// judgeLog: the seqs of the events have no holes, and the messages among them are those of the room.
func (v *verdict) judgeLog(room *ledger, end state) {
	for seq := int64(1); seq <= end.seq; seq++ {
		if _, ok := room.told[seq]; !ok {
			v.lose(1, "room %s is at %d, and nobody heard of %d", room.roomID, end.seq, seq)
		}
	}
	messages := make(map[int64]stored, len(end.messages))
	for _, m := range end.messages {
		messages[m.Seq] = m
	}
	for seq, e := range room.told {
		m, ok := messages[seq]
		switch {
		case seq > end.seq:
			v.faults.add("room %s is at %d, and somebody heard of %v at %d", room.roomID, end.seq, e, seq)
		case ok != (e.kind == "MessageAdded"), ok && (e.id != m.ID || e.key != m.IdempotencyKey):
			v.faults.add("room %s: the log has %v at %d, the list of messages %v", room.roomID, e, seq, m)
		}
	}
}

// judgeChanges: each acknowledged change of a message is one event.
func (v *verdict) judgeChanges(room *ledger) {
	type change struct{ kind, id string }
	events := make(map[change]int)
	for _, e := range room.told {
		if e.kind != "MessageAdded" {
			events[change{e.kind, e.id}]++
		}
	}
	for _, m := range room.acknowledged {
		for _, kind := range m.kinds() {
			c := change{kind, m.id}
			got, want := events[c], m.changes[kind]
			delete(events, c)
			if got < want {
				v.lose(want-got, "%s: %d of %d acknowledged changes (%s) are no event", m.key, want-got, want, kind)
			}
			for range got - want {
				v.double("%s: %d acknowledged changes (%s) are %d events", m.key, want, kind, got)
			}
		}
	}
	for c, n := range events {
		v.double("%d events %s of %s that nobody was told of", n, c.kind, c.id)
	}
}

// judgeSubscriber: each stream has what comes after its position, once, in order and without a hole, and the last of them
// reaches the end.
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
				v.lose(1, "%s: %d, though it went on to %d", where, seq, furthest)
			}
		}
	}
	for _, seq := range expected {
		if seq > s.reached.Load() {
			v.lose(1, "%s never got to %d", s.name, seq)
		}
	}
}

// TestJudge shows that the judge finds what it is there to find.
func TestJudge(t *testing.T) {
	type world struct {
		room *ledger
		end  state
		subs []*subscriber
	}
	// A room with two messages (seqs 1 and 3), the first edited (2), and a subscriber of each kind that was cut once.
	good := func() world {
		w := world{room: newLedger("r", &faults{})}
		for seq, e := range map[int64]event{1: {"MessageAdded", "a", "ka"}, 2: {"MessageEdited", "a", "ka"}, 3: {"MessageAdded", "b", "kb"}} {
			w.room.tell(seq, e)
		}
		w.room.acknowledged = []*sent{
			{author: "w", key: "ka", id: "a", seq: 1, contents: "new", changes: map[string]int{"MessageEdited": 1}},
			{author: "w", key: "kb", id: "b", seq: 3, contents: "two"},
		}
		w.end = state{seq: 3, messages: []stored{{ID: "a", Seq: 1, IdempotencyKey: "ka", Contents: "new"}, {ID: "b", Seq: 3, IdempotencyKey: "kb", Contents: "two"}}}
		for i := range w.end.messages {
			w.end.messages[i].From.ID = "w"
		}
		w.subs = []*subscriber{
			{name: "e", events: true, streams: []stream{{0, []int64{1, 2}}, {1, []int64{2, 3}}}},
			{name: "m", streams: []stream{{0, []int64{1}}, {1, []int64{3}}}},
		}
		for _, s := range w.subs {
			s.reached.Store(3)
		}
		return w
	}
	events := func(seqs ...int64) func(*world) {
		return func(w *world) { w.subs[0].streams = []stream{{0, seqs}} }
	}
	for name, c := range map[string]struct {
		harm    func(*world)
		verdict verdict
		others  int // faults that are none of the three
	}{
		"nothing wrong":       {harm: func(*world) {}},
		"a message is gone":   {func(w *world) { w.end.messages = w.end.messages[:1] }, verdict{lost: 1}, 1},
		"an edit is gone":     {func(w *world) { w.end.messages[0].Contents = "old" }, verdict{lost: 1}, 0},
		"it has moved":        {func(w *world) { w.room.acknowledged[1].seq = 2 }, verdict{lost: 1}, 0},
		"made twice":          {func(w *world) { w.end.messages[1].IdempotencyKey = "ka" }, verdict{lost: 1, doubled: 1}, 1},
		"made without a key":  {func(w *world) { w.end.messages[1].IdempotencyKey = "" }, verdict{lost: 1, doubled: 1}, 1},
		"listed in disorder":  {func(w *world) { slices.Reverse(w.end.messages) }, verdict{disordered: 1}, 0},
		"the log has a hole":  {func(w *world) { delete(w.room.told, 2) }, verdict{lost: 2}, 0},
		"one edit, two":       {func(w *world) { w.room.acknowledged[0].changes = nil }, verdict{doubled: 1}, 0},
		"a hole in a stream":  {events(1, 3), verdict{lost: 1}, 0},
		"a message not heard": {func(w *world) { w.subs[1].streams = []stream{{0, []int64{3}}} }, verdict{lost: 1}, 0},
		"not to the end":      {func(w *world) { w.subs[1].reached.Store(1) }, verdict{lost: 1}, 0},
		"heard twice":         {events(1, 2, 2, 3), verdict{doubled: 1}, 0},
		"heard before after":  {func(w *world) { w.subs[0].streams[1].seqs = []int64{1, 2, 3} }, verdict{doubled: 1}, 0},
		"heard in disorder":   {events(1, 3, 2), verdict{disordered: 1}, 0},
		"told two things":     {func(w *world) { w.room.tell(3, event{"MessageAdded", "c", "kc"}) }, verdict{}, 2},
	} {
		t.Run(name, func(t *testing.T) {
			w := good()
			c.harm(&w)
			got := judge(w.room, w.end, w.subs)
			count := w.room.faults.count
			if got.lost != c.verdict.lost || got.doubled != c.verdict.doubled || got.disordered != c.verdict.disordered {
				t.Errorf("lost %d, doubled %d, out of order %d; want %+v; %q", got.lost, got.doubled, got.disordered, c.verdict, w.room.faults.first)
			}
			if sum := got.lost + got.doubled + got.disordered; count-sum != c.others {
				t.Errorf("%d other faults, want %d: %q", count-sum, c.others, w.room.faults.first)
			}
		})
	}
}
