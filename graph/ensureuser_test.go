package graph_test

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"parley/internal/testkit"
)

// TestArriveAgain has a person come back to a server that has been started again while SQLite's
// writer is busy: who exists already needs no write.
func TestArriveAgain(t *testing.T) {
	url := "sqlite:" + filepath.Join(t.TempDir(), "parley.db")
	testkit.StartOn(t, url).As("alice")
	s := testkit.StartOn(t, url)
	tx, err := s.Ent().Tx(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := tx.Rollback(); err != nil {
			t.Error(err)
		}
	}()
	if id := s.With(s.Token("alice")).Do(`{ me { id } }`, nil).Str("me.id"); id != "alice" {
		t.Errorf("it is %s", id)
	}
}

// TestUpsertManyUsers counts the statements of a full call: it must not write users that do not
// change.
func TestUpsertManyUsers(t *testing.T) {
	testkit.Each(t, func(t *testing.T, s *testkit.Server) {
		admin := s.With(s.Sign(map[string]any{"sub": "admin", "admin": true, "exp": 4102444800}))
		admin.Do(`{ me { id } }`, nil)
		const upsert = `mutation($users: [UserInput!]!) { upsertUsers(users: $users) { users { id nickName avatar status } } }`
		var named, nameless []testkit.Vars
		for i := range 1000 {
			id := fmt.Sprint("user", i)
			profile := testkit.Vars{"nickName": "n" + id}
			if i%2 == 1 {
				profile = testkit.Vars{"status": "s" + id}
			}
			named = append(named, testkit.Vars{"id": id, "profile": profile})
			nameless = append(nameless, testkit.Vars{"id": id, "profile": testkit.Vars{}})
		}
		var users []testkit.JSON
		made := s.Statements(
			func() { users = admin.Do(upsert, testkit.Vars{"users": named}).List("upsertUsers.users") },
		)
		if len(made) > 10 {
			t.Errorf("1000 people took %d statements to create", len(made))
		}
		for i, u := range users {
			nick, status := fmt.Sprint("nuser", i), ""
			if i%2 == 1 {
				nick, status = "", fmt.Sprint("suser", i)
			}
			if u.Str("id") != fmt.Sprint("user", i) || u.Str("nickName") != nick ||
				u.Str("status") != status ||
				u.Str("avatar") != "" {
				t.Fatalf("person %d is %v", i, u)
			}
		}
		again := s.Statements(
			func() { users = admin.Do(upsert, testkit.Vars{"users": nameless}).List("upsertUsers.users") },
		)
		if slices.ContainsFunc(
			again,
			func(q string) bool { return !strings.HasPrefix(q, "SELECT") },
		) {
			t.Errorf("with nothing to change there was written: %.200v", again)
		}
		if users[0].Str("nickName") != "nuser0" {
			t.Errorf("the name is lost: %v", users[0])
		}
		changed := s.Statements(func() {
			admin.Do(
				upsert,
				testkit.Vars{
					"users": append(
						[]testkit.Vars{
							{"id": "user7", "profile": testkit.Vars{"nickName": "seven"}},
						},
						nameless[8:]...),
				},
			)
		})
		// The person, the clock, whose tick it is, and then who has changed since, and how they are
		// now.
		if len(changed) > len(again)+5 {
			t.Errorf("one change took %d statements, none %d", len(changed), len(again))
		}
	})
}
