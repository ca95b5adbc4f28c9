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
func (c *Chat) AddMembers(
	ctx context.Context, v Viewer, roomID uuid.UUID, userIDs []string,
) (*ent.Room, []*ent.Member, error) {
	userIDs, err := checkIDs("userIds", userIDs, maxNamed, "")
	if err != nil {
		return nil, nil, err
	}
	var r *ent.Room
	var members []*ent.Member
	err = c.writes.Tx(ctx, retry.Idempotent, func(t *write.Tx) error {
		h, _, err := authorize(ctx, t, v, roomID, policy.Add)
		if err != nil {
			return err
		}
		r = h.Room
		members, err = add(ctx, h, v, userIDs)
		return err
	})
	if err != nil {
		return nil, nil, fmt.Errorf("add %d members to room %s: %w", len(userIDs), roomID, err)
	}
	return r, members, nil
}

// add makes those of people members who are none yet, and returns the memberships of all.
func add(ctx context.Context, h *write.Room, v Viewer, people []string) ([]*ent.Member, error) {
	if len(people) == 0 {
		return nil, nil
	}
	refusing, err := refusing(ctx, h.Tx, v, people, h.Exclusive)
	if err != nil {
		return nil, err
	}
	kept, err := h.Tx.Ban.Query().Where(ban.RoomID(h.ID), ban.UserIDIn(store.Padded(people)...)).
		Order(ban.ByUserID()).Select(ban.FieldUserID).Strings(ctx)
	if err != nil {
		return nil, fmt.Errorf("find who is banned: %w", err)
	}
	if len(kept) > 0 {
		return nil, &Error{
			Code: Banned, Message: "Someone named is banned from this room.", IDs: kept,
		}
	}
	there, err := h.Tx.Member.Query().
		Where(member.RoomID(h.ID), member.UserIDIn(store.Padded(people)...)).
		All(ctx)
	if err != nil {
		return nil, fmt.Errorf("find who is a member: %w", err)
	}
	members := make(map[string]*ent.Member, len(people))
	for _, m := range there {
		members[m.UserID] = m
	}
	newcomers := slices.DeleteFunc(
		slices.Clone(people), func(id string) bool { return members[id] != nil },
	)
	refusing = slices.DeleteFunc(refusing, func(id string) bool { return members[id] != nil })
	if len(refusing) > 0 {
		return nil, errNotAddable(refusing, h.Exclusive)
	}
	if len(newcomers) > 0 {
		admitted, err := admit(ctx, h, v, newcomers, false, nil)
		if err != nil {
			return nil, err
		}
		for _, m := range admitted {
			members[m.UserID] = m
		}
	}
	all := make([]*ent.Member, len(people))
	for i, id := range people {
		all[i] = members[id]
	}
	return all, nil
}

// RemoveMember ends the membership of a user with a lower role. With ban it bans the user, who need not
// be a member. It returns the room and the id of the ended membership; nil if there was none.
func (c *Chat) RemoveMember(
	ctx context.Context, v Viewer, roomID uuid.UUID, userID string, ban bool,
) (*ent.Room, *uuid.UUID, error) {
	if err := checkID("userId", userID); err != nil {
		return nil, nil, err
	}
	var r *ent.Room
	var ended *uuid.UUID
	err := c.writes.Tx(ctx, retry.Once, func(t *write.Tx) error {
		r, ended = nil, nil
		h, by, err := authorize(ctx, t, v, roomID, policy.Remove)
		if err != nil {
			return err
		}
		r = h.Room
		m, err := below(ctx, h, by, userID)
		if err != nil {
			return err
		}
		reason := roomevent.ReasonKICKED
		if ban {
			reason = roomevent.ReasonBANNED
			if err := h.Ban(ctx, v.ID, userID); err != nil {
				return err
			}
		}
		if m != nil {
			ended = &m.ID
			return t.Depart(ctx, v.ID, reason, write.Departure{Room: h, Left: m})
		}
		return h.Save(ctx)
	})
	if err != nil {
		return nil, nil, fmt.Errorf("remove %q from room %s: %w", userID, roomID, err)
	}
	return r, ended, nil
}

// below returns the membership of a user that has a lower role than a member; nil if the user is not a member.
// Returns FORBIDDEN if the role of the user is not lower.
func below(ctx context.Context, h *write.Room, by *ent.Member, userID string) (*ent.Member, error) {
	if err := checkExists(ctx, h.Tx, userID); err != nil {
		return nil, err
	}
	who, m, err := relationIn(ctx, h, userID)
	if err != nil {
		return nil, err
	}
	if !policy.OfRole(by.Role).Outranks(who) {
		return nil, errNotBelow()
	}
	return m, nil
}

// SetMemberRole changes the role of a member and returns the room and the membership. OWNER transfers
// the ownership: the former owner becomes a moderator.
func (c *Chat) SetMemberRole(
	ctx context.Context, v Viewer, roomID uuid.UUID, userID string, role member.Role,
) (*ent.Room, *ent.Member, error) {
	if err := checkID("userId", userID); err != nil {
		return nil, nil, err
	}
	again := retry.Idempotent
	if role == member.RoleOWNER {
		again = retry.Once // after it the viewer may not do it any more
	}
	var r *ent.Room
	var changed *ent.Member
	err := c.writes.Tx(ctx, again, func(t *write.Tx) error {
		h, by, err := authorize(ctx, t, v, roomID, policy.ChangeRoles)
		if err != nil {
			return err
		}
		r = h.Room
		if changed, err = below(ctx, h, by, userID); err != nil {
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
			if err := h.SetRole(ctx, v.ID, by, member.RoleMODERATOR); err != nil {
				return err
			}
		}
		if err := h.SetRole(ctx, v.ID, changed, role); err != nil {
			return err
		}
		return h.Save(ctx)
	})
	if err != nil {
		return nil, nil, fmt.Errorf("make %q %s of room %s: %w", userID, role, roomID, err)
	}
	return r, changed, nil
}
