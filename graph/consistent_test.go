package graph_test

import (
	"cmp"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"time"

	"parley/internal/testkit"
)

// shownMessage is what the test shows of a message.
const shownMessage = `fragment m on Message { seq contents deletedAt replyCount reactions { emoji count } }`

// roomState is what a client knows of a room.
type roomState struct {
	seq, memberCount int
	name             string
	members          map[string]bool
	messages         map[int]string // by seq
}

func (s *roomState) String() string {
	seqs := slices.Sorted(maps.Keys(s.messages))
	text := fmt.Sprintf("seq %d, %q, %d members %v",
		s.seq, s.name, s.memberCount, slices.Sorted(maps.Keys(s.members)))
	for _, seq := range seqs {
		text += "\n\t" + s.messages[seq]
	}
	return text
}

// stateOf is the state that a room and a page of messages show.
func stateOf(room, page testkit.JSON) *roomState {
	s := &roomState{
		seq: room.Int("seq"), memberCount: room.Int("memberCount"), name: room.Str("name"),
		members: map[string]bool{}, messages: map[int]string{},
	}
	for _, member := range room.List("members.nodes") {
		s.members[member.Str("id")] = true
	}
	for _, m := range page.List("nodes") {
		s.put(m)
	}
	return s
}

func (s *roomState) put(m testkit.JSON) { s.messages[m.Int("seq")] = textOf(m) }

// textOf shows a message.
func textOf(m testkit.JSON) string {
	var reactions []string
	for _, r := range m.List("reactions") {
		reactions = append(reactions, fmt.Sprint(r.Str("emoji"), r.Int("count")))
	}
	slices.Sort(reactions)
	return fmt.Sprintf("%d %q deleted %t, %d replies, %v", m.Int("seq"), m.Str("contents"),
		!m.IsNull("deletedAt"), m.Int("replyCount"), reactions)
}

// apply applies an event that follows the state. A message that is not shown stays so.
func (s *roomState) apply(t *testing.T, e testkit.JSON) {
	t.Helper()
	if s.seq++; e.Int("seq") != s.seq {
		t.Fatalf("event %d comes instead of %d", e.Int("seq"), s.seq)
	}
	switch e.Str("__typename") {
	case "MessageAdded":
		s.put(e.At("message"))
		if root := e.At("message.thread"); !e.IsNull("message.thread") {
			s.replace(root)
		}
	case "MessageEdited", "MessageDeleted", "ReactionsChanged":
		s.replace(e.At("message"))
	case "MemberJoined":
		s.memberCount++
		s.members[e.Str("user.id")] = true
	case "MemberLeft":
		s.memberCount--
		delete(s.members, e.Str("user.id"))
	case "RoomUpdated":
		s.name = e.Str("room.name")
	}
}

func (s *roomState) replace(m testkit.JSON) {
	if _, shown := s.messages[m.Int("seq")]; shown {
		s.put(m)
	}
}

const (
	// snapshotFields are what the streams begin with, eventFields what they apply.
	snapshotFields = `... on StreamOpened {
		room { seq name memberCount members(first: 100) { nodes { id } } }
		messages(last: 50) { nodes { ...m } pageInfo { hasPreviousPage } } }`
	eventFields = `... on MessageAdded { message { ...m thread { ...m } } }
		... on MessageEdited { message { ...m } } ... on MessageDeleted { message { ...m } }
		... on ReactionsChanged { message { ...m } user { id } emoji on }
		... on MemberJoined { user { id } } ... on MemberLeft { user { id } }
		... on RoomUpdated { room { name } }`
)

// history computes states from the log. Edits are numbered: "edit 2" is the second edit of its
// message, as "name 2" is the second name of the room.
type history struct{ events []testkit.JSON }

// at returns the state after the event at seq.
func (h history) at(seq int, founders ...string) *roomState {
	type message struct {
		edits, replies int
		deleted        bool
		reactions      map[string]int
	}
	s := &roomState{
		seq: seq, memberCount: len(founders), name: "name 0",
		members: map[string]bool{}, messages: map[int]string{},
	}
	for _, user := range founders {
		s.members[user] = true
	}
	names, messages := 0, map[int]*message{}
	for _, e := range h.events[:seq] {
		var m *message
		switch e.Str("__typename") {
		case "MessageEdited", "MessageDeleted", "ReactionsChanged":
			m = messages[e.Int("message.seq")]
		}
		switch e.Str("__typename") {
		case "MessageAdded":
			messages[e.Int("seq")] = &message{reactions: map[string]int{}}
			if !e.IsNull("message.thread") {
				messages[e.Int("message.thread.seq")].replies++
			}
		case "MessageEdited":
			m.edits++
		case "MessageDeleted":
			m.deleted, m.reactions = true, nil
		case "ReactionsChanged":
			m.reactions[e.Str("emoji")]--
			if e.Bool("on") {
				m.reactions[e.Str("emoji")] += 2
			}
		case "MemberJoined":
			s.memberCount++
			s.members[e.Str("user.id")] = true
		case "MemberLeft":
			s.memberCount--
			delete(s.members, e.Str("user.id"))
		case "RoomUpdated":
			names++
			s.name = fmt.Sprint("name ", names)
		}
	}
	newest := slices.SortedFunc(
		maps.Keys(messages),
		func(a, b int) int { return cmp.Compare(b, a) },
	)
	for _, seq := range newest[:min(len(newest), 50)] {
		m, contents := messages[seq], ""
		if !m.deleted {
			contents = fmt.Sprint("edit ", m.edits)
		}
		var reactions []string
		for emoji, n := range m.reactions {
			if n > 0 {
				reactions = append(reactions, fmt.Sprint(emoji, n))
			}
		}
		slices.Sort(reactions)
		s.messages[seq] = fmt.Sprintf("%d %q deleted %t, %d replies, %v",
			seq, contents, m.deleted, m.replies, reactions)
	}
	return s
}

// changes makes random changes in a room: as a member who changes their own messages, and reacts to
// those of all.
type changes struct {
	client *testkit.Client
	room   string
	rng    *rand.Rand
	// renames is set for the one who may.
	renames bool
	names   int
	own     []string
	edits   map[string]int
	all     *messageIDs
}

// messageIDs are the messages of all.
type messageIDs struct {
	mu  sync.Mutex
	ids []string
}

func (m *messageIDs) add(id string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.ids = append(m.ids, id)
}

func (m *messageIDs) some(rng *rand.Rand) string {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.ids[max(0, len(m.ids)-1-rng.IntN(20))]
}

// change makes one change. A change that is refused because others were faster has no effect.
func (c *changes) change() {
	do := func(field string, vars testkit.Vars) testkit.Reply {
		declared := "$id: ID!"
		if vars["text"] != nil {
			declared += ", $text: String!"
		}
		return c.client.Ask("mutation("+declared+") { "+field+" { __typename } }", vars)
	}
	send := func(more testkit.Vars) {
		input := testkit.Vars{"roomId": c.room, "contents": "edit 0"}
		maps.Copy(input, more)
		reply := c.client.Ask(sendMessage, testkit.Vars{"input": input})
		if reply.Code() == "" {
			id := reply.Data.Str("sendMessage.message.id")
			c.own = append(c.own, id)
			c.all.add(id)
		}
	}
	switch n := c.rng.IntN(20); {
	case n < 6 || len(c.own) == 0:
		send(nil)
	case n < 8:
		send(testkit.Vars{"threadId": c.all.some(c.rng)}) // refused in a thread
	case n < 12:
		id := c.own[max(0, len(c.own)-1-c.rng.IntN(4))]
		c.edits[id]++
		reply := do(`editMessage(messageId: $id, contents: $text)`,
			testkit.Vars{"id": id, "text": fmt.Sprint("edit ", c.edits[id])})
		if reply.Code() != "" { // it is deleted
			c.edits[id]--
		}
	case n < 13:
		do(`deleteMessage(messageId: $id)`,
			testkit.Vars{"id": c.own[max(0, len(c.own)-1-c.rng.IntN(8))]})
	case n < 18 || !c.renames:
		on := c.rng.IntN(3) > 0
		do(
			fmt.Sprintf(
				`react(messageId: $id, emoji: %q, on: %t)`,
				string(rune('a'+c.rng.IntN(3))),
				on,
			),
			testkit.Vars{"id": c.all.some(c.rng)},
		)
	default:
		c.names++
		do(`updateRoom(input: { roomId: $id, name: $text })`,
			testkit.Vars{"id": c.room, "text": fmt.Sprint("name ", c.names)})
	}
}

// TestSnapshotsAreConsistent: while members change a room, the snapshot with which a stream begins
// is exactly what the events up to its seq make, and the events after it make of it what a query
// shows in the end.
func TestSnapshotsAreConsistent(t *testing.T) {
	const writers, each, streams, pause = 4, 40, 24, 15 * time.Millisecond
	testkit.Each(t, func(t *testing.T, s *testkit.Server) {
		founders := []string{"alice"}
		for i := range writers - 1 {
			founders = append(founders, fmt.Sprint("writer", i))
			s.As(founders[i+1])
		}
		alice := s.As("alice")
		room := makeRoom(alice, testkit.Vars{
			"name": "name 0", "memberIds": founders[1:], "accessType": "PUBLIC",
		})
		var writing sync.WaitGroup
		all := &messageIDs{}
		all.add(sendText(alice, room, "edit 0").Str("id"))
		for i, user := range founders {
			c := &changes{
				client: s.As(user), room: room, rng: rand.New(rand.NewPCG(7, uint64(i))),
				renames: i == 0, edits: map[string]int{}, all: all,
			}
			writing.Go(func() {
				for range each {
					c.change()
					time.Sleep(pause) // streams are opened meanwhile
				}
			})
		}
		guest := s.As("guest")
		writing.Go(func() {
			for i := range each / 2 {
				field := []string{"joinRoom", "leaveRoom"}[i%2]
				guest.Ask(`mutation($id: ID!) { `+field+`(roomId: $id) { __typename } }`,
					testkit.Vars{"id": room})
			}
		})
		done := make(chan struct{})
		go func() { // ends with the writers
			writing.Wait()
			close(done)
		}()

		type opening struct {
			stream         *testkit.Stream
			state          *roomState
			snapshot       string
			seq            int
			hasPreviousOne bool
		}
		var opened []*opening
		open := func(view string) {
			stream := alice.Subscribe(`subscription($room: ID!) { roomEvents(roomId: $room) {
				__typename seq `+view+snapshotFields+eventFields+` } } `+shownMessage,
				testkit.Vars{"room": room})
			e := stream.Next().At("roomEvents")
			o := &opening{stream: stream, state: stateOf(e.At("room"), e.At("messages"))}
			o.snapshot, o.seq = o.state.String(), e.Int("seq")
			o.hasPreviousOne = e.Bool("messages.pageInfo.hasPreviousPage")
			if o.state.seq != o.seq {
				t.Errorf("StreamOpened at %d shows the room at %d", o.seq, o.state.seq)
			}
			opened = append(opened, o)
		}
		for i := range streams {
			open(
				[]string{"", fmt.Sprintf("view%d: roomId ", i)}[i%2],
			) // one that is shared, one that is not
			select {
			case <-done:
			case <-time.After(pause):
			}
		}
		<-done

		end := alice.Do(`query($room: ID!) { roomInfo(roomId: $room) {
			seq name memberCount members(first: 100) { nodes { id } }
			messages(last: 100) { nodes { ...m } } } } `+shownMessage, testkit.Vars{"room": room}).
			At("roomInfo")
		final := stateOf(end, end.At("messages"))
		replay := alice.Subscribe(`subscription($room: ID!) { roomEvents(roomId: $room, after: 0) {
			__typename seq `+eventFields+` } } `+shownMessage, testkit.Vars{"room": room})
		replay.Next()
		var log history
		for len(log.events) < final.seq {
			log.events = append(log.events, replay.Next().At("roomEvents"))
		}
		kinds := map[string]int{}
		for _, e := range log.events {
			kinds[e.Str("__typename")]++
		}
		t.Logf("%d streams in a log of %v", len(opened), kinds)
		early := 0
		for _, o := range opened {
			want := log.at(o.seq, founders...)
			if o.snapshot != want.String() {
				t.Errorf("a snapshot is of\n%s\nwant\n%s", o.snapshot, want)
			}
			if sent := kindsUntil(log, o.seq, "MessageAdded"); o.hasPreviousOne != (sent > 50) {
				t.Errorf("hasPreviousPage is %t for %d messages", o.hasPreviousOne, sent)
			}
			if o.seq < final.seq {
				early++
			}
			for o.state.seq < final.seq {
				o.state.apply(t, o.stream.Next().At("roomEvents"))
			}
			for seq := range final.messages {
				if _, shown := o.state.messages[seq]; !shown && seq > o.seq {
					t.Errorf("message %d is missing", seq)
				}
			}
			shared := *final
			shared.messages = map[int]string{}
			for seq := range o.state.messages {
				if text, shown := final.messages[seq]; shown {
					shared.messages[seq] = text
				} else {
					delete(o.state.messages, seq)
				}
			}
			if got := o.state.String(); got != shared.String() {
				t.Errorf(
					"events make of the snapshot at %d\n%s\nand not\n%s",
					o.seq,
					got,
					&shared,
				)
			}
		}
		if early < streams/3 || len(kinds) < 6 {
			t.Errorf("only %d streams were opened while the room changed, in %v", early, kinds)
		}
	})
}

// kindsUntil counts the events of a kind up to a seq.
func kindsUntil(log history, seq int, kind string) (n int) {
	for _, e := range log.events[:seq] {
		if e.Str("__typename") == kind {
			n++
		}
	}
	return n
}
