package policy

import (
	"fmt"
	"strings"
	"testing"

	"parley/internal/testkit/golden"
)

// TestPermissionsPage: docs/permissions.md is the policy.
func TestPermissionsPage(t *testing.T) {
	golden.Check(t, "../../../docs/permissions.md", permissions(), "scripts/generate")
}

// TestPolicyIsComplete: each action has a row in the table that allows it to a role. Actions
// without a row are denied.
func TestPolicyIsComplete(t *testing.T) {
	for a := range actions {
		if a.String() == "" {
			t.Errorf("action %d has no name", a)
		}
		if rules[a].members == (members{}) {
			t.Errorf("the policy lets no member %s", a)
		}
		if a > JoinByKey && rules[a].others != (others{}) {
			t.Errorf("the policy has answers to outsiders about %q, which are not asked for", a)
		}
	}
	var empty rule
	for v := range visibilities {
		if empty.members[v] != (roles{}) || empty.members[v][0] == OK || empty.others[v][0] == OK {
			t.Error("an action without a row is allowed")
		}
	}
}

// permissions is the policy as a page.
func permissions() string {
	var b strings.Builder
	b.WriteString(`# Permissions

This page is generated from the policy in the code, which decides queries, mutations and open streams. A cell is ✓ or the code of the
error. A friend is a friend of the room's owner. A direct room is the room of two users that ` + "`directRoom`" + ` returns.

A user can act only on users with a lower role. A room that a user cannot see looks like a room that does not exist. Every member can
leave, and can edit and delete their own messages.

` + "`createRoom`, `addMembers` and `directRoom`" + ` also need the consent of the users that they make members. Each user gives it with
` + "`User.addPermission`: `EVERYONE` (the default), `FRIENDS` or `NOBODY`" + `. Without it the error is ` + "`FORBIDDEN` with `ids`" + `. Only friends
can be added to an exclusive room, because a user can be in only one. Admin tokens need no consent, and neither does joining a room.
`)
	codes := map[Decision]string{
		Forbidden: "FORBIDDEN", NotFound: "NOT_FOUND", WrongKey: "WRONG_KEY", IsBanned: "BANNED",
	}
	for v := range visibilities {
		fmt.Fprintf(&b, "\n## %s rooms\n\n| |", map[Visibility]string{
			Public: "PUBLIC", Private: "PRIVATE", Friend: "FRIEND", Direct: "Direct",
		}[v])
		for r := range relations {
			fmt.Fprintf(&b, " %s |", r)
		}
		b.WriteString("\n|---|" + strings.Repeat("---|", int(relations)) + "\n")
		for a := range actions {
			fmt.Fprintf(&b, "| %s |", a)
			for r := range relations {
				answer := "✓"
				if code := Decide(a, v, r); code != OK {
					answer = "`" + codes[code] + "`"
					if a == Find { // it is left out
						answer = "–"
					}
				}
				fmt.Fprintf(&b, " %s |", answer)
			}
			b.WriteString("\n")
		}
	}
	return b.String()
}
