package graph_test

import (
	"slices"
	"testing"
	"time"

	"parley/internal/testkit"
)

// TestSearchFoldsUnicode: case does not matter in any script, nor how a letter with an accent is
// written.
func TestSearchFoldsUnicode(t *testing.T) {
	testkit.Each(t, func(t *testing.T, s *testkit.Server) {
		alice := s.As("alice")
		const find = `query($search: String, $tag: String) { rooms(search: $search, tag: $tag) { nodes { id } } }`
		for _, c := range []struct{ name, search, tag, byTag string }{
			{"ΟΔΥΣΣΕΥΣ", "οδυσσευς", "ΛΟΓΟΣ", "λογος"},
			{"Hauptstraße", "HAUPTSTRASSE", "Fuß", "FUSS"},
			{"cafe\u0301", "caf\u00e9", "Cre\u0301me", "CR\u00c9ME"},
			{"100 µm", "μm", " Spaced ", "spaced"},
		} {
			id := makeRoom(
				alice,
				testkit.Vars{"name": c.name, "tags": []string{c.tag}, "accessType": "PUBLIC"},
			)
			for _, vars := range []testkit.Vars{
				{"search": c.search}, {"tag": c.byTag}, {"search": c.name}, {"tag": c.tag}, {"search": c.byTag},
			} {
				if got := alice.Do(find, vars).
					Strs("rooms.nodes.*.id"); !slices.Equal(
					got,
					[]string{id},
				) {
					t.Errorf("%q, %q by %v: %v", c.name, c.tag, vars, got)
				}
			}
		}
	})
}

// TestTagsAreTrimmed: tags that differ in case only are one, and the first spelling is kept.
func TestTagsAreTrimmed(t *testing.T) {
	testkit.Each(t, func(t *testing.T, s *testkit.Server) {
		alice := s.As("alice")
		const tags = `query($id: ID!) { roomInfo(roomId: $id) { tags } }`
		id := makeRoom(alice, testkit.Vars{"tags": []string{" x ", "X", "Straße", "STRASSE", "y"}})
		want := []string{"x", "Straße", "y"}
		if got := alice.Do(tags, testkit.Vars{"id": id}).
			Strs("roomInfo.tags"); !slices.Equal(
			got,
			want,
		) {
			t.Errorf("%q, want %q", got, want)
		}
		const update = `mutation($id: ID!, $tags: [String!]) { updateRoom(input: {roomId: $id, tags: $tags}) { room { tags } } }`
		got := alice.Do(update, testkit.Vars{"id": id, "tags": []string{"Y", " y", "z"}}).
			Strs("updateRoom.room.tags")
		if !slices.Equal(got, []string{"Y", "z"}) {
			t.Errorf("updated: %q", got)
		}
		for _, bad := range []string{"", " \t", "\u200b", "a\nb"} {
			e := alice.Refused(
				"BAD_USER_INPUT",
				update,
				testkit.Vars{"id": id, "tags": []string{bad}},
			)
			if e.Extensions["field"] != "tags" {
				t.Errorf("%q: field %v", bad, e.Extensions["field"])
			}
			if bad == "" && e.Message != "A tag must not be empty." {
				t.Errorf("%q", e.Message)
			}
		}
		// The same request as an idempotencyKey has made before, letter by letter.
		input := testkit.Vars{"tags": []string{" x ", "X"}, "idempotencyKey": "k"}
		if first, again := makeRoom(alice, input), makeRoom(alice, input); first != again {
			t.Errorf("made %s and %s", first, again)
		}
	})
}

// TestOneReaction: an emoji with and without a variation selector is one.
func TestOneReaction(t *testing.T) {
	testkit.Each(t, func(t *testing.T, s *testkit.Server) {
		alice, bob := s.As("alice"), s.As("bob")
		room := makeRoom(alice, testkit.Vars{"memberIds": []string{"bob"}})
		message := alice.Do(`mutation($r: ID!) { sendMessage(input: {roomId: $r, contents: "hi"}) { message { id } } }`,
			testkit.Vars{"r": room}).
			Str("sendMessage.message.id")
		react := func(c *testkit.Client, emoji string, on bool) testkit.JSON {
			return c.Do(`mutation($m: ID!, $e: String!, $on: Boolean!) { react(messageId: $m, emoji: $e, on: $on) {
				message { reactions { emoji count } viewerReactions } } }`,
				testkit.Vars{"m": message, "e": emoji, "on": on}).
				At("react.message")
		}
		react(alice, "❤️", true)
		both := react(bob, "❤", true)
		if got := both.Strs(
			"reactions.*.emoji",
		); !slices.Equal(got, []string{"❤️"}) ||
			both.Int("reactions.0.count") != 2 ||
			!slices.Equal(both.Strs("viewerReactions"), []string{"❤️"}) {
			t.Errorf("%v, want two of one", both)
		}
		if left := react(alice, "❤", false); left.Int("reactions.0.count") != 1 {
			t.Errorf("%v, want one", left)
		}
		if left := react(bob, "❤", false); len(left.List("reactions")) != 0 {
			t.Errorf("%v, want none", left)
		}
		for _, bad := range []string{"\u200d", "\u200b", "\u202e", "\ufe0f", " ", ""} {
			alice.Refused(
				"BAD_USER_INPUT",
				`mutation($m: ID!, $e: String!) { react(messageId: $m, emoji: $e) { message { id } } }`,
				testkit.Vars{"m": message, "e": bad},
			)
		}
	})
}

// TestTextRules: each field refuses what it cannot show, and names itself.
func TestTextRules(t *testing.T) {
	testkit.Each(t, func(t *testing.T, s *testkit.Server) {
		alice := s.As("alice")
		room := makeRoom(alice, nil)
		const profile = `mutation($i: ProfileInput!) { updateProfile(input: $i) { user { avatar nickName } } }`
		for _, c := range []struct {
			field, query string
			vars         testkit.Vars
		}{
			{"avatar", profile, testkit.Vars{"i": testkit.Vars{"avatar": "javascript:alert(1)"}}},
			{"avatar", profile, testkit.Vars{"i": testkit.Vars{"avatar": "data:image/png;base64,AA=="}}},
			{"twitter.avatar", profile, testkit.Vars{"i": testkit.Vars{"twitter": testkit.Vars{"avatar": "//a.example"}}}},
			{"nickName", profile, testkit.Vars{"i": testkit.Vars{"nickName": "\u200b"}}},
			{"nickName", profile, testkit.Vars{"i": testkit.Vars{"nickName": "ada\u202eecila"}}},
			{"nickName", profile, testkit.Vars{"i": testkit.Vars{"nickName": "a\nb"}}},
			{"name", `mutation($r: ID!) { updateRoom(input: {roomId: $r, name: " "}) { room { id } } }`, testkit.Vars{"r": room}},
			{"openseaCollection.cover", `mutation { createRoom(input: {openseaCollection: {name: "", slug: "s", cover: "x"}}) { room { id } } }`, nil},
			{"openseaItem.imageUrl", `mutation($r: ID!) { sendMessage(input: {roomId: $r, contents: "x",
				openseaItem: {contractAddress: "0x1", tokenId: "1", name: "", imageUrl: "ftp://x"}}) { message { id } } }`, testkit.Vars{"r": room}},
			{"contents", `mutation($r: ID!) { sendMessage(input: {roomId: $r, contents: " \u200B\n"}) { message { id } } }`, testkit.Vars{"r": room}},
		} {
			if e := alice.Refused(
				"BAD_USER_INPUT",
				c.query,
				c.vars,
			); e.Extensions["field"] != c.field {
				t.Errorf("%s: field %v: %s", c.field, e.Extensions["field"], e.Message)
			}
		}
		for _, avatar := range []string{"https://a.example/p.png", ""} {
			if got := alice.Do(profile, testkit.Vars{"i": testkit.Vars{"avatar": avatar}}).
				Str("updateProfile.user.avatar"); got != avatar {
				t.Errorf("avatar %q, want %q", got, avatar)
			}
		}
		// A token's claims are its issuer's: what cannot be shown of them is left out.
		token := s.Sign(testkit.Vars{
			"sub":     "carol",
			"name":    "Ca\u202erol",
			"picture": "javascript:alert(1)",
			"exp":     time.Now().Add(time.Hour).Unix(),
		})
		if me := s.With(token).
			Do(`{ me { nickName avatar } }`, nil).
			At("me"); me.Str("nickName") != "Carol" ||
			me.Str("avatar") != "" {
			t.Errorf("from the token: %v", me)
		}
	})
}
