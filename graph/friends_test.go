package graph_test

import (
	"fmt"
	"slices"
	"testing"

	"parley/internal/testkit"
)

const (
	requestFriend = `mutation($user: ID!) { requestFriend(userId: $user) { user { id viewerFriendship } } }`
	answerFriend  = `mutation($user: ID!, $accept: Boolean!) { answerFriendRequest(userId: $user, accept: $accept) { user { id viewerFriendship } } }`
	removeFriend  = `mutation($user: ID!) { removeFriend(userId: $user) { user { id viewerFriendship } } }`
)

// befriends makes friends of two users.
func befriends(s *testkit.Server, a, b string) {
	s.As(b)
	s.As(a).Do(requestFriend, testkit.Vars{"user": b})
	s.As(b).Do(answerFriend, testkit.Vars{"user": a, "accept": true})
}

func TestFriends(t *testing.T) {
	testkit.Each(t, func(t *testing.T, s *testkit.Server) {
		alice, bob := s.As("alice"), s.As("bob")
		are := func(c *testkit.Client, other, want string) {
			t.Helper()
			if got := c.Do(`query($id: ID!) { user(id: $id) { viewerFriendship } }`, testkit.Vars{"id": other}).
				Str("user.viewerFriendship"); got != want {
				t.Errorf("%s, want %s", got, want)
			}
		}
		both := func(ofAlice, ofBob string) {
			t.Helper()
			are(alice, "bob", ofAlice)
			are(bob, "alice", ofBob)
		}
		ask := func(c *testkit.Client, user string) { c.Do(requestFriend, testkit.Vars{"user": user}) }
		answer := func(user string, accept bool) testkit.Vars {
			return testkit.Vars{"user": user, "accept": accept}
		}

		both("NONE", "NONE")
		bob.Refused("NOT_FOUND", answerFriend, answer("alice", true))
		for range 2 {
			ask(alice, "bob")
			both("REQUESTED", "INVITED")
		}
		alice.Refused("NOT_FOUND", answerFriend, answer("bob", true)) // not one's own request
		for c, want := range map[*testkit.Client]string{alice: "mine", bob: "mine"} {
			p := c.Do(
				`{ friendRequests { nodes { id from { id } to { id } createdAt } edges { cursor node { id } } pageInfo { hasNextPage } } friends { nodes { id } } }`,
				nil,
			)
			if p.Str("friendRequests.nodes.0.from.id") != "alice" ||
				p.Str("friendRequests.edges.0.node.id") == "" ||
				p.Str("friendRequests.nodes.0.to.id") != "bob" ||
				len(p.List("friends.nodes")) != 0 {
				t.Errorf("%s: %v", want, p)
			}
		}
		bob.Do(answerFriend, answer("alice", false))
		both("NONE", "NONE")
		bob.Refused("NOT_FOUND", answerFriend, answer("alice", false))
		ask(alice, "bob")
		for range 2 {
			if u := bob.Do(answerFriend, answer("alice", true)).
				At("answerFriendRequest.user"); u.Str("viewerFriendship") != "FRIENDS" ||
				u.Str("id") != "alice" {
				t.Errorf("bob's friend: %v", u)
			}
		}
		both("FRIENDS", "FRIENDS")
		ask(bob, "alice") // are friends
		both("FRIENDS", "FRIENDS")
		if p := alice.Do(
			`{ friends { nodes { id } edges { since node { id } } } friendRequests { nodes { id } } }`,
			nil,
		); p.Str("friends.edges.0.node.id") != "bob" ||
			len(p.List("friendRequests.nodes")) != 0 {
			t.Errorf("alice's friends: %v", p)
		}
		for range 2 {
			alice.Do(removeFriend, testkit.Vars{"user": "bob"})
			both("NONE", "NONE")
		}
		ask(alice, "bob")
		ask(bob, "alice") // two who ask each other
		both("FRIENDS", "FRIENDS")
		are(alice, "alice", "NONE")
		for _, query := range []string{requestFriend, removeFriend} {
			alice.Refused("UNKNOWN_USER", query, testkit.Vars{"user": "nobody"})
			alice.Refused("BAD_USER_INPUT", query, testkit.Vars{"user": "alice"})
		}
		alice.Refused("UNKNOWN_USER", answerFriend, answer("nobody", true))
	})
}

func TestFriendsPages(t *testing.T) {
	testkit.Each(t, func(t *testing.T, s *testkit.Server) {
		alice := s.As("alice")
		var want []string
		for i := range 7 {
			id := fmt.Sprint("f", i)
			s.As(id).Do(requestFriend, testkit.Vars{"user": "alice"})
			want = append([]string{id}, want...)
		}
		pages := func(list, node string) (got []string) {
			after := any(nil)
			for {
				p := alice.Do(`query($after: String) { `+list+`(first: 3, after: $after) { edges { cursor node { `+node+` } } pageInfo { hasNextPage endCursor } } }`, testkit.Vars{"after": after}).
					At(list)
				for _, e := range p.List("edges") {
					if list == "friends" {
						got = append(got, e.Str("node.id"))
					} else {
						got = append(got, e.Str("node.from.id"))
					}
				}
				if !p.Bool("pageInfo.hasNextPage") {
					return got
				}
				after = p.Str("pageInfo.endCursor")
			}
		}
		if got := pages("friendRequests", "from { id }"); !slices.Equal(got, want) {
			t.Errorf("requests %v, want %v", got, want)
		}
		for i := range want {
			alice.Do(answerFriend, testkit.Vars{"user": want[len(want)-1-i], "accept": true})
		}
		if got := pages("friends", "id"); !slices.Equal(got, want) {
			t.Errorf("friends %v, want %v", got, want)
		}
		foreign := alice.Do(`{ friends { pageInfo { endCursor } } }`, nil).
			Str("friends.pageInfo.endCursor")
		alice.Refused(
			"BAD_USER_INPUT",
			`query($after: String) { friendRequests(after: $after) { nodes { id } } }`,
			testkit.Vars{"after": foreign},
		)
		alice.Refused("BAD_USER_INPUT", `{ friends(first: 101) { nodes { id } } }`, nil)

		list := func(first int) int {
			return len(s.Statements(func() {
				alice.Do(
					`query($first: Int) { friends(first: $first) { nodes { nickName viewerFriendship } edges { node { id } } } }`,
					testkit.Vars{"first": first},
				)
			}))
		}
		if few, many := list(1), list(7); few != many {
			t.Errorf("%d statements for one friend, %d for seven", few, many)
		}
	})
}

// TestFriendsAskAtOnce has two ask each other at once, and take it back, again and again.
func TestFriendsAskAtOnce(t *testing.T) {
	testkit.Each(t, func(t *testing.T, s *testkit.Server) {
		alice, bob := s.As("alice"), s.As("bob")
		for range 15 {
			atOnce(
				func() { alice.Do(requestFriend, testkit.Vars{"user": "bob"}) },
				func() { bob.Do(requestFriend, testkit.Vars{"user": "alice"}) },
			)
			for c, other := range map[*testkit.Client]string{alice: "bob", bob: "alice"} {
				if got := c.Do(`{ user(id: "`+other+`") { viewerFriendship } }`, nil).
					Str("user.viewerFriendship"); got != "FRIENDS" {
					t.Fatalf("of %s: %s", other, got)
				}
			}
			atOnce(
				func() { alice.Do(removeFriend, testkit.Vars{"user": "bob"}) },
				func() { bob.Do(removeFriend, testkit.Vars{"user": "alice"}) },
			)
		}
	})
}
