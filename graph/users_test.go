package graph_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"parley/internal/config"
	"parley/internal/testkit"
)

func TestMe(t *testing.T) {
	testkit.Each(t, func(t *testing.T, s *testkit.Server) {
		// The very first request brings the person into being, with what the token says.
		me := s.With(s.Token("alice")).
			Do(`{ me { id nickName avatar status twitter { username avatar } createdAt } }`, nil).
			At("me")
		if me.Str("id") != "alice" || me.Str("nickName") != "alice" ||
			me.Str("twitter.username") != "" {
			t.Errorf("me: %v", me)
		}
		if at, err := time.Parse(
			time.RFC3339Nano,
			me.Str("createdAt"),
		); err != nil || time.Since(at) > time.Minute ||
			at.Location() != time.UTC {
			t.Errorf("createdAt %s: %v", me.Str("createdAt"), err)
		}
	})
}

func TestNobody(t *testing.T) {
	testkit.Each(t, func(t *testing.T, s *testkit.Server) {
		nobody := s.With("")
		for _, query := range []string{
			`{ me { id } }`, `{ user(id: "x") { id } }`, `{ node(id: "x") { id } }`, `{ myRoomIds }`, `{ myRooms { nodes { id } } }`,
			`{ rooms { nodes { id } } }`, `{ roomInfo(roomId: "x") { id } }`,
			`mutation { createRoom(input: {}) { room { id } } }`,
			`mutation { updateProfile(input: {}) { user { id } } }`,
			`mutation { upsertUsers(users: []) { users { id } } }`,
		} {
			nobody.Refused("UNAUTHENTICATED", query, nil)
		}
	})
}

func TestBadTokens(t *testing.T) {
	testkit.Each(t, func(t *testing.T, s *testkit.Server) {
		good := s.Token("alice")
		head, rest, _ := strings.Cut(good, ".")
		claims, _, _ := strings.Cut(rest, ".")
		for name, token := range map[string]string{
			"expired":        s.Sign(map[string]any{"sub": "alice", "exp": time.Now().Add(-time.Second).Unix()}),
			"wrongly signed": good[:len(good)-6] + "AAAAAA",
			"alg none":       "eyJhbGciOiJub25lIn0." + claims + ".",
			"no expiry":      s.Sign(map[string]any{"sub": "alice"}),
			"no sub":         s.Sign(map[string]any{"exp": time.Now().Add(time.Hour).Unix()}),
			"sub too long":   s.Sign(map[string]any{"sub": strings.Repeat("a", 129), "exp": time.Now().Add(time.Hour).Unix()}),
			"cut":            head,
			"nonsense":       "nonsense",
		} {
			if reply := s.With(token).
				Ask(`{ me { id } }`, nil); reply.Code() != "UNAUTHENTICATED" ||
				reply.Status != 401 {
				t.Errorf("%s: %d %+v", name, reply.Status, reply.Errors)
			}
		}
	})
}

func TestUpdateProfile(t *testing.T) {
	const update = `mutation($input: ProfileInput!) { updateProfile(input: $input) { user {
		nickName avatar status ethWalletAddress ensName twitter { username avatar } opensea { username avatar } } } }`
	testkit.Each(t, func(t *testing.T, s *testkit.Server) {
		alice := s.As("alice")
		alice.Do(
			update,
			testkit.Vars{
				"input": testkit.Vars{
					"nickName": "Al",
					"status":   "here",
					"twitter": testkit.Vars{
						"username": "al",
						"avatar":   "https://example.com/a.png",
					},
				},
			},
		)
		got := alice.Do(update, testkit.Vars{"input": testkit.Vars{"status": "", "nickName": nil, "twitter": testkit.Vars{"username": "al2"}, "ensName": "al.eth"}}).
			At("updateProfile.user")
		if want := "map[avatar: ensName:al.eth ethWalletAddress: nickName:Al opensea:map[avatar: username:] status: twitter:map[avatar:https://example.com/a.png username:al2]]"; got.String() != want {
			t.Errorf("got  %v\nwant %s", got, want)
		}
		for field, value := range map[string]any{
			"nickName":          strings.Repeat("x", 201),
			"avatar":            strings.Repeat("x", 2001),
			"status":            strings.Repeat("x", 2001),
			"discord.avatar":    testkit.Vars{"avatar": "a\x00"},
			"opensea.avatar":    testkit.Vars{"avatar": strings.Repeat("x", 2001)},
			"ensName":           strings.Repeat("x", 201),
			"facebook.username": testkit.Vars{"username": strings.Repeat("x", 201)},
		} {
			name, _, _ := strings.Cut(field, ".")
			if e := alice.Refused(
				"BAD_USER_INPUT",
				update,
				testkit.Vars{"input": testkit.Vars{name: value}},
			); e.Extensions["field"] != field {
				t.Errorf("%s: field %v", field, e.Extensions["field"])
			}
		}
		// The token's name does not come back.
		if got := s.As("alice").Do(`{ me { nickName } }`, nil).Str("me.nickName"); got != "Al" {
			t.Errorf("nickName %q", got)
		}
	})
}

func TestUpsertUsers(t *testing.T) {
	const upsert = `mutation($users: [UserInput!]!) { upsertUsers(users: $users) { users { id nickName status } } }`
	testkit.Each(t, func(t *testing.T, s *testkit.Server) {
		admin := s.With(
			s.Sign(
				map[string]any{
					"sub":   "backend",
					"admin": true,
					"exp":   time.Now().Add(time.Hour).Unix(),
				},
			),
		)
		got := admin.Do(upsert, testkit.Vars{"users": []testkit.Vars{
			{"id": "zoe", "profile": testkit.Vars{"nickName": "Zoe", "status": "old"}},
			{"id": "adam", "profile": testkit.Vars{}},
			{"id": "zoe", "profile": testkit.Vars{"status": "new"}},
		}}).At("upsertUsers.users")
		if want := "[map[id:zoe nickName:Zoe status:new] map[id:adam nickName: status:]]"; got.String() != want {
			t.Errorf("got  %v\nwant %s", got, want)
		}
		admin.Do(
			upsert,
			testkit.Vars{
				"users": []testkit.Vars{{"id": "zoe", "profile": testkit.Vars{"nickName": "Zoë"}}},
			},
		)
		zoe := admin.Do(`{ user(id: "zoe") { nickName status } }`, nil).At("user")
		if zoe.String() != "map[nickName:Zoë status:new]" {
			t.Errorf("zoe: %v", zoe)
		}

		e := admin.Refused("BAD_USER_INPUT", upsert, testkit.Vars{"users": []testkit.Vars{
			{"id": "eve", "profile": testkit.Vars{}}, {"id": "", "profile": testkit.Vars{}},
		}})
		if e.Extensions["field"] != "users.1.id" {
			t.Errorf("field %v", e.Extensions["field"])
		}
		if !admin.Do(`{ user(id: "eve") { id } }`, nil).IsNull("user") {
			t.Error("half of a refused call was done")
		}
		many := make([]testkit.Vars, 1001)
		for i := range many {
			many[i] = testkit.Vars{"id": fmt.Sprint("p", i), "profile": testkit.Vars{}}
		}
		admin.Refused("BAD_USER_INPUT", upsert, testkit.Vars{"users": many})
		admin.Do(upsert, testkit.Vars{"users": many[:1000]})
		s.As("alice").Refused("FORBIDDEN", upsert, testkit.Vars{"users": []testkit.Vars{}})

		// Two back ends at once, in opposite orders.
		inParallel(8, func() int {
			admin.Do(upsert, testkit.Vars{"users": []testkit.Vars{
				{
					"id":      "b",
					"profile": testkit.Vars{"status": "1"},
				},
				{"id": "a", "profile": testkit.Vars{"status": "1"}},
			}})
			admin.Do(upsert, testkit.Vars{"users": []testkit.Vars{
				{
					"id":      "a",
					"profile": testkit.Vars{"status": "2"},
				},
				{"id": "b", "profile": testkit.Vars{"status": "2"}},
			}})
			return 0
		})
	})
}

func TestSignIn(t *testing.T) {
	const signIn = `mutation($id: ID!, $name: String) { signIn(userId: $id, nickName: $name) { token expiresAt user { id nickName } } }`
	development := func(cfg *config.Config) { cfg.JWTSecret = "" }
	testkit.Each(t, func(t *testing.T, s *testkit.Server) {
		got := s.With("").Do(signIn, testkit.Vars{"id": "alice", "name": "Alice"}).At("signIn")
		if got.Str("user.nickName") != "Alice" {
			t.Errorf("signed in as %v", got)
		}
		if me := s.With(got.Str("token")).
			Do(`{ me { id nickName } }`, nil).
			At("me"); me.String() != "map[id:alice nickName:Alice]" {
			t.Errorf("me: %v", me)
		}
		// Another sign-in does not rename. Without a name, the nickname of a new user is the id.
		if again := s.With("").
			Do(signIn, testkit.Vars{"id": "alice", "name": "Al"}); again.Str(
			"signIn.user.nickName",
		) != "Alice" {
			t.Errorf("renamed: %v", again)
		}
		if bob := s.With("").
			Do(signIn, testkit.Vars{"id": "bob"}); bob.Str(
			"signIn.user.nickName",
		) != "bob" {
			t.Errorf("bob: %v", bob)
		}
		for _, id := range []string{"", strings.Repeat("x", 129), "a\x00", "a\nb"} {
			s.With("").Refused("BAD_USER_INPUT", signIn, testkit.Vars{"id": id})
		}
		for field, vars := range map[string]testkit.Vars{
			"nickName": {"id": "eve", "name": strings.Repeat("x", 201)},
			"userId":   {"id": " "}, // an id, but no name
		} {
			e := s.With("").Refused("BAD_USER_INPUT", signIn, vars)
			if e.Extensions["field"] != field {
				t.Errorf("%v: %+v, want the field %s", vars, e, field)
			}
		}
	}, development)

	s := testkit.Start(t, "sqlite3")
	s.With("").Refused("FORBIDDEN", signIn, testkit.Vars{"id": "alice"})
}

func TestMutationsInOneRequest(t *testing.T) {
	testkit.Each(t, func(t *testing.T, s *testkit.Server) {
		alice := s.As("alice")
		// Each payload shows what its own mutation has left, and one that fails hides nothing.
		reply := alice.Ask(`mutation {
			a: createRoom(input: { name: "1" }) { room { creator { nickName } } }
			b: updateProfile(input: { nickName: "New" }) { user { nickName } }
			c: createRoom(input: { maxUsers: -1 }) { room { id } }
			d: createRoom(input: { name: "2" }) { room { creator { nickName } } }
		}`, nil)
		if reply.Data.Str("a.room.creator.nickName") != "alice" ||
			reply.Data.Str("d.room.creator.nickName") != "New" ||
			!reply.Data.IsNull("c") {
			t.Errorf("data %v", reply.Data)
		}
		if len(reply.Errors) != 1 || reply.Code() != "BAD_USER_INPUT" ||
			fmt.Sprint(reply.Errors[0].Path) != "[c]" {
			t.Errorf("errors %+v", reply.Errors)
		}
	})
}
