package chat

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write docs/permissions.md")

// TestPermissionsPage: docs/permissions.md is the policy.
func TestPermissionsPage(t *testing.T) {
	const path = "../../docs/permissions.md"
	page := permissions()
	if *update {
		if err := os.WriteFile(path, []byte(page), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	written, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if string(written) != page {
		t.Error(
			"the page says something else than the code does: go test ./internal/chat -run Permissions -update",
		)
	}
}

// TestPolicyIsComplete: each action has a name, and a row in the table, which denies where it has
// none.
func TestPolicyIsComplete(t *testing.T) {
	for a := range actions {
		if a.String() == "" {
			t.Errorf("action %d has no name", a)
		}
		for d := range doors {
			for r := range relations {
				if decide(a, d, r) == "" {
					t.Errorf("the policy has no row for %q in %s rooms, for %s", a, d, r)
				}
			}
		}
	}
	err, is := errors.AsType[*Error](permit(actions-1, doors-1, ordinaryMember))
	if !is || err.Code != Forbidden {
		t.Errorf("a member deletes a direct room: %v", err)
	}
}

// permissions is the policy as a page.
func permissions() string {
	var b strings.Builder
	b.WriteString(`# Who may do what

This page is made from the code, which decides by this table alone: for queries, for changes, and for streams that are open. A cell is
✓, or the code of the error. Friends are those of the room's owner. A direct room is kept for two people.

Nobody does something to a person of the same or a higher role. Whoever may not see a room gets the same answer as where there is
none. Everybody leaves, and changes and deletes messages of their own.

` + "`createRoom`, `addMembers` and `directRoom`" + ` also need the consent of the users that they make members, which each user gives with
` + "`User.addPermission`" + `: EVERYONE (the default), FRIENDS or NOBODY. Others are ` + "`FORBIDDEN`, with their `ids`" + `. An exclusive room takes
a user's only place in such rooms, so only friends can be added to one. Admin tokens need no consent, and neither does joining oneself.
`)
	for d := range doors {
		fmt.Fprintf(&b, "\n## %s rooms\n\n| |", map[door]string{
			publicDoor: "PUBLIC", privateDoor: "PRIVATE", friendDoor: "FRIEND", directDoor: "Direct",
		}[d])
		for r := range relations {
			fmt.Fprintf(&b, " %s |", r)
		}
		b.WriteString("\n|---|" + strings.Repeat("---|", int(relations)) + "\n")
		for a := range actions {
			fmt.Fprintf(&b, "| %s |", a)
			for r := range relations {
				answer := "✓"
				if code := decide(a, d, r); code != ok {
					answer = "`" + string(code) + "`"
					if a == toFind { // it is left out
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
