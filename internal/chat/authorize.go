package chat

import (
	"context"

	"github.com/google/uuid"

	"parley/ent"
	"parley/internal/chat/policy"
	"parley/internal/chat/read"
	"parley/internal/chat/retry"
	"parley/internal/chat/write"
)

// relationIn is [read.RelationTo] in the locked room.
func relationIn(
	ctx context.Context, r *write.Room, userID string,
) (policy.Relation, *ent.Member, error) {
	return read.RelationTo(ctx, r.Tx.Client(), r.Room, userID)
}

// authorize locks a room in which the viewer does something that only members may do, and returns
// their membership. It fails with NOT_FOUND or FORBIDDEN.
func authorize(
	ctx context.Context, t *write.Tx, v Viewer, id uuid.UUID, a policy.Action,
) (*write.Room, *ent.Member, error) {
	r, err := t.Lock(ctx, id)
	if err != nil {
		return nil, nil, err
	}
	relation, m, err := relationIn(ctx, r, v.ID)
	if err != nil {
		return nil, nil, err
	}
	if err := checkAction(a, r.Room, relation); err != nil {
		return nil, nil, err
	}
	return r, m, nil
}

// changeRoom calls change with a locked room in which the viewer does something that only members
// may do, and with their membership. It returns the room. It fails with NOT_FOUND or FORBIDDEN, and
// as change does.
func (c *Chat) changeRoom(
	ctx context.Context, v Viewer, id uuid.UUID, a policy.Action, retries retry.Policy,
	change func(r *write.Room, by *ent.Member) error,
) (changed *ent.Room, err error) {
	err = c.writes.Tx(ctx, retries, func(t *write.Tx) error {
		r, by, err := authorize(ctx, t, v, id, a)
		if err != nil {
			return err
		}
		changed = r.Room
		return change(r, by)
	})
	return changed, err
}

// checkMemberAction is checkAction for a member of the room.
func checkMemberAction(r *write.Room, a policy.Action, m *ent.Member) error {
	return checkAction(a, r.Room, policy.OfRole(m.Role))
}

// checkAction returns nil if the policy allows an action to a user with a relation to a room. It
// fails with NOT_FOUND, WRONG_KEY, BANNED or FORBIDDEN.
func checkAction(a policy.Action, r *ent.Room, relation policy.Relation) error {
	switch v := policy.VisibilityOf(r); policy.Decide(a, v, relation) {
	case policy.OK:
		return nil
	case policy.NotFound:
		return errNoRoom()
	case policy.WrongKey:
		return errWrongKey()
	case policy.IsBanned:
		return &Error{Code: Banned, Message: "You are banned from this room."}
	default:
		return &Error{Code: Forbidden, Message: forbiddenMessage(a, v, relation)}
	}
}

// forbiddenMessage returns the message of FORBIDDEN: it says which users may perform the action.
func forbiddenMessage(a policy.Action, v policy.Visibility, relation policy.Relation) string {
	least, some := policy.Least(a, v)
	switch {
	case !relation.IsMember():
		return "Only members of the room may do this."
	case v == policy.Direct:
		return "This is not possible in a direct room."
	case some && least <= policy.Moderator:
		return "Only the room's owner or a moderator may do this."
	default:
		return "Only the room's owner may do this."
	}
}

// allows reports whether the policy allows an action to a viewer who sees the room, by their
// membership of it; nil: they have none.
func allows(a policy.Action, r *ent.Room, m *read.Membership) bool {
	relation := policy.Outsider
	if m != nil {
		relation = policy.OfRole(m.Role)
	}
	return policy.Allows(a, r, relation)
}

// MayRead reports whether the viewer may read the messages of a room, by their membership of it;
// nil: they have none.
func (c *Chat) MayRead(r *ent.Room, m *read.Membership) bool { return allows(policy.Read, r, m) }
