package read

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"github.com/google/uuid"

	"parley/ent"
	"parley/ent/predicate"
	"parley/ent/reaction"
	"parley/internal/chat/roomlog"
	"parley/internal/store"
)

// ReactionCount is how many people reacted to a message with an emoji.
type ReactionCount struct {
	Emoji string
	Count int
}

// Reactions returns what people reacted to each message with, in one statement: the emoji that came
// first comes first. The viewer must be in the rooms.
func (rd *Reader) Reactions(
	ctx context.Context, ids []roomlog.MessageID,
) (map[roomlog.MessageID][]ReactionCount, error) {
	var rows []reactionRow
	err := rd.db.Reaction.Query().Where(reactionsTo(ids)).
		GroupBy(reaction.FieldRoomID, reaction.FieldMessageSeq, reaction.FieldEmoji).
		Aggregate(ent.As(ent.Count(), "count"), ent.As(ent.Min(reaction.FieldID), "first")).
		Scan(ctx, &rows)
	if err != nil {
		return nil, fmt.Errorf("count the reactions to %d messages: %w", len(ids), err)
	}
	slices.SortFunc(rows, func(a, b reactionRow) int { return cmp.Compare(a.First, b.First) })
	counts := make(map[roomlog.MessageID][]ReactionCount)
	for _, r := range rows {
		id := roomlog.MessageID{Room: r.Room, Seq: r.Seq}
		counts[id] = append(counts[id], ReactionCount{Emoji: r.Emoji, Count: r.Count})
	}
	return counts, nil
}

// reactionRow counts an emoji at a message; First orders by when it came.
type reactionRow struct {
	Room  uuid.UUID `sql:"room_id"`
	Seq   int64     `sql:"message_seq"`
	Emoji string    `sql:"emoji"`
	Count int       `sql:"count"`
	First int64     `sql:"first"`
}

// reactionsTo selects the reactions to messages.
func reactionsTo(ids []roomlog.MessageID) predicate.Reaction {
	var of []predicate.Reaction
	for _, p := range ofMessages(ids, reaction.FieldRoomID, reaction.FieldMessageSeq) {
		of = append(of, predicate.Reaction(p))
	}
	return reaction.Or(of...)
}

// OwnReactions returns the emojis that each of people reacted to each message with, in the order
// they came, in one statement.
func (rd *Reader) OwnReactions(
	ctx context.Context, users []string, ids []roomlog.MessageID,
) (map[ViewerKey[roomlog.MessageID]][]string, error) {
	own, err := rd.db.Reaction.Query().
		Where(reactionsTo(ids), reaction.UserIDIn(store.Padded(users)...)).
		Order(reaction.ByID()).
		All(ctx)
	if err != nil {
		return nil, fmt.Errorf(
			"list the reactions of %d users to %d messages: %w", len(users), len(ids), err,
		)
	}
	emojis := make(map[ViewerKey[roomlog.MessageID]][]string)
	for _, r := range own {
		id := ViewerKey[roomlog.MessageID]{
			r.UserID,
			roomlog.MessageID{Room: r.RoomID, Seq: r.MessageSeq},
		}
		emojis[id] = append(emojis[id], r.Emoji)
	}
	return emojis, nil
}
