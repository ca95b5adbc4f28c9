package write

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"parley/ent"
	"parley/ent/reaction"
	"parley/internal/text"
)

// ErrTooManyEmojis is the error of a reaction with one more emoji than a message may have.
var ErrTooManyEmojis = errors.New("the message has too many different emojis")

// React adds a user's reaction to a message, or takes it away. It returns the emoji in the spelling
// that the message has, and whether anything has changed. ❤ and ❤️ (with a variation selector) are
// one emoji: the first spelling stays. Returns [ErrTooManyEmojis] if the message then had more than
// most.
func (r *Room) React(
	ctx context.Context, userID string, m *ent.Message, emoji string, on bool, maxEmojis int,
) (spelling string, changed bool, err error) {
	if !on {
		return r.unreact(ctx, userID, m, emoji)
	}
	var emojis []string
	err = r.Tx.Reaction.Query().Where(reaction.RoomID(r.ID), reaction.MessageSeq(m.Seq)).
		Unique(true).Select(reaction.FieldEmoji).Scan(ctx, &emojis)
	if err != nil {
		return "", false, fmt.Errorf("list the emojis: %w", err)
	}
	spelling, known := spellingOf(emoji, emojis)
	if !known && len(emojis) >= maxEmojis {
		return "", false, ErrTooManyEmojis
	}
	made, err := Inserted(r.Tx.Reaction.Create().
		SetRoomID(r.ID).SetMessageSeq(m.Seq).SetUserID(userID).SetEmoji(spelling).
		OnConflictColumns(reaction.FieldRoomID, reaction.FieldMessageSeq, reaction.FieldEmoji, reaction.FieldUserID).
		DoNothing().Exec(ctx))
	if err != nil {
		return "", false, fmt.Errorf("insert the reaction: %w", err)
	}
	return spelling, made, nil
}

// unreact takes a reaction away. It looks for another spelling only if there is none as given.
func (r *Room) unreact(
	ctx context.Context, userID string, m *ent.Message, emoji string,
) (spelling string, changed bool, err error) {
	remove := func(emoji string) (bool, error) {
		n, err := r.Tx.Reaction.Delete().Where(
			reaction.RoomID(r.ID),
			reaction.MessageSeq(m.Seq), reaction.UserID(userID), reaction.Emoji(emoji)).
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
	err = r.Tx.Reaction.Query().
		Where(reaction.RoomID(r.ID), reaction.MessageSeq(m.Seq), reaction.UserID(userID)).
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
