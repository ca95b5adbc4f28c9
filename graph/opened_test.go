package graph_test

import (
	"encoding/json"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"parley/internal/app"
	"parley/internal/testkit"
	"parley/internal/testkit/scale"
)

const openedMessages = `subscription($room: ID!, $last: Int! = 50, $after: Int) {
	roomEvents(roomId: $room, after: $after) { __typename seq
		... on StreamOpened { room { seq name memberCount } messages(last: $last) {
			nodes { seq contents deletedAt from { id nickName } }
			pageInfo { hasPreviousPage hasNextPage startCursor endCursor }
		} } } }`

// contentsOf are the contents of a page of messages.
func contentsOf(page testkit.JSON) []string {
	var contents []string
	for _, m := range page.List("nodes") {
		contents = append(contents, m.Str("contents"))
	}
	return contents
}

// TestStreamOpenedHasASnapshot: a stream begins with the newest messages, from which older pages
// can be read; what is committed later follows as events.
func TestStreamOpenedHasASnapshot(t *testing.T) {
	testkit.Each(t, func(t *testing.T, s *testkit.Server) {
		alice, bob := s.As("alice"), s.As("bob")
		room := makeRoom(alice, testkit.Vars{"name": "Garden", "memberIds": []string{"bob"}})
		open := func(c *testkit.Client, vars testkit.Vars) (*testkit.Stream, testkit.JSON) {
			t.Helper()
			vars["room"] = room
			stream := c.Subscribe(openedMessages, vars)
			opened := stream.Next().At("roomEvents")
			if opened.Str("__typename") != "StreamOpened" ||
				opened.Int("seq") != opened.Int("room.seq") {
				t.Errorf("the stream begins with %v", opened)
			}
			return stream, opened
		}
		_, empty := open(bob, testkit.Vars{})
		if got := empty.At("messages"); len(got.List("nodes")) > 0 ||
			got.Bool("pageInfo.hasPreviousPage") || empty.Int("room.memberCount") != 2 {
			t.Errorf("the snapshot of an empty room is %v", empty)
		}
		var ids []string
		for i := range 5 {
			ids = append(ids, sendText(alice, room, fmt.Sprint(i+1)).Str("id"))
		}
		alice.Do(`mutation($id: ID!) { deleteMessage(messageId: $id) { __typename } }`,
			testkit.Vars{"id": ids[3]})

		stream, opened := open(bob, testkit.Vars{"last": 3})
		page := opened.At("messages")
		if got := contentsOf(page); !slices.Equal(got, []string{"3", "", "5"}) ||
			page.List("nodes")[1].IsNull("deletedAt") || opened.Int("seq") != 6 {
			t.Errorf("the snapshot is %v", opened)
		}
		if !page.Bool("pageInfo.hasPreviousPage") || page.Bool("pageInfo.hasNextPage") {
			t.Errorf("the snapshot's place is %v", page.At("pageInfo"))
		}
		older := bob.Do(`query($room: ID!, $before: String) { roomInfo(roomId: $room) {
			messages(before: $before) { nodes { contents } pageInfo { hasPreviousPage hasNextPage } } } }`,
			testkit.Vars{"room": room, "before": page.Str("pageInfo.startCursor")},
		).At("roomInfo.messages")
		if got := contentsOf(older); !slices.Equal(got, []string{"1", "2"}) ||
			older.Bool("pageInfo.hasPreviousPage") || !older.Bool("pageInfo.hasNextPage") {
			t.Errorf("before the snapshot there is %v", older)
		}
		sendText(alice, room, "6")
		if e := stream.Next().At("roomEvents"); e.Str("__typename") != "MessageAdded" ||
			e.Int("seq") != 7 {
			t.Errorf("the snapshot is followed by %v", e)
		}

		// History follows a snapshot, and may be in it already.
		stream, opened = open(bob, testkit.Vars{"after": 5})
		if got := contentsOf(opened.At("messages")); len(got) != 6 || got[5] != "6" {
			t.Errorf("the snapshot is %v", opened)
		}
		for seq := 6; seq <= 7; seq++ {
			if e := stream.Next().At("roomEvents"); e.Int("seq") != seq {
				t.Errorf("got %v, want event %d", e, seq)
			}
		}
		// A position that the room has not reached.
		stream, _ = open(bob, testkit.Vars{"after": 50})
		if e := stream.Next().At("roomEvents"); e.Str("__typename") != "Resync" ||
			e.Int("seq") != 7 {
			t.Errorf("got %v, want Resync at 7", e)
		}
	})
}

// TestSnapshotsAreRefused: the number of messages has bounds, and each opening is authorized.
func TestSnapshotsAreRefused(t *testing.T) {
	testkit.Each(t, func(t *testing.T, s *testkit.Server) {
		alice, bob := s.As("alice"), s.As("bob")
		room := makeRoom(alice, testkit.Vars{"memberIds": []string{"bob"}})
		open := func(c *testkit.Client, last int) *testkit.Stream {
			return c.Subscribe(openedMessages, testkit.Vars{"room": room, "last": last})
		}
		for _, last := range []int{-1, 0, 51, 1 << 30} {
			if e := open(alice, last).Error(); e.Extensions["code"] != "BAD_USER_INPUT" ||
				e.Extensions["field"] != "last" {
				t.Errorf("last: %d: %+v", last, e)
			}
		}
		open(alice, 10).Next()
		open(bob, 10).Next()
		alice.Do(`mutation($room: ID!) { removeMember(roomId: $room, userId: "bob") { userId } }`,
			testkit.Vars{"room": room})
		open(alice, 10).Next()
		if e := open(bob, 10).Error(); e.Extensions["code"] != "NOT_FOUND" {
			t.Errorf("the snapshot of another is open to a stranger: %+v", e)
		}
		alice.Do(`mutation($room: ID!) { deleteRoom(roomId: $room) { roomId } }`,
			testkit.Vars{"room": room})
		if e := open(alice, 10).Error(); e.Extensions["code"] != "NOT_FOUND" {
			t.Errorf("the snapshot of a deleted room: %+v", e)
		}
	})
}

// TestOpeningsShareASnapshot: besides its authorization, an opening takes no statement if another
// one has taken the snapshot. One that selects none takes no other statement either.
func TestOpeningsShareASnapshot(t *testing.T) {
	const users, few = 10, 5
	each := scale.Or(100, 20)
	// look is what the first subscriber of a room takes: the room's log is read from its head on.
	const look = 2
	testkit.EachApp(t, app.Options{PollInterval: time.Hour}, func(t *testing.T, s *testkit.Server) {
		var ids []string
		var sockets []*testkit.Socket
		for i := range users {
			ids = append(ids, fmt.Sprint("user", i))
			sockets = append(sockets, s.As(ids[i]).Socket())
		}
		alice := s.As("alice")
		room := makeRoom(alice, testkit.Vars{"memberIds": ids, "tags": []string{"a"}})
		sendTexts(alice, room, 59)
		last := sendText(alice, room, "last").Str("id")
		alice.Do(`mutation($id: ID!) { react(messageId: $id, emoji: "x") { __typename } }`,
			testkit.Vars{"id": last})
		document := func(fields string) string {
			return fmt.Sprintf(`subscription { roomEvents(roomId: %q) { __typename seq %s } }`,
				room, fields)
		}
		open := func(query string, each int) (seq int, statements []string) {
			statements = s.Statements(func() {
				for i := range each {
					for _, socket := range sockets {
						socket.Subscribe(fmt.Sprint(i), query)
					}
					for _, socket := range sockets {
						_, data := socket.Next()
						if got := data.Int("roomEvents.seq"); seq != 0 && got != seq {
							t.Errorf("streams are opened at %d and at %d", seq, got)
						} else {
							seq = got
						}
					}
				}
			})
			for _, socket := range sockets {
				for i := range each {
					socket.Send(fmt.Sprintf(`{"id":"%d","type":"complete"}`, i))
				}
				socket.Send(`{"type":"ping"}`)
				socket.AwaitPong()
			}
			return seq, statements
		}
		const everything = `... on StreamOpened {
			room { name memberCount tags creator { nickName } members(first: 5) { nodes { nickName } } }
			messages(last: 50) { nodes { contents from { nickName } reactions { emoji count }
				replyTo { contents } thread { contents } mentions { nickName } }
				pageInfo { hasPreviousPage startCursor } } }`
		head, statements := open(document(everything), each)
		if extra := len(statements) - users*each - look; extra < 1 || extra > 10 {
			others := slices.DeleteFunc(statements, func(query string) bool {
				return strings.Contains(query, "EXISTS")
			})
			t.Errorf("%d openings take %d statements besides their authorizations:\n%s",
				users*each, extra, strings.Join(others, "\n"))
		}
		sendText(alice, room, "another")
		if seq, _ := open(document(everything), few); seq != head+1 {
			t.Errorf("after event %d a stream opens at %d", head+1, seq)
		}
		if _, statements := open(document(""), few); len(statements) > users*few+look {
			t.Errorf("%d openings without a snapshot take %d statements",
				users*few, len(statements))
		}
	})
}

// TestSnapshotsAreNotStale: an opening shows no profile that is older than what the viewer was
// shown before, although the room has not changed.
func TestSnapshotsAreNotStale(t *testing.T) {
	testkit.Each(t, func(t *testing.T, s *testkit.Server) {
		alice, bob := s.As("alice"), s.As("bob")
		room := makeRoom(alice, testkit.Vars{"memberIds": []string{"bob"}})
		sendText(alice, room, "x")
		for i := range 5 {
			name := fmt.Sprint("Alice ", i)
			alice.Do(
				`mutation($name: String!) { updateProfile(input: { nickName: $name }) { __typename } }`,
				testkit.Vars{"name": name},
			)
			opened := bob.Subscribe(openedMessages, testkit.Vars{"room": room}).Next()
			node := opened.List("roomEvents.messages.nodes")[0]
			if got := node.Str("from.nickName"); got != name {
				t.Errorf("the snapshot shows %q, want %q", got, name)
			}
		}
	})
}

// TestSnapshotsOfViewers: fields that depend on the viewer are theirs, and are never shared.
func TestSnapshotsOfViewers(t *testing.T) {
	const own = `subscription($room: ID!) { roomEvents(roomId: $room) { seq ... on StreamOpened {
		room { viewerRole unreadCount lastReadSeq latestMessage { contents } messages { nodes { contents } } }
		messages { nodes { contents viewerReactions } } } } }`
	testkit.Each(t, func(t *testing.T, s *testkit.Server) {
		alice, bob := s.As("alice"), s.As("bob")
		room := makeRoom(alice, testkit.Vars{"memberIds": []string{"bob"}})
		id := sendText(alice, room, "x").Str("id")
		bob.Do(`mutation($id: ID!) { react(messageId: $id, emoji: "b") { __typename } }`,
			testkit.Vars{"id": id})
		show := func(c *testkit.Client) string {
			opened := c.Subscribe(own, testkit.Vars{"room": room}).Next().At("roomEvents")
			raw, err := json.Marshal(opened.Without("seq").String())
			if err != nil {
				t.Fatal(err)
			}
			return string(raw)
		}
		const page = `messages:map[nodes:[map[contents:x`
		hers, his := show(alice), show(bob)
		if !strings.Contains(hers, page+` viewerReactions:[]]]]`) ||
			!strings.Contains(
				hers,
				`lastReadSeq:0`,
			) || !strings.Contains(hers, `viewerRole:OWNER`) {
			t.Errorf("alice is shown %s", hers)
		}
		if !strings.Contains(his, page+` viewerReactions:[b]]]]`) ||
			!strings.Contains(his, `unreadCount:1 `) ||
			!strings.Contains(his, `latestMessage:map[contents:x]`) {
			t.Errorf("bob is shown %s", his)
		}
		bob.Do(`mutation($room: ID!) { markRead(roomId: $room, seq: 1) { __typename } }`,
			testkit.Vars{"room": room})
		if his := show(bob); !strings.Contains(his, `unreadCount:0 `) {
			t.Errorf("bob is shown %s after he has read it", his)
		}
	})
}

// TestResolversUseTheScope: what resolvers below the root load, they load by the domain of their
// scope. That may be a snapshot; the server's own domain would read the present beside it.
func TestResolversUseTheScope(t *testing.T) {
	files, err := filepath.Glob("*.resolvers.go")
	if err != nil || len(files) == 0 {
		t.Fatalf("there are no resolvers: %v", err)
	}
	set, resolvers := token.NewFileSet(), 0
	for _, name := range files {
		file, err := parser.ParseFile(set, name, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		for _, decl := range file.Decls {
			f, ok := decl.(*ast.FuncDecl)
			if !ok || !slices.ContainsFunc(f.Type.Params.List, func(p *ast.Field) bool {
				return len(p.Names) > 0 && p.Names[0].Name == "objs"
			}) {
				continue
			}
			resolvers++
			ast.Inspect(f.Body, func(n ast.Node) bool {
				selected, ok := n.(*ast.SelectorExpr)
				if !ok || selected.Sel.Name != "chat" {
					return true
				}
				if of, ok := selected.X.(*ast.Ident); ok && of.Name == "r" {
					t.Errorf("%s uses r.chat instead of its scope's", set.Position(n.Pos()))
				}
				return true
			})
		}
	}
	if resolvers < 20 {
		t.Errorf("only %d resolvers were found", resolvers)
	}
}
