package chat

import (
	"context"
	"fmt"
	"slices"

	"github.com/google/uuid"

	"parley/ent"
	"parley/ent/ban"
	"parley/ent/member"
	"parley/ent/roomevent"
	"parley/internal/chat/policy"
	"parley/internal/chat/retry"
	"parley/internal/chat/write"
	"parley/internal/store"
)

// AddMembers makes users members of a room, all of them or none, and returns the room and their
// memberships in the order of userIDs, without duplicates. Users who are members stay as they are.
//
// Returns NOT_FOUND if the viewer may not see the room, FORBIDDEN if their role may not add members
// or a user has not consented, UNKNOWN_USER if a user does not exist, BANNED if a user is banned
// from the room, ROOM_FULL if they are too many, ALREADY_IN_ROOM if the room is exclusive and a
// user is in another exclusive room, and BAD_USER_INPUT if userIDs are not valid or too many.
func (c *Chat) AddMembers(
	ctx context.Context, v Viewer, roomID uuid.UUID, userIDs []string,
) (*ent.Room, []*ent.Member, error) {
	userIDs, err := checkIDs("userIds", userIDs, maxUserIDs, "")
	if err != nil {
		return nil, nil, err
	}
	var members []*ent.Member
	r, err := c.changeRoom(ctx, v, roomID, policy.Add, retry.Idempotent,
		func(r *write.Room, _ *ent.Member) (err error) {
			members, err = addMembers(ctx, r, v, userIDs)
			return err
		})
	if err != nil {
		return nil, nil, fmt.Errorf("add %d members to room %s: %w", len(userIDs), roomID, err)
	}
	return r, members, nil
}

// addMembers makes those users members that are not yet, and returns the memberships of all.
func addMembers(
	ctx context.Context, r *write.Room, v Viewer, userIDs []string,
) ([]*ent.Member, error) {
	if len(userIDs) == 0 {
		return nil, nil
	}
	refused, err := notAddable(ctx, r.Tx, v, userIDs, r.Exclusive)
	if err != nil {
		return nil, err
	}
	banned, err := r.Tx.Ban.Query().Where(ban.RoomID(r.ID), ban.UserIDIn(store.Padded(userIDs)...)).
		Order(ban.ByUserID()).Select(ban.FieldUserID).Strings(ctx)
	if err != nil {
		return nil, fmt.Errorf("find who is banned: %w", err)
	}
	if len(banned) > 0 {
		return nil, &Error{
			Code: Banned, Message: "Some of these users are banned from this room.", IDs: banned,
		}
	}
	existing, err := r.Tx.Member.Query().
		Where(member.RoomID(r.ID), member.UserIDIn(store.Padded(userIDs)...)).
		All(ctx)
	if err != nil {
		return nil, fmt.Errorf("find who is a member: %w", err)
	}
	members := make(map[string]*ent.Member, len(userIDs))
	for _, m := range existing {
		members[m.UserID] = m
	}
	isMember := func(id string) bool { return members[id] != nil }
	if refused = slices.DeleteFunc(refused, isMember); len(refused) > 0 {
		return nil, errNotAddable(refused, r.Exclusive)
	}
	if newcomers := slices.DeleteFunc(slices.Clone(userIDs), isMember); len(newcomers) > 0 {
		admitted, err := admit(ctx, r, v, newcomers, false, nil)
		if err != nil {
			return nil, err
		}
		for _, m := range admitted {
			members[m.UserID] = m
		}
	}
	all := make([]*ent.Member, len(userIDs))
	for i, id := range userIDs {
		all[i] = members[id]
	}
	return all, nil
}

// RemoveMember ends the membership of a user with a lower role. With ban it bans the user, who need
// not be a member. It returns the room and the id of the ended membership; nil if there was none.
//
// Returns NOT_FOUND if the viewer may not see the room, FORBIDDEN if their role may not remove
// members or the user's is not lower, UNKNOWN_USER if the user does not exist, and BAD_USER_INPUT
// if userID is not a valid id.
func (c *Chat) RemoveMember(
	ctx context.Context, v Viewer, roomID uuid.UUID, userID string, ban bool,
) (*ent.Room, *uuid.UUID, error) {
	if err := checkID("userId", userID); err != nil {
		return nil, nil, err
	}
	var ended *uuid.UUID
	r, err := c.changeRoom(ctx, v, roomID, policy.Remove, retry.Once,
		func(r *write.Room, by *ent.Member) error {
			ended = nil
			m, err := subordinate(ctx, r, by, userID)
			if err != nil {
				return err
			}
			reason := roomevent.ReasonKICKED
			if ban {
				reason = roomevent.ReasonBANNED
				if err := r.Ban(ctx, v.ID, userID); err != nil {
					return err
				}
			}
			if m != nil {
				ended = &m.ID
				return r.Tx.RemoveMembers(ctx, v.ID, reason, write.Removal{Room: r, Member: m})
			}
			return r.Save(ctx)
		})
	if err != nil {
		return nil, nil, fmt.Errorf("remove %q from room %s: %w", userID, roomID, err)
	}
	return r, ended, nil
}

// subordinate returns the membership of a user that has a lower role than a member; nil if the user
// is not a member. Returns FORBIDDEN if the role of the user is not lower.
func subordinate(
	ctx context.Context, r *write.Room, by *ent.Member, userID string,
) (*ent.Member, error) {
	if err := checkExists(ctx, r.Tx, userID); err != nil {
		return nil, err
	}
	relation, m, err := relationIn(ctx, r, userID)
	if err != nil {
		return nil, err
	}
	if !policy.OfRole(by.Role).Outranks(relation) {
		return nil, errRoleNotLower()
	}
	return m, nil
}

// SetMemberRole changes the role of a member and returns the room and the membership. OWNER
// transfers the ownership: the former owner becomes a moderator.
//
// Returns NOT_FOUND if the viewer may not see the room, FORBIDDEN if they are not its owner or name
// themselves, UNKNOWN_USER if the user does not exist, and BAD_USER_INPUT if the user is not a
// member or userID is not a valid id.
func (c *Chat) SetMemberRole(
	ctx context.Context, v Viewer, roomID uuid.UUID, userID string, role member.Role,
) (*ent.Room, *ent.Member, error) {
	if err := checkID("userId", userID); err != nil {
		return nil, nil, err
	}
	retries := retry.Idempotent
	if role == member.RoleOWNER {
		retries = retry.Once // afterwards the viewer is no longer the owner
	}
	var changed *ent.Member
	r, err := c.changeRoom(ctx, v, roomID, policy.ChangeRoles, retries,
		func(r *write.Room, by *ent.Member) (err error) {
			if changed, err = subordinate(ctx, r, by, userID); err != nil {
				return err
			}
			switch {
			case changed == nil:
				return &Error{
					Code:    BadUserInput,
					Field:   "userId",
					IDs:     []string{userID},
					Message: "userId is not a member of this room.",
				}
			case changed.Role == role:
				return nil
			}
			if role == member.RoleOWNER {
				if err := r.SetRole(ctx, v.ID, by, member.RoleMODERATOR); err != nil {
					return err
				}
			}
			if err := r.SetRole(ctx, v.ID, changed, role); err != nil {
				return err
			}
			return r.Save(ctx)
		})
	if err != nil {
		return nil, nil, fmt.Errorf("make %q %s of room %s: %w", userID, role, roomID, err)
	}
	return r, changed, nil
}
