package chat

import (
	"context"
	"errors"
	"fmt"

	"parley/ent"
	"parley/ent/message"
	"parley/ent/reaction"
	"parley/ent/roomevent"
	"parley/internal/chat/policy"
	"parley/internal/chat/retry"
	"parley/internal/chat/roomlog"
	"parley/internal/chat/write"
	"parley/internal/text"
)

const (
	// MaxEmoji is the most characters that an emoji may have: some are sequences of many.
	MaxEmoji = 32
	// MaxEmojis is how many different emojis a message takes.
	MaxEmojis = 50
)

// EditMessage changes the contents of a message of the viewer's. It does nothing if they are the
// same.
//
// Returns NOT_FOUND if the viewer may not see the room or there is no such message, FORBIDDEN if
// the viewer is not a member of the room or not the author, or the message is deleted, and
// BAD_USER_INPUT if the contents are not valid.
func (c *Chat) EditMessage(
	ctx context.Context, v Viewer, id roomlog.MessageID, contents string,
) (*ent.Message, error) {
	return c.changeMessage(ctx, v, id, func(r *write.Room, _ *ent.Member, m *ent.Message) error {
		switch {
		case m.AuthorID != v.ID:
			return &Error{Code: Forbidden, Message: "Only the author can edit a message."}
		case m.DeletedAt != nil:
			return &Error{Code: Forbidden, Message: "A deleted message cannot be edited."}
		}
		if err := checkContents(m.Type, contents); err != nil {
			return err
		}
		if m.Contents == contents {
			return nil
		}
		m.Contents, m.EditedAt = contents, &r.At
		err := r.Tx.Message.Update().Where(message.RoomID(r.ID), message.Seq(m.Seq)).
			SetContents(contents).SetEditedAt(r.At).Exec(ctx)
		if err != nil {
			return fmt.Errorf("update: %w", err)
		}
		return r.LogMessage(ctx, roomevent.KindMESSAGE_EDITED, v.ID, m, nil)
	})
}

// DeleteMessage deletes the contents of a message: of the viewer or, as a moderator or owner, of a
// member with a lower role or a user who has left. It does nothing if the message is deleted.
//
// Returns NOT_FOUND if the viewer may not see the room or there is no such message, and FORBIDDEN
// if the viewer is not a member of the room or may not delete the author's messages.
func (c *Chat) DeleteMessage(
	ctx context.Context, v Viewer, id roomlog.MessageID,
) (*ent.Message, error) {
	return c.changeMessage(ctx, v, id, func(r *write.Room, by *ent.Member, m *ent.Message) error {
		if m.AuthorID != v.ID {
			if err := checkMemberAction(r, policy.DeleteOthers, by); err != nil {
				return err
			}
			author, _, err := relationIn(ctx, r, m.AuthorID)
			if err != nil {
				return err
			}
			if !policy.OfRole(by.Role).Outranks(author) {
				return errRoleNotLower()
			}
		}
		if m.DeletedAt != nil {
			return nil
		}
		m.Contents, m.Mentions, m.OpenseaItem, m.DeletedAt = "", nil, nil, &r.At
		err := r.Tx.Message.Update().Where(message.RoomID(r.ID), message.Seq(m.Seq)).
			SetContents("").ClearMentions().ClearOpenseaItem().SetDeletedAt(r.At).Exec(ctx)
		if err != nil {
			return fmt.Errorf("update: %w", err)
		}
		if _, err := r.Tx.Reaction.Delete().
			Where(reaction.RoomID(r.ID), reaction.MessageSeq(m.Seq)).
			Exec(ctx); err != nil {
			return fmt.Errorf("delete the reactions: %w", err)
		}
		return r.LogMessage(ctx, roomevent.KindMESSAGE_DELETED, v.ID, m, nil)
	})
}

// React adds the viewer's reaction to a message, or removes it. It does nothing if the reaction is
// in that state.
//
// Returns NOT_FOUND if the viewer may not see the room or there is no such message, FORBIDDEN if
// the viewer is not a member of the room or the message is deleted, and BAD_USER_INPUT if emoji is
// not valid or the message has [MaxEmojis] others.
func (c *Chat) React(
	ctx context.Context, v Viewer, id roomlog.MessageID, emoji string, on bool,
) (*ent.Message, error) {
	if err := checkText(
		"emoji", emoji, text.Rule{Kind: text.Emoji, Least: 1, Most: MaxEmoji},
	); err != nil {
		return nil, err
	}
	return c.changeMessage(ctx, v, id, func(r *write.Room, _ *ent.Member, m *ent.Message) error {
		if m.DeletedAt != nil {
			return &Error{Code: Forbidden, Message: "A deleted message cannot have reactions."}
		}
		spelling, changed, err := r.React(ctx, v.ID, m, emoji, on, MaxEmojis)
		if errors.Is(err, write.ErrTooManyEmojis) {
			return badInput("emoji", "A message takes %d different emojis.", MaxEmojis)
		}
		if err != nil || !changed {
			return err
		}
		reaction := func(e *ent.RoomEventCreate) {
			e.SetSubjectID(v.ID).SetEmoji(spelling).SetOn(on)
		}
		return r.LogMessage(ctx, roomevent.KindREACTIONS_CHANGED, v.ID, m, reaction)
	})
}

// changeMessage locks the room of a message and changes it as a member of the room.
func (c *Chat) changeMessage(
	ctx context.Context,
	v Viewer,
	id roomlog.MessageID,
	change func(r *write.Room, by *ent.Member, m *ent.Message) error,
) (*ent.Message, error) {
	var m *ent.Message
	// Doing it twice is doing it once: what is so already stays so.
	_, err := c.changeRoom(ctx, v, id.Room, policy.Write, retry.Idempotent,
		func(r *write.Room, by *ent.Member) (err error) {
			m, err = r.Tx.Message.Query().Where(message.RoomID(r.ID), message.Seq(id.Seq)).Only(ctx)
			if ent.IsNotFound(err) {
				return errNoMessage()
			}
			if err != nil {
				return fmt.Errorf("get: %w", err)
			}
			return change(r, by, m)
		})
	if err != nil {
		return nil, fmt.Errorf("change message %s: %w", id, err)
	}
	return m, nil
}
