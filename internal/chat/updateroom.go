package chat

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"slices"

	"github.com/google/uuid"

	"parley/ent"
	"parley/ent/room"
	"parley/ent/roomtag"
	"parley/internal/chat/policy"
	"parley/internal/chat/retry"
	"parley/internal/chat/write"
	"parley/internal/text"
)

// UpdateRoomInput is what is to be changed of a room. Nil stays as it is.
type UpdateRoomInput struct {
	RoomID      uuid.UUID
	Name        *string
	Description *string
	AccessType  *room.AccessType
	MaxUsers    *int
	Tags        []string
}

// check accepts the input and returns it as it will be carried out: tags trimmed and once each.
func (in UpdateRoomInput) check() (UpdateRoomInput, error) {
	err := errors.Join(
		checkOptional("name", in.Name, nameRule()),
		checkOptional("description", in.Description, descriptionRule()),
	)
	if err == nil && in.MaxUsers != nil {
		err = checkMaxUsers(*in.MaxUsers)
	}
	if err != nil || in.Tags == nil {
		return in, err
	}
	if in.Tags, err = checkTags("tags", in.Tags); in.Tags == nil {
		in.Tags = []string{} // none, which is not the same as those that there are
	}
	return in, err
}

// UpdateRoom changes a room and returns it. Fields with the same value do not count as changes.
//
// Returns BAD_USER_INPUT if the input is not valid or the room has more members than maxUsers,
// NOT_FOUND if the viewer may not see the room, and FORBIDDEN if their role may not change one of
// the fields.
func (c *Chat) UpdateRoom(ctx context.Context, v Viewer, in UpdateRoomInput) (*ent.Room, error) {
	in, err := in.check()
	if err != nil {
		return nil, err
	}
	r, err := c.changeRoom(ctx, v, in.RoomID, policy.Update, retry.Idempotent,
		func(r *write.Room, by *ent.Member) error { return updateLocked(ctx, r, v, by, in) })
	if err != nil {
		return nil, fmt.Errorf("update room %s: %w", in.RoomID, err)
	}
	return r, nil
}

func updateLocked(
	ctx context.Context, r *write.Room, v Viewer, by *ent.Member, in UpdateRoomInput,
) error {
	tags, err := r.Tx.RoomTag.Query().Where(roomtag.RoomID(r.ID)).
		Order(roomtag.ByPosition()).Select(roomtag.FieldTag).Strings(ctx)
	if err != nil {
		return fmt.Errorf("list the tags: %w", err)
	}
	changed := false
	if in.Name != nil && *in.Name != r.Name {
		changed, r.Name = true, *in.Name
	}
	if in.Description != nil && *in.Description != r.Description {
		changed, r.Description = true, *in.Description
	}
	if in.Tags != nil && !slices.Equal(in.Tags, tags) {
		changed, tags = true, in.Tags
		if err := r.SetTags(ctx, tags); err != nil {
			return err
		}
	}
	if in.MaxUsers != nil && *in.MaxUsers != r.MaxUsers {
		if err := checkMemberAction(r, policy.Resize, by); err != nil {
			return err
		}
		if *in.MaxUsers != 0 && *in.MaxUsers < r.MemberCount {
			return badInput("maxUsers", "maxUsers is %d, but the room has %d members.",
				*in.MaxUsers, r.MemberCount)
		}
		changed, r.MaxUsers = true, *in.MaxUsers
	}
	if in.AccessType != nil && *in.AccessType != r.AccessType {
		if err := checkMemberAction(r, policy.ChangeAccess, by); err != nil {
			return err
		}
		changed, r.AccessType = true, *in.AccessType
		r.PolicyVersion++
	}
	if !changed {
		return nil
	}
	err = r.Tx.Room.Update().Where(room.ID(r.ID)).
		SetName(r.Name).SetDescription(r.Description).
		SetSearchText(text.SearchText(r.Name, r.Description, tags)).
		SetMaxUsers(r.MaxUsers).SetAccessType(r.AccessType).Exec(ctx)
	if err != nil {
		return fmt.Errorf("write what has changed: %w", err)
	}
	return r.LogUpdate(ctx, v.ID)
}

// RotateRoomKey gives a room another key. The old one no longer opens it. Returns NOT_FOUND if the
// viewer may not see the room, and FORBIDDEN if their role may not change the key.
func (c *Chat) RotateRoomKey(ctx context.Context, v Viewer, id uuid.UUID) (*ent.Room, error) {
	// Replacing it twice does as well.
	r, err := c.changeRoom(ctx, v, id, policy.RotateKey, retry.Idempotent,
		func(r *write.Room, _ *ent.Member) error {
			r.Key = rand.Text()
			r.PolicyVersion++
			if err := r.Tx.Room.Update().Where(room.ID(r.ID)).SetKey(r.Key).Exec(ctx); err != nil {
				return fmt.Errorf("write the key: %w", err)
			}
			return r.LogUpdate(ctx, v.ID)
		})
	if err != nil {
		return nil, fmt.Errorf("replace the key of room %s: %w", id, err)
	}
	return r, nil
}
