package chat

import (
	"context"
	"fmt"
	"strings"

	"github.com/google/uuid"

	"parley/ent"
	"parley/ent/message"
	"parley/ent/room"
	"parley/internal/chat/policy"
	"parley/internal/chat/read"
	"parley/internal/chat/roomlog"
	"parley/internal/text"
)

// maxSearchWords bounds how many words one search looks for.
const maxSearchWords = 10

// Room returns a room. Returns NOT_FOUND if the viewer may not see it, whether or not it exists.
func (c *Chat) Room(ctx context.Context, v Viewer, id uuid.UUID) (read.ViewedRoom, error) {
	seen, isBanned, found, err := c.ViewedBy(ctx, v.ID, id)
	if err != nil {
		return read.ViewedRoom{}, err
	}
	if !found {
		return read.ViewedRoom{}, errNoRoom()
	}
	var relation policy.Relation
	if seen.Membership != nil {
		relation = policy.OfRole(seen.Membership.Role)
	} else {
		isFriend, err := read.IsOwnersFriend(ctx, c.db, seen.Room, v.ID)
		if err != nil {
			return read.ViewedRoom{}, err
		}
		relation = policy.Outside(isBanned, isFriend)
	}
	if err := checkAction(policy.See, seen.Room, relation); err != nil {
		return read.ViewedRoom{}, err
	}
	return seen, nil
}

// PublicRoom returns a public room. Returns NOT_FOUND if it does not exist or is not public.
func (c *Chat) PublicRoom(ctx context.Context, id uuid.UUID) (*ent.Room, error) {
	r, err := c.db.Room.Query().
		Where(room.ID(id), room.DeletedAtIsNil(), room.AccessTypeEQ(room.AccessTypePUBLIC)).
		Only(ctx)
	if ent.IsNotFound(err) {
		return nil, errNoRoom()
	}
	if err != nil {
		return nil, fmt.Errorf("get public room %s: %w", id, err)
	}
	return r, nil
}

// MyRoom returns a room that the viewer is in. Returns NOT_FOUND if they are not in it.
func (c *Chat) MyRoom(ctx context.Context, v Viewer, id uuid.UUID) (*ent.Room, error) {
	r, err := c.db.Room.Query().Where(policy.AllowedIn(policy.Read, v.ID, id)).Only(ctx)
	if ent.IsNotFound(err) {
		return nil, errNoRoom()
	}
	if err != nil {
		return nil, fmt.Errorf("get my room %s: %w", id, err)
	}
	return r, nil
}

// MyRoomIDs returns the ids of all rooms that the viewer is in, the latest active first. Its errors
// have no code.
func (c *Chat) MyRoomIDs(ctx context.Context, v Viewer) ([]uuid.UUID, error) {
	return c.RoomIDsOf(ctx, v.ID)
}

// MyRooms returns the rooms that the viewer is in, the latest active first: first of them, after a
// position if one is given. Returns BAD_USER_INPUT if first is out of range.
func (c *Chat) MyRooms(
	ctx context.Context, v Viewer, first int, after *read.Position,
) (read.Page[read.ViewedRoom], error) {
	return c.RoomsOf(ctx, v.ID, first, after)
}

// Search is what to look for among the rooms that one could join. Nil asks for nothing.
type Search struct {
	Words *string // all of them in name, description or tags
	Tag   *string // one of the tags
}

// Rooms returns rooms that the viewer could join, the newest first: first of them, after a position
// if one is given.
//
// Returns BAD_USER_INPUT if first or the search is not valid, RATE_LIMITED if too many searches
// wait, and UNAVAILABLE if the search takes too long.
func (c *Chat) Rooms(
	ctx context.Context, v Viewer, search Search, first int, after *read.Position,
) (read.Page[*ent.Room], error) {
	var none read.Page[*ent.Room]
	if err := read.CheckFirst(first); err != nil {
		return none, err
	}
	if err := checkOptional(
		"search", search.Words, text.Rule{Kind: text.Prose, Most: maxSearch},
	); err != nil {
		return none, err
	}
	tag := ""
	if search.Tag != nil {
		if err := checkText("tag", strings.TrimSpace(*search.Tag), tagRule()); err != nil {
			return none, err
		}
		tag = text.TagKey(*search.Tag)
	}
	var words []string
	if search.Words != nil {
		words = strings.Fields(text.Fold(*search.Words))
	}
	if len(words) > maxSearchWords {
		return none, badInput(
			"search", "search has %d words; at most %d are looked for.", len(words), maxSearchWords,
		)
	}
	if len(words) > 0 {
		searching, done, err := c.beginSearch(ctx, v)
		if err != nil {
			return none, err
		}
		defer done()
		ctx = searching
	}
	return c.Find(ctx, policy.Allowed(policy.Find, v.ID), words, tag, first, after)
}

// JoinKey returns the key of a private room; nil if the viewer may not see it or the room has none.
// m is the viewer's membership, or nil.
func (c *Chat) JoinKey(r *ent.Room, m *read.Membership) *string {
	if r.Key == "" || !allows(policy.SeeKey, r, m) {
		return nil
	}
	return &r.Key
}

// Message returns a message. Returns NOT_FOUND if it does not exist or the viewer is not in its
// room.
func (c *Chat) Message(ctx context.Context, v Viewer, id roomlog.MessageID) (*ent.Message, error) {
	m, err := c.db.Message.Query().
		Where(message.RoomID(id.Room), message.Seq(id.Seq), message.HasRoomWith(policy.AllowedIn(policy.Read, v.ID, id.Room))).
		Only(ctx)
	if ent.IsNotFound(err) {
		return nil, errNoMessage()
	}
	if err != nil {
		return nil, fmt.Errorf("get message %s: %w", id, err)
	}
	return m, nil
}
