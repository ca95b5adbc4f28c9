package graph_test

import (
	"fmt"
	"maps"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"parley/internal/testkit"
)

// TestSendBothWays sends on the short way and, where a condition keeps the operation from it, on the long one: the answers are
// the same.
func TestSendBothWays(t *testing.T) {
	const shortWay = `mutation($input: SendMessageInput!) { sent: sendMessage(input: $input) { __typename message {
		type contents isThread idempotencyKey from { id nickName } room { id name } replyTo { contents } mentions { id } openseaItem { name } editedAt } } }`
	longWay := strings.Replace(shortWay, "(input: $input) {", "(input: $input) @include(if: true) {", 1)
	testkit.Each(t, func(t *testing.T, s *testkit.Server) {
		alice, bob, nobody := s.As("alice"), s.As("bob"), s.With("")
		room := makeRoom(alice, testkit.Vars{"name": "room"})
		first := say(alice, room, "first").Str("id")
		with := func(more testkit.Vars) testkit.Vars {
			input := testkit.Vars{"roomId": room, "contents": `"é" & <b>`}
			maps.Copy(input, more)
			return input
		}
		for name, test := range map[string]struct {
			who   *testkit.Client
			input testkit.Vars
		}{
			"a text":            {alice, with(nil)},
			"a card":            {alice, with(testkit.Vars{"type": "CARD", "contents": `{"a":1}`})},
			"no card":           {alice, with(testkit.Vars{"type": "CARD", "contents": `{`})},
			"another type":      {alice, with(testkit.Vars{"type": "SONG"})},
			"type null":         {alice, with(testkit.Vars{"type": nil})},
			"nothing said":      {alice, with(testkit.Vars{"contents": ""})},
			"contents a number": {alice, with(testkit.Vars{"contents": 5})},
			"far too much said": {alice, with(testkit.Vars{"contents": strings.Repeat("x", 16_001)})},
			"a NUL":             {alice, with(testkit.Vars{"contents": "a\x00b"})},
			"no such room":      {alice, with(testkit.Vars{"roomId": "nonsense"})},
			"a room's number":   {alice, with(testkit.Vars{"roomId": 7})},
			"outside":           {bob, with(nil)},
			"nobody":            {nobody, with(nil)},
			"with a key":        {alice, with(testkit.Vars{"idempotencyKey": "k"})},
			"key null":          {alice, with(testkit.Vars{"idempotencyKey": nil})},
			"empty key":         {alice, with(testkit.Vars{"idempotencyKey": ""})},
			"a reply":           {alice, with(testkit.Vars{"replyToId": first, "mentionIds": []string{"alice"}})},
			"an NFT":            {alice, with(testkit.Vars{"openseaItem": testkit.Vars{"contractAddress": "0x1", "name": "n"}})},
			"no contents":       {alice, testkit.Vars{"roomId": room}},
			"of more":           {alice, with(testkit.Vars{"colour": "red"})},
		} {
			short, long := test.who.Ask(shortWay, testkit.Vars{"input": test.input}), test.who.Ask(longWay, testkit.Vars{"input": test.input})
			if diff := cmp.Diff(long.Errors, short.Errors); diff != "" {
				t.Errorf("%s: errors (-long +short):\n%s", name, diff)
			}
			if diff := cmp.Diff(long.Data.String(), short.Data.String()); diff != "" {
				t.Errorf("%s: data (-long +short):\n%s", name, diff)
			}
		}
	})
}

// TestSentOnce: where there is something wrong with what is asked about a message, it is sent all the same, and once.
func TestSentOnce(t *testing.T) {
	testkit.Each(t, func(t *testing.T, s *testkit.Server) {
		alice := s.As("alice")
		room := makeRoom(alice, nil)
		const send = `mutation($input: SendMessageInput!) { sendMessage(input: $input) { message { seq replies(first: 101) { nodes { seq } } } } }`
		for i := range 3 {
			reply := alice.Ask(send, testkit.Vars{"input": testkit.Vars{"roomId": room, "contents": "x"}})
			if reply.Code() != "BAD_USER_INPUT" || fmt.Sprint(reply.Errors[0].Path) != "[sendMessage message replies]" {
				t.Errorf("%+v", reply.Errors)
			}
			if n := alice.Do(`query($room: ID!) { roomInfo(roomId: $room) { seq } }`, testkit.Vars{"room": room}).Int("roomInfo.seq"); n != i+1 {
				t.Errorf("the room has come to %d, want %d", n, i+1)
			}
		}
	})
}
