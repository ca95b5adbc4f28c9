package read

import (
	"slices"

	"parley/ent"
	"parley/internal/chat/roomlog"
)

// FirstMembers returns the first members of a room that was published; false if they were not, or
// there is no such page.
func FirstMembers(c *roomlog.RoomCommit, first int) (Page[*ent.Member], bool) {
	if c.Members == nil || CheckFirst(first) != nil {
		return Page[*ent.Member]{}, false
	}
	return page(slices.Clip(c.Members), first), true
}

// FirstMembership returns a user's membership of a room that was published, nil if they were not in
// it; false if the members were not published.
func FirstMembership(c *roomlog.RoomCommit, userID string) (*Membership, bool) {
	i := slices.IndexFunc(c.Members, func(m *ent.Member) bool { return m.UserID == userID })
	if i < 0 {
		return nil, c.Members != nil
	}
	return &Membership{Member: c.Members[i]}, true
}
