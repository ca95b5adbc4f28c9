package roomlog

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/google/uuid"

	"parley/ent"
	"parley/ent/member"
	"parley/internal/broker"
	"parley/internal/chat/profiles"
)

// MaxMembers is the most members that a [RoomCommit] has, as many as a page of them.
const MaxMembers = 100

// RoomCommit is what a transaction has created: a room with what is in it from its start, before the
// first event of its log. It implements [broker.Commit]. Nothing of it changes.
type RoomCommit struct {
	// Room has its public columns only.
	Room *ent.Room
	// Profiles is the profile version of the transaction: a subscriber is shown no older profile.
	Profiles profiles.Version
	Tags     []string
	// Members are the first memberships, in order; none if they are more than [MaxMembers].
	Members []*ent.Member
}

// encodedRoom is a RoomCommit between nodes. What its members have in common is not repeated.
type encodedRoom struct {
	Format   string           `json:"format"`
	Room     *ent.Room        `json:"room"`
	Profiles profiles.Version `json:"profiles"`
	Tags     []string         `json:"tags,omitempty"`
	Members  []encodedFounder `json:"members,omitempty"`
}

type encodedFounder struct {
	ID   uuid.UUID `json:"i"`
	User string    `json:"u"`
}

// Founder is the membership of the i-th user of a new room. The first is the owner.
func Founder(i int, id, room uuid.UUID, user string, created time.Time) *ent.Member {
	role := member.RoleMEMBER
	if i == 0 {
		role = member.RoleOWNER
	}
	return &ent.Member{ID: id, RoomID: room, UserID: user, Role: role, JoinedAt: created}
}

// First implements [broker.Commit]: there is no event.
func (c *RoomCommit) First() int64 { return 0 }

// Encode implements [broker.Commit].
func (c *RoomCommit) Encode() ([]byte, error) {
	encoded := encodedRoom{
		Format: commitFormat(), Room: c.Room, Profiles: c.Profiles, Tags: c.Tags,
	}
	for _, m := range c.Members {
		encoded.Members = append(encoded.Members, encodedFounder{m.ID, m.UserID})
	}
	return json.Marshal(encoded)
}

// DecodeRoom returns the commit of a publication of a new room. It fails if it was encoded by a node
// of another version: then callers read the room.
func DecodeRoom(roomID uuid.UUID, published broker.Commit) (*RoomCommit, error) {
	if commit, ok := published.(*RoomCommit); ok {
		return commit, nil
	}
	document, ok := published.(*broker.Encoded)
	if !ok {
		return nil, fmt.Errorf("decode a new room: it is a %T", published)
	}
	var encoded encodedRoom
	if err := json.Unmarshal(document.JSON, &encoded); err != nil {
		return nil, fmt.Errorf("decode a new room: %w", err)
	}
	if format := commitFormat(); encoded.Format != format {
		return nil, fmt.Errorf(
			"decode a new room: its format is %q, not %q", encoded.Format, format)
	}
	if encoded.Room == nil || encoded.Room.ID != roomID {
		return nil, fmt.Errorf("decode the new room %s: it is not complete", roomID)
	}
	commit := &RoomCommit{Room: encoded.Room, Profiles: encoded.Profiles, Tags: encoded.Tags}
	for i, m := range encoded.Members {
		commit.Members = append(
			commit.Members, Founder(i, m.ID, roomID, m.User, encoded.Room.CreatedAt))
	}
	return commit, nil
}
