package chat

import (
	"context"
	"fmt"
	"slices"

	"parley/ent"
	"parley/ent/message"
	"parley/ent/reaction"
	"parley/ent/roomevent"
	"parley/internal/chat/policy"
	"parley/internal/chat/retry"
	"parley/internal/chat/roomlog"
	"parley/internal/text"
)

const (
	// MaxEmoji is the most characters that an emoji may have: some are sequences of many.
	MaxEmoji = 32
	// MaxEmojis is how many different emojis a message takes.
	MaxEmojis = 50
)

// EditMessage changes the contents of a message of the viewer's. Contents that are the same change
// nothing.
func (c *Chat) EditMessage(
	ctx context.Context,
	v Viewer,
	id MessageID,
	contents string,
) (*ent.Message, error) {
	return c.changeMessage(ctx, v, id, func(h *held, _ *ent.Member, m *ent.Message) error {
		switch {
		case m.AuthorID != v.ID:
			return &Error{Code: Forbidden, Message: "Only who sent a message may edit it."}
		case m.DeletedAt != nil:
			return &Error{Code: Forbidden, Message: "A deleted message cannot be edited."}
		}
		if err := checkContents(m.Type, contents); err != nil {
			return err
		}
		if m.Contents == contents {
			return nil
		}
		m.Contents, m.EditedAt = contents, &h.at
		err := h.tx.Message.Update().
			Where(message.RoomID(h.ID), message.ID(m.ID)).
			SetContents(contents).
			SetEditedAt(h.at).
			Exec(ctx)
		if err != nil {
			return fmt.Errorf("update: %w", err)
		}
		return h.logMessage(ctx, roomevent.KindMESSAGE_EDITED, v, m, nil)
	})
}

// DeleteMessage empties a message and leaves its place: one of the viewer's, or as a moderator or
// owner one of somebody with a lower role, or who has left. A message that is deleted already stays
// as it is.
func (c *Chat) DeleteMessage(ctx context.Context, v Viewer, id MessageID) (*ent.Message, error) {
	return c.changeMessage(ctx, v, id, func(h *held, by *ent.Member, m *ent.Message) error {
		if m.AuthorID != v.ID {
			if err := h.permits(policy.DeleteOthers, by); err != nil {
				return err
			}
			author, _, err := h.relationTo(ctx, m.AuthorID)
			if err != nil {
				return err
			}
			if !policy.OfRole(by.Role).Outranks(author) {
				return errNotBelow()
			}
		}
		if m.DeletedAt != nil {
			return nil
		}
		m.Contents, m.Mentions, m.OpenseaItem, m.DeletedAt = "", nil, nil, &h.at
		err := h.tx.Message.Update().Where(message.RoomID(h.ID), message.ID(m.ID)).
			SetContents("").ClearMentions().ClearOpenseaItem().SetDeletedAt(h.at).Exec(ctx)
		if err != nil {
			return fmt.Errorf("update: %w", err)
		}
		if _, err := h.tx.Reaction.Delete().
			Where(reaction.RoomID(h.ID), reaction.MessageSeq(m.Seq)).
			Exec(ctx); err != nil {
			return fmt.Errorf("delete the reactions: %w", err)
		}
		return h.logMessage(ctx, roomevent.KindMESSAGE_DELETED, v, m, nil)
	})
}

// React adds the viewer's reaction to a message, or takes it away. One that is there, or gone,
// already stays so.
func (c *Chat) React(
	ctx context.Context,
	v Viewer,
	id MessageID,
	emoji string,
	on bool,
) (*ent.Message, error) {
	if err := checkText(
		"emoji",
		emoji,
		text.Rule{Kind: text.Emoji, Least: 1, Most: MaxEmoji},
	); err != nil {
		return nil, err
	}
	return c.changeMessage(ctx, v, id, func(h *held, _ *ent.Member, m *ent.Message) error {
		if m.DeletedAt != nil {
			return &Error{Code: Forbidden, Message: "A deleted message takes no reactions."}
		}
		spelling, changed, err := h.react(ctx, v, m, emoji, on)
		if err != nil || !changed {
			return err
		}
		return h.logMessage(
			ctx,
			roomevent.KindREACTIONS_CHANGED,
			v,
			m,
			func(e *ent.RoomEventCreate) {
				e.SetSubjectID(v.ID).SetEmoji(spelling).SetOn(on)
			},
		)
	})
}

// react returns the emoji in the spelling that the message has, and whether anything has changed. ❤
// and ❤️ (with a variation selector) are one emoji: the first spelling stays.
func (h *held) react(
	ctx context.Context, v Viewer, m *ent.Message, emoji string, on bool,
) (spelling string, changed bool, err error) {
	if !on {
		return h.unreact(ctx, v, m, emoji)
	}
	var emojis []string
	err = h.tx.Reaction.Query().Where(reaction.RoomID(h.ID), reaction.MessageSeq(m.Seq)).
		Unique(true).Select(reaction.FieldEmoji).Scan(ctx, &emojis)
	if err != nil {
		return "", false, fmt.Errorf("list the emojis: %w", err)
	}
	spelling, known := spellingOf(emoji, emojis)
	if !known && len(emojis) >= MaxEmojis {
		return "", false, badInput(
			"emoji",
			fmt.Sprintf("A message takes %d different emojis.", MaxEmojis),
		)
	}
	made, err := inserted(h.tx.Reaction.Create().
		SetRoomID(h.ID).SetMessageSeq(m.Seq).SetUserID(v.ID).SetEmoji(spelling).
		OnConflictColumns(reaction.FieldRoomID, reaction.FieldMessageSeq, reaction.FieldEmoji, reaction.FieldUserID).
		DoNothing().Exec(ctx))
	if err != nil {
		return "", false, fmt.Errorf("insert the reaction: %w", err)
	}
	return spelling, made, nil
}

// unreact takes a reaction away. It looks for another spelling only if there is none as given.
func (h *held) unreact(
	ctx context.Context, v Viewer, m *ent.Message, emoji string,
) (spelling string, changed bool, err error) {
	remove := func(emoji string) (bool, error) {
		n, err := h.tx.Reaction.Delete().Where(
			reaction.RoomID(h.ID),
			reaction.MessageSeq(m.Seq), reaction.UserID(v.ID), reaction.Emoji(emoji)).
			Exec(ctx)
		if err != nil {
			return false, fmt.Errorf("delete the reaction: %w", err)
		}
		return n > 0, nil
	}
	if changed, err = remove(emoji); changed || err != nil {
		return emoji, changed, err
	}
	var own []string
	err = h.tx.Reaction.Query().
		Where(reaction.RoomID(h.ID), reaction.MessageSeq(m.Seq), reaction.UserID(v.ID)).
		Select(reaction.FieldEmoji).Scan(ctx, &own)
	if err != nil {
		return "", false, fmt.Errorf("list the emojis: %w", err)
	}
	spelling, known := spellingOf(emoji, own)
	if !known {
		return emoji, false, nil
	}
	changed, err = remove(spelling)
	return spelling, changed, err
}

// spellingOf returns which of emojis is the one given, and whether one is: itself if it is there.
func spellingOf(emoji string, emojis []string) (spelling string, known bool) {
	if slices.Contains(emojis, emoji) {
		return emoji, true
	}
	key := text.EmojiKey(emoji)
	for _, other := range emojis {
		if text.EmojiKey(other) == key {
			return other, true
		}
	}
	return emoji, false
}

// changeMessage holds the room of a message and changes it as a member of the room.
func (c *Chat) changeMessage(
	ctx context.Context,
	v Viewer,
	id MessageID,
	change func(h *held, by *ent.Member, m *ent.Message) error,
) (*ent.Message, error) {
	var changed *ent.Message
	// Doing it twice is doing it once: what is so already stays so.
	err := c.tx(ctx, retry.Idempotent, func(t *tx) error {
		h, by, err := t.authorize(ctx, v, id.Room, policy.Write)
		if err != nil {
			return err
		}
		m, err := t.Message.Query().Where(message.RoomID(id.Room), message.Seq(id.Seq)).Only(ctx)
		if ent.IsNotFound(err) {
			return errNoMessage()
		}
		if err != nil {
			return fmt.Errorf("get: %w", err)
		}
		changed = m
		return change(h, by, m)
	})
	if err != nil {
		return nil, fmt.Errorf("change message %s: %w", id, err)
	}
	return changed, nil
}

// logMessage appends an event about a message and saves the room.
func (h *held) logMessage(
	ctx context.Context,
	kind roomevent.Kind,
	v Viewer,
	m *ent.Message,
	more func(*ent.RoomEventCreate),
) error {
	err := h.log(ctx, kind, v.ID, func(e *ent.RoomEventCreate) {
		e.SetMessageSeq(m.Seq)
		if more != nil {
			more(e)
		}
	})
	if err != nil {
		return err
	}
	h.events[len(h.events)-1].Message = roomlog.PublicMessage(m)
	return h.save(ctx)
}
