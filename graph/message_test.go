package graph_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"parley/internal/testkit"
	"parley/internal/testkit/scale"
)

const messageFields = `id seq type contents isThread replyCount idempotencyKey createdAt editedAt deletedAt
	from { id } room { id } replyTo { seq } thread { seq } mentions { id } reactions { emoji count } viewerReactions
	openseaItem { contractAddress tokenId name description imageUrl }`

const sendMessage = `mutation($input: SendMessageInput!) { sendMessage(input: $input) { message { ` + messageFields + ` } } }`

// sendText sends a message and returns it.
func sendText(c *testkit.Client, room, contents string, more ...testkit.Vars) testkit.JSON {
	input := testkit.Vars{"roomId": room, "contents": contents}
	for _, m := range more {
		maps.Copy(input, m)
	}
	return c.Do(sendMessage, testkit.Vars{"input": input}).At("sendMessage.message")
}

// sendTexts sends n texts to a room, in requests of at most 50.
func sendTexts(c *testkit.Client, room string, n int) {
	for ; n > 0; n -= 50 {
		fields := aliased(
			min(n, 50),
			`sendMessage(input: { roomId: $room, contents: "x" }) { __typename }`,
		)
		c.Do("mutation($room: ID!) { "+strings.Join(fields, " ")+" }", testkit.Vars{"room": room})
	}
}

func TestSendMessage(t *testing.T) {
	testkit.Each(t, func(t *testing.T, s *testkit.Server) {
		alice, bob := s.As("alice"), s.As("bob")
		room := makeRoom(alice, testkit.Vars{"memberIds": []string{"bob"}})

		first := sendText(alice, room, "Hi")
		if first.Int("seq") != 1 || first.Str("from.id") != "alice" ||
			first.Str("type") != "TEXT" ||
			first.Str("room.id") != room ||
			first.Bool("isThread") ||
			!first.IsNull("idempotencyKey") ||
			!first.IsNull("editedAt") ||
			!first.IsNull("openseaItem") {
			t.Errorf("the first message: %v", first)
		}
		second := sendText(bob, room, `{"card": 1}`, testkit.Vars{
			"type":       "CARD",
			"replyToId":  first.Str("id"),
			"threadId":   first.Str("id"),
			"mentionIds": []string{"alice", "bob", "alice"},
			"openseaItem": testkit.Vars{
				"contractAddress": "0x1",
				"imageUrl":        "https://example.com/i.png",
			},
			"idempotencyKey": "k",
		})
		if second.Int("seq") != 2 || second.Int("replyTo.seq") != 1 ||
			second.Int("thread.seq") != 1 ||
			second.Str("idempotencyKey") != "k" ||
			!slices.Equal(second.Strs("mentions.*.id"), []string{"alice", "bob"}) ||
			second.Str("openseaItem.imageUrl") != "https://example.com/i.png" ||
			second.Str("openseaItem.name") != "" {
			t.Errorf("the second message: %v", second)
		}
		got := alice.Do(
			`query($id: ID!) { roomInfo(roomId: $id) { seq updatedAt latestMessage { seq from { id } }
			messages { nodes { seq isThread replyCount replies { nodes { seq } } } pageInfo { hasNextPage hasPreviousPage } } } node(id: "`+first.Str(
				"id",
			)+`") { __typename id } }`,
			testkit.Vars{"id": room},
		)
		if got.Int("roomInfo.seq") != 2 || got.Int("roomInfo.latestMessage.seq") != 2 ||
			got.Str("roomInfo.updatedAt") != second.Str("createdAt") {
			t.Errorf("the room: %v", got)
		}
		if want := "[map[isThread:true replies:map[nodes:[map[seq:2]]] replyCount:1 seq:1] map[isThread:false replies:map[nodes:[]] replyCount:0 seq:2]]"; got.At("roomInfo.messages.nodes").
			String() !=
			want {
			t.Errorf("messages %v\nwant     %s", got.At("roomInfo.messages.nodes"), want)
		}
		if got.Str("node.__typename") != "Message" || got.Str("node.id") != first.Str("id") {
			t.Errorf("node: %v", got.At("node"))
		}
		// The room that was spoken in last comes first.
		other := makeRoom(alice, nil)
		sendText(bob, room, "again")
		if ids := alice.Do(`{ myRoomIds }`, nil).
			Strs("myRoomIds"); !slices.Equal(
			ids,
			[]string{room, other},
		) {
			t.Errorf("my rooms: %v", ids)
		}
	})
}

func TestSendMessageRefuses(t *testing.T) {
	testkit.Each(t, func(t *testing.T, s *testkit.Server) {
		alice, bob, carol := s.As("alice"), s.As("bob"), s.As("carol")
		room := makeRoom(alice, testkit.Vars{"memberIds": []string{"bob"}})
		public := makeRoom(alice, testkit.Vars{"accessType": "PUBLIC"})
		elsewhere := sendText(alice, public, "elsewhere").Str("id")
		root := sendText(alice, room, "root").Str("id")
		inThread := sendText(alice, room, "in the thread", testkit.Vars{"threadId": root}).Str("id")
		long := strings.Repeat("ö", 16_001)
		for _, c := range []struct {
			name, field string
			input       testkit.Vars
		}{
			{"empty", "contents", testkit.Vars{"contents": ""}},
			{"too long", "contents", testkit.Vars{"contents": long}},
			{"NUL", "contents", testkit.Vars{"contents": "a\x00"}},
			{"CARD that is not JSON", "contents", testkit.Vars{"contents": "{", "type": "CARD"}},
			{"reply elsewhere", "replyToId", testkit.Vars{"replyToId": elsewhere}},
			{"reply to nothing", "replyToId", testkit.Vars{"replyToId": "nonsense"}},
			{"thread elsewhere", "threadId", testkit.Vars{"threadId": elsewhere}},
			{"thread inside a thread", "threadId", testkit.Vars{"threadId": inThread}},
			{"mention of an outsider", "mentionIds", testkit.Vars{"mentionIds": []string{"bob", "carol"}}},
			{"mention of an unknown user", "mentionIds", testkit.Vars{"mentionIds": []string{"nobody"}}},
			{"item without contract", "openseaItem.contractAddress", testkit.Vars{"openseaItem": testkit.Vars{"contractAddress": ""}}},
			{"key empty", "idempotencyKey", testkit.Vars{"idempotencyKey": ""}},
			{"key too long", "idempotencyKey", testkit.Vars{"idempotencyKey": strings.Repeat("k", 201)}},
		} {
			input := testkit.Vars{"roomId": room, "contents": "x"}
			maps.Copy(input, c.input)
			if e := alice.Refused(
				"BAD_USER_INPUT",
				sendMessage,
				testkit.Vars{"input": input},
			); e.Extensions["field"] != c.field {
				t.Errorf("%s: field %v, want %s", c.name, e.Extensions["field"], c.field)
			}
		}
		if reply := alice.Post(
			[]byte(
				`{"query":"mutation { sendMessage(input: {roomId: \"`+room+`\", contents: \"`+"\xff\xfe"+`\"}) { message { id } } }"}`,
			),
			"application/json",
		); reply.Code() == "" {
			t.Errorf("invalid UTF-8 was accepted: %v", reply.Data)
		}
		carol.Refused(
			"NOT_FOUND",
			sendMessage,
			testkit.Vars{"input": testkit.Vars{"roomId": room, "contents": "x"}},
		)
		carol.Refused(
			"NOT_FOUND",
			sendMessage,
			testkit.Vars{"input": testkit.Vars{"roomId": "nonsense", "contents": "x"}},
		)
		carol.Refused(
			"FORBIDDEN",
			sendMessage,
			testkit.Vars{"input": testkit.Vars{"roomId": public, "contents": "x"}},
		)

		if n := sendText(bob, room, strings.Repeat("ö", 16_000)).Int("seq"); n != 3 {
			t.Errorf("what was refused took a seq: the next is %d", n)
		}
	})
}

func TestSendMessageIdempotency(t *testing.T) {
	testkit.Each(t, func(t *testing.T, s *testkit.Server) {
		alice, bob := s.As("alice"), s.As("bob")
		room := makeRoom(alice, testkit.Vars{"memberIds": []string{"bob"}})
		other := makeRoom(alice, nil)
		key := testkit.Vars{"idempotencyKey": "k"}
		seqs := inParallel(50, func() int { return sendText(alice, room, "once", key).Int("seq") })
		if len(slices.Compact(seqs)) != 1 {
			t.Errorf("seqs %v", seqs)
		}
		alice.Refused(
			"IDEMPOTENCY_CONFLICT",
			sendMessage,
			testkit.Vars{
				"input": testkit.Vars{"roomId": room, "contents": "other", "idempotencyKey": "k"},
			},
		)
		// An honest retry after an edit gets the message as it is now.
		id := sendText(alice, room, "once", key).Str("id")
		alice.Do(
			`mutation($id: ID!) { editMessage(messageId: $id, contents: "edited") { message { id } } }`,
			testkit.Vars{"id": id},
		)
		if again := sendText(
			alice,
			room,
			"once",
			key,
		); again.Str("contents") != "edited" ||
			again.Str("id") != id {
			t.Errorf("the retry got %v", again)
		}
		// Keys are of a person in a room.
		if sendText(bob, room, "bob's", key).Int("seq") == 1 ||
			sendText(alice, other, "elsewhere", key).Int("seq") != 1 {
			t.Error("a key was taken for another's")
		}
		if n := len(
			alice.Do(`query($id: ID!) { roomInfo(roomId: $id) { messages { nodes { id } } } }`, testkit.Vars{"id": room}).
				List("roomInfo.messages.nodes"),
		); n != 2 {
			t.Errorf("%d messages", n)
		}
	})
}

func TestEditAndDeleteMessage(t *testing.T) {
	const edit = `mutation($id: ID!, $contents: String!) { editMessage(messageId: $id, contents: $contents) { message { ` + messageFields + ` } } }`
	const del = `mutation($id: ID!) { deleteMessage(messageId: $id) { message { ` + messageFields + ` } } }`
	testkit.Each(t, func(t *testing.T, s *testkit.Server) {
		alice, bob, carol := s.As("alice"), s.As("bob"), s.As("carol")
		room := makeRoom(alice, testkit.Vars{"memberIds": []string{"bob"}})
		seq := func() int {
			return alice.Do(`query($id: ID!) { roomInfo(roomId: $id) { seq } }`, testkit.Vars{"id": room}).
				Int("roomInfo.seq")
		}
		mine := sendText(
			bob,
			room,
			"mine",
			testkit.Vars{
				"mentionIds":  []string{"alice"},
				"openseaItem": testkit.Vars{"contractAddress": "0x1"},
			},
		)
		card := sendText(bob, room, "1", testkit.Vars{"type": "CARD"})

		edited := bob.Do(edit, testkit.Vars{"id": mine.Str("id"), "contents": "changed"}).
			At("editMessage.message")
		if edited.Str("contents") != "changed" || edited.IsNull("editedAt") ||
			edited.Int("seq") != 1 ||
			seq() != 3 {
			t.Errorf("edited: %v", edited)
		}
		bob.Do(edit, testkit.Vars{"id": mine.Str("id"), "contents": "changed"})
		if seq() != 3 {
			t.Error("an edit that changes nothing took a seq")
		}
		alice.Refused("FORBIDDEN", edit, testkit.Vars{"id": mine.Str("id"), "contents": "hers"})
		carol.Refused("NOT_FOUND", edit, testkit.Vars{"id": mine.Str("id"), "contents": "x"})
		bob.Refused("NOT_FOUND", edit, testkit.Vars{"id": "nonsense", "contents": "x"})
		bob.Refused("BAD_USER_INPUT", edit, testkit.Vars{"id": mine.Str("id"), "contents": ""})
		bob.Refused("BAD_USER_INPUT", edit, testkit.Vars{"id": card.Str("id"), "contents": "{"})

		bob.Do(
			`mutation($id: ID!) { react(messageId: $id, emoji: "👍") { message { id } } }`,
			testkit.Vars{"id": mine.Str("id")},
		)
		owners := sendText(alice, room, "the owner's")
		bob.Refused("FORBIDDEN", del, testkit.Vars{"id": owners.Str("id")})
		carol.Refused("NOT_FOUND", del, testkit.Vars{"id": mine.Str("id")})
		gone := alice.Do(del, testkit.Vars{"id": mine.Str("id")}).At("deleteMessage.message")
		if gone.Str("contents") != "" || gone.IsNull("deletedAt") ||
			len(gone.List("mentions")) != 0 ||
			len(gone.List("reactions")) != 0 ||
			!gone.IsNull("openseaItem") ||
			gone.Str("from.id") != "bob" {
			t.Errorf("deleted: %v", gone)
		}
		at := seq()
		alice.Do(del, testkit.Vars{"id": mine.Str("id")})
		if seq() != at {
			t.Error("deleting again took a seq")
		}
		bob.Refused("FORBIDDEN", edit, testkit.Vars{"id": mine.Str("id"), "contents": "back"})
		bob.Refused(
			"FORBIDDEN",
			`mutation($id: ID!) { react(messageId: $id, emoji: "x") { message { id } } }`,
			testkit.Vars{"id": mine.Str("id")},
		)
	})
}

func TestReact(t *testing.T) {
	const react = `mutation($id: ID!, $emoji: String!, $on: Boolean!) { react(messageId: $id, emoji: $emoji, on: $on) { message { reactions { emoji count } viewerReactions room { seq } } } }`
	testkit.Each(t, func(t *testing.T, s *testkit.Server) {
		alice, bob, carol := s.As("alice"), s.As("bob"), s.As("carol")
		room := makeRoom(alice, testkit.Vars{"memberIds": []string{"bob"}})
		id := sendText(alice, room, "Hi").Str("id")
		do := func(c *testkit.Client, emoji string, on bool) testkit.JSON {
			return c.Do(react, testkit.Vars{"id": id, "emoji": emoji, "on": on}).At("react.message")
		}
		do(alice, "👍", true)
		do(bob, "🎉", true)
		do(bob, "👍", true)
		got := do(bob, "👍", true) // again: nothing changes
		if got.At("reactions").String() != "[map[count:2 emoji:👍] map[count:1 emoji:🎉]]" ||
			got.Int("room.seq") != 4 {
			t.Errorf("reactions %v", got)
		}
		if !slices.Equal(got.Strs("viewerReactions"), []string{"🎉", "👍"}) {
			t.Errorf("viewerReactions %v", got.Strs("viewerReactions"))
		}
		do(bob, "👍", false)
		got = do(bob, "👍", false)
		if got.At("reactions").String() != "[map[count:1 emoji:👍] map[count:1 emoji:🎉]]" ||
			got.Int("room.seq") != 5 {
			t.Errorf("reactions %v", got)
		}
		for _, emoji := range []string{"", " ", "a b", "a\x00", strings.Repeat("x", 33)} {
			if e := alice.Refused(
				"BAD_USER_INPUT",
				react,
				testkit.Vars{"id": id, "emoji": emoji, "on": true},
			); e.Extensions["field"] != "emoji" {
				t.Errorf("%q: %v", emoji, e)
			}
		}
		carol.Refused("NOT_FOUND", react, testkit.Vars{"id": id, "emoji": "x", "on": true})
		for i := range 48 {
			do(alice, fmt.Sprint("e", i), true)
		}
		alice.Refused(
			"BAD_USER_INPUT",
			react,
			testkit.Vars{"id": id, "emoji": "one more", "on": true},
		)
		alice.Refused("BAD_USER_INPUT", react, testkit.Vars{"id": id, "emoji": "51st", "on": true})
		do(bob, "e0", true) // one that is there
	})
}

func TestMarkRead(t *testing.T) {
	const mark = `mutation($id: ID!, $seq: Int!) { markRead(roomId: $id, seq: $seq) { room { unreadCount lastReadSeq seq } } }`
	testkit.Each(t, func(t *testing.T, s *testkit.Server) {
		alice, bob, carol := s.As("alice"), s.As("bob"), s.As("carol")
		room := makeRoom(alice, testkit.Vars{"memberIds": []string{"bob"}, "accessType": "PUBLIC"})
		read := func(c *testkit.Client, seq int) string {
			return c.Do(mark, testkit.Vars{"id": room, "seq": seq}).At("markRead.room").String()
		}
		unread := func(c *testkit.Client) string {
			return c.Do(`query($id: ID!) { roomInfo(roomId: $id) { unreadCount lastReadSeq } }`, testkit.Vars{"id": room}).
				At("roomInfo").
				String()
		}
		for i := range 6 { // alice at 1, 3, 5; bob at 2, 4, 6
			sendText([]*testkit.Client{alice, bob}[i%2], room, "x")
		}
		if got := unread(bob); got != "map[lastReadSeq:0 unreadCount:3]" {
			t.Errorf("bob: %s", got)
		}
		if got := read(bob, 3); got != "map[lastReadSeq:3 seq:6 unreadCount:1]" {
			t.Errorf("after reading to 3: %s", got)
		}
		if got := read(bob, 1); got != "map[lastReadSeq:3 seq:6 unreadCount:1]" {
			t.Errorf("it moved backwards: %s", got)
		}
		alice.Do(
			`mutation { deleteMessage(messageId: "`+sendText(
				alice,
				room,
				"gone",
			).Str("id")+
				`") { message { id } } }`,
			nil,
		)
		if got := unread(bob); got != "map[lastReadSeq:3 unreadCount:2]" {
			t.Errorf("deleted ones count: %s", got)
		}
		if got := read(bob, 1000); got != "map[lastReadSeq:7 seq:8 unreadCount:0]" {
			t.Errorf("after reading everything: %s", got)
		}
		sendText(bob, room, "his own")
		if got := unread(bob); got != "map[lastReadSeq:7 unreadCount:0]" {
			t.Errorf("his own counts: %s", got)
		}
		sendText(alice, room, "new")
		if got := unread(bob); got != "map[lastReadSeq:7 unreadCount:1]" {
			t.Errorf("a new one: %s", got)
		}
		if got := unread(carol); got != "map[lastReadSeq:0 unreadCount:0]" {
			t.Errorf("an outsider: %s", got)
		}
		if e := bob.Refused(
			"BAD_USER_INPUT",
			mark,
			testkit.Vars{"id": room, "seq": -1},
		); e.Extensions["field"] != "seq" {
			t.Errorf("field %v", e.Extensions)
		}
		carol.Refused("FORBIDDEN", mark, testkit.Vars{"id": room, "seq": 1})
		carol.Refused("NOT_FOUND", mark, testkit.Vars{"id": "nonsense", "seq": 1})
	})
}

func TestMessagesPages(t *testing.T) {
	testkit.Each(t, func(t *testing.T, s *testkit.Server) {
		alice, carol := s.As("alice"), s.As("carol")
		room := makeRoom(alice, testkit.Vars{"accessType": "PUBLIC"})
		root := ""
		for i := range 10 { // seqs 1…10; 4, 6 and 8 are in the thread of 2
			more := testkit.Vars{}
			if i == 3 || i == 5 || i == 7 {
				more["threadId"] = root
			}
			id := sendText(alice, room, fmt.Sprint(i+1), more).Str("id")
			if i == 1 {
				root = id
			}
		}
		ask := func(arguments string) testkit.JSON {
			return alice.Do(`query($id: ID!) { roomInfo(roomId: $id) { messages`+arguments+` { nodes { seq } edges { cursor node { seq } } pageInfo { hasPreviousPage hasNextPage startCursor endCursor } } } }`,
				testkit.Vars{"id": room}).
				At("roomInfo.messages")
		}
		show := func(page testkit.JSON) string {
			return fmt.Sprint(
				strings.Join(page.Strs("nodes.*.seq"), " "),
				" ",
				page.Bool("pageInfo.hasPreviousPage"),
				" ",
				page.Bool("pageInfo.hasNextPage"),
			)
		}
		cursor := func(seq int) string {
			return ask("(first: 1, afterSeq: " + fmt.Sprint(seq-1) + ")").Str("edges.0.cursor")
		}
		for _, c := range []struct{ arguments, want string }{
			{"", "1 2 3 4 5 6 7 8 9 10 false false"},
			{"(first: 3)", "1 2 3 false true"},
			{"(last: 3)", "8 9 10 true false"},
			{"(first: 0)", " false true"},
			{"(first: 3, after: \"" + cursor(3) + "\")", "4 5 6 true true"},
			{"(first: 3, after: \"" + cursor(8) + "\")", "9 10 true false"},
			{"(first: 3, after: \"" + cursor(10) + "\")", " true false"},
			{"(last: 3, before: \"" + cursor(4) + "\")", "1 2 3 false true"},
			{"(last: 2, before: \"" + cursor(4) + "\")", "2 3 true true"},
			{"(last: 2, before: \"" + cursor(1) + "\")", " false true"},
			{"(first: 2, before: \"" + cursor(6) + "\")", "1 2 false true"},
			{"(first: 9, before: \"" + cursor(6) + "\")", "1 2 3 4 5 false true"},
			{"(last: 2, after: \"" + cursor(3) + "\")", "9 10 true false"},
			{"(first: 9, after: \"" + cursor(3) + "\", before: \"" + cursor(6) + "\")", "4 5 true true"},
			{"(first: 2, afterSeq: 5)", "6 7 true true"},
			{"(last: 2, beforeSeq: 5)", "3 4 true true"},
			{"(last: 2, beforeSeq: 0)", " false true"},
			{"(afterSeq: 0)", "1 2 3 4 5 6 7 8 9 10 false false"},
			{"(inThreads: false)", "1 2 3 5 7 9 10 false false"},
			{"(inThreads: false, last: 2)", "9 10 true false"},
			{"(inThreads: false, first: 2, afterSeq: 3)", "5 7 true true"},
			{"(inThreads: false, first: 5, afterSeq: 8)", "9 10 true false"},
		} {
			if got := show(ask(c.arguments)); got != c.want {
				t.Errorf("messages%s: %s, want %s", c.arguments, got, c.want)
			}
		}
		replies := func(arguments string) string {
			page := alice.Do(`query { node(id: "`+root+`") { ... on Message { replyCount messages: replies`+arguments+` { nodes { seq } edges { cursor node { seq } } pageInfo { hasPreviousPage hasNextPage } } } } }`, nil).
				At("node")
			return show(page.At("messages"))
		}
		for _, c := range []struct{ arguments, want string }{
			{"", "4 6 8 false false"},
			{"(first: 2)", "4 6 false true"},
			{"(last: 2)", "6 8 true false"},
			{"(first: 2, after: \"" + cursor(4) + "\")", "6 8 true false"},
			{"(last: 1, before: \"" + cursor(6) + "\")", "4 false true"},
		} {
			if got := replies(c.arguments); got != c.want {
				t.Errorf("replies%s: %s, want %s", c.arguments, got, c.want)
			}
		}
		// A page that was read stays where it is while messages arrive.
		page := ask("(first: 2, afterSeq: 8)")
		sendText(alice, room, "11")
		if got := show(
			ask("(first: 2, after: \"" + page.Str("pageInfo.endCursor") + "\")"),
		); got != "11 true false" {
			t.Errorf("the page behind: %s", got)
		}
		for arguments, field := range map[string]string{
			"(first: 1, last: 1)":   "last",
			"(first: -1)":           "first",
			"(last: 101)":           "last",
			"(afterSeq: -1)":        "afterSeq",
			"(beforeSeq: -1)":       "beforeSeq",
			"(after: \"nonsense\")": "after",
			"(before: \"\")":        "before",
		} {
			if e := alice.Refused(
				"BAD_USER_INPUT",
				`{ roomInfo(roomId: "`+room+`") { messages`+arguments+` { nodes { id } } } }`,
				nil,
			); e.Extensions["field"] != field {
				t.Errorf("messages%s: field %v", arguments, e.Extensions["field"])
			}
		}
		other := makeRoom(alice, nil)
		sendText(alice, other, "x")
		foreign := alice.Do(`{ roomInfo(roomId: "`+other+`") { messages { pageInfo { endCursor } } } }`, nil).
			Str("roomInfo.messages.pageInfo.endCursor")
		alice.Refused(
			"BAD_USER_INPUT",
			`{ roomInfo(roomId: "`+room+`") { messages(after: "`+foreign+`") { nodes { id } } } }`,
			nil,
		)

		outside := carol.Do(
			`{ roomInfo(roomId: "`+room+`") { messages { nodes { id } } latestMessage { id } unreadCount lastReadSeq } node(id: "`+root+`") { id } }`,
			nil,
		)
		if outside.String() != "map[node:<nil> roomInfo:map[lastReadSeq:0 latestMessage:<nil> messages:<nil> unreadCount:0]]" {
			t.Errorf("an outsider sees %v", outside)
		}
	})
}

// TestMessagesStatements counts what lists with messages ask the database: not more for many rows
// than for few.
func TestMessagesStatements(t *testing.T) {
	const list = `{ myRooms(first: 50) { nodes { name unreadCount lastReadSeq viewerRole members { nodes { nickName } } creator { nickName }
		latestMessage { contents from { nickName } } } } }`
	const info = `query($id: ID!) { roomInfo(roomId: $id) { members { nodes { nickName } } messages(last: 50) { nodes {
		contents from { nickName } replyTo { from { nickName } } thread { seq } mentions { nickName } reactions { emoji count } viewerReactions replies(first: 3) { nodes { seq from { nickName } } } } } } }`
	testkit.Each(t, func(t *testing.T, s *testkit.Server) {
		alice := s.As("alice")
		var people []*testkit.Client
		var names []string
		for i := range 5 {
			names = append(names, fmt.Sprint("p", i))
			people = append(people, s.As(names[i]))
		}
		var rooms []string
		for i := range scale.Or(50, 20) {
			rooms = append(rooms, makeRoom(alice, testkit.Vars{"memberIds": names}))
			sendText(people[i%5], rooms[i], "x")
			sendText(people[(i+1)%5], rooms[i], "y")
		}
		statements := s.Statements(func() { alice.Do(list, nil) })
		if len(statements) > 8 {
			t.Errorf(
				"%d rooms took %d statements:\n%s",
				len(rooms),
				len(statements),
				strings.Join(statements, "\n"),
			)
		}
		for i := range 48 {
			m := sendText(people[i%5], rooms[0], "z", testkit.Vars{"mentionIds": names[:i%3]})
			if i%4 == 0 {
				sendText(
					alice,
					rooms[0],
					"reply",
					testkit.Vars{"replyToId": m.Str("id"), "threadId": m.Str("id")},
				)
				alice.Do(
					`mutation { react(messageId: "`+m.Str(
						"id",
					)+`", emoji: "x") { message { id } } }`,
					nil,
				)
			}
		}
		var data testkit.JSON
		statements = s.Statements(func() { data = alice.Do(info, testkit.Vars{"id": rooms[0]}) })
		if n := len(data.List("roomInfo.messages.nodes")); n != 50 {
			t.Errorf("%d messages", n)
		}
		if len(statements) > 14 {
			t.Errorf(
				"50 messages took %d statements:\n%s",
				len(statements),
				strings.Join(statements, "\n"),
			)
		}
	})
}

// TestManyThreads asks for the replies of more messages than one statement can take.
func TestManyThreads(t *testing.T) {
	testkit.Each(t, func(t *testing.T, s *testkit.Server) {
		alice := s.As("alice")
		for range 6 {
			room := makeRoom(alice, nil)
			inParallel(4, func() int {
				sendTexts(alice, room, 24)
				return 0
			})
			root := sendText(alice, room, "root").Str("id")
			sendText(alice, room, "reply", testkit.Vars{"threadId": root})
		}
		rooms := alice.Do(`{ myRooms { nodes { messages(last: 100) { nodes { replyCount replies(first: 1) { nodes { seq } } } } } } }`, nil).
			List("myRooms.nodes")
		for _, room := range rooms {
			for _, m := range room.List("messages.nodes") {
				if len(m.List("replies.nodes")) != m.Int("replyCount") {
					t.Errorf("a thread shows %v", m)
				}
			}
		}
	})
}

// TestIdempotencyKeyTexts: every text is a key of its own for each user. PostgreSQL finds keys by a
// hash, in which an author and a key must not run into each other, nor escapes change a key.
func TestIdempotencyKeyTexts(t *testing.T) {
	testkit.Each(t, func(t *testing.T, s *testkit.Server) {
		users := []string{"a", "ab", `a\`}
		for _, user := range users {
			s.As(user).Do(`{ me { id } }`, nil) // makes the user
		}
		room := makeRoom(s.As("a"), testkit.Vars{"memberIds": users[1:]})
		ids := map[string]bool{}
		keys := []string{"k", "bk", `\k`, `\\k`, `\x6b`, `\153`, `'k"`, "ké", "💬", "b"}
		for _, user := range users {
			for _, key := range keys {
				send := func() string {
					return sendText(
						s.As(user),
						room,
						key,
						testkit.Vars{"idempotencyKey": key},
					).Str("id")
				}
				first := send()
				if again := send(); again != first {
					t.Errorf("%q sent %q as %s and again as %s", user, key, first, again)
				}
				ids[first] = true
			}
		}
		if len(ids) != len(users)*len(keys) {
			t.Errorf("%d keys made %d messages", len(users)*len(keys), len(ids))
		}
	})
}
