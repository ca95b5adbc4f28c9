package graph

import (
	"context"

	"parley/ent"
	"parley/ent/schema"
	"parley/graph/bulk"
	"parley/graph/model"
	"parley/internal/chat"
)

func (r *Resolver) messageInBulk(t *bulkTypes) map[string]bulk.Field[*ent.Message] {
	item := &bulk.Object[*schema.OpenseaItem]{Name: "OpenseaItem", Fields: map[string]bulk.Field[*schema.OpenseaItem]{
		"contractAddress": text(func(o *schema.OpenseaItem) string { return o.ContractAddress }),
		"tokenId":         text(func(o *schema.OpenseaItem) string { return o.TokenID }),
		"name":            text(func(o *schema.OpenseaItem) string { return o.Name }),
		"description":     text(func(o *schema.OpenseaItem) string { return o.Description }),
		"imageUrl":        text(func(o *schema.OpenseaItem) string { return o.ImageURL }),
	}}
	reaction := &bulk.Object[*chat.ReactionCount]{Name: "Reaction", Fields: map[string]bulk.Field[*chat.ReactionCount]{
		"emoji": text(func(c *chat.ReactionCount) string { return c.Emoji }),
		"count": number(func(c *chat.ReactionCount) int64 { return int64(c.Count) }),
	}}
	other := func(seq func(*ent.Message) *int64) bulk.Field[*ent.Message] {
		return bulk.One(t.message, func(ctx context.Context, _ bulk.Args, messages []*ent.Message) ([]*ent.Message, error) {
			return r.named(ctx, messages, seq)
		})
	}
	return map[string]bulk.Field[*ent.Message]{
		"id":             text(func(m *ent.Message) string { return messageID(m).String() }),
		"seq":            number(func(m *ent.Message) int64 { return m.Seq }),
		"from":           somebody(r, t, func(m *ent.Message) string { return m.AuthorID }),
		"type":           text(func(m *ent.Message) string { return string(m.Type) }),
		"contents":       text(func(m *ent.Message) string { return m.Contents }),
		"replyTo":        other(func(m *ent.Message) *int64 { return m.ReplyToSeq }),
		"thread":         other(func(m *ent.Message) *int64 { return m.ThreadSeq }),
		"isThread":       truth(func(m *ent.Message) bool { return m.ReplyCount > 0 }),
		"replyCount":     number(func(m *ent.Message) int64 { return int64(m.ReplyCount) }),
		"mentions":       persons(r, t, func(m *ent.Message) []string { return m.Mentions }),
		"openseaItem":    bulk.One(item, each(func(m *ent.Message) *schema.OpenseaItem { return m.OpenseaItem })),
		"idempotencyKey": optionalText(func(m *ent.Message) *string { return m.IdempotencyKey }),
		"createdAt":      bulk.Value(func(b []byte, m *ent.Message) []byte { return bulk.Time(b, m.CreatedAt) }),
		"editedAt":       bulk.Value(func(b []byte, m *ent.Message) []byte { return bulk.Null(b, m.EditedAt, bulk.Time) }),
		"deletedAt":      bulk.Value(func(b []byte, m *ent.Message) []byte { return bulk.Null(b, m.DeletedAt, bulk.Time) }),
		"reactions": bulk.Many(reaction, func(ctx context.Context, _ bulk.Args, messages []*ent.Message) ([][]*chat.ReactionCount, error) {
			ids := make([]chat.MessageID, len(messages))
			for i, m := range messages {
				ids[i] = messageID(m)
			}
			counts, err := r.chat.Reactions(ctx, distinct(ids))
			lists := make([][]*chat.ReactionCount, len(messages))
			for i, id := range ids {
				for k := range counts[id] {
					lists[i] = append(lists[i], &counts[id][k])
				}
			}
			return lists, err
		}),
		"viewerReactions": bulk.Loaded(func(ctx context.Context, _ bulk.Args, messages []*ent.Message) (bulk.Encoder, error) {
			v, err := viewer(ctx)
			if err != nil {
				return nil, err
			}
			ids := make([]chat.MessageID, len(messages))
			for i, m := range messages {
				ids[i] = messageID(m)
			}
			own, err := r.chat.OwnReactions(ctx, []string{v.ID}, distinct(ids))
			return func(b []byte, i int) []byte {
				return bulk.Strings(b, own[chat.Own[chat.MessageID]{Person: v.ID, Of: ids[i]}])
			}, err
		}),
		"replies": bulk.One(messagesInBulk(t), func(ctx context.Context, args bulk.Args, messages []*ent.Message) ([]*model.MessageConnection, error) {
			lists := make([]chat.List, len(messages))
			for i, m := range messages {
				lists[i] = chat.List{Room: m.RoomID, Thread: m.Seq}
			}
			return r.partsInBulk(ctx, args, lists, true)
		}),
	}
}

// named returns, of each message, the one of its room whose seq it names; nil where it names none.
func (r *Resolver) named(ctx context.Context, messages []*ent.Message, seq func(*ent.Message) *int64) ([]*ent.Message, error) {
	var ids []chat.MessageID
	for _, m := range messages {
		if named := seq(m); named != nil {
			ids = append(ids, chat.MessageID{Room: m.RoomID, Seq: *named})
		}
	}
	all := make([]*ent.Message, len(messages))
	if len(ids) == 0 {
		return all, nil
	}
	found, err := r.chat.MessagesByID(ctx, distinct(ids))
	for i, m := range messages {
		if named := seq(m); named != nil {
			all[i] = found[chat.MessageID{Room: m.RoomID, Seq: *named}]
		}
	}
	return all, err
}

// partsInBulk resolves the same part of lists of messages.
func (r *Resolver) partsInBulk(ctx context.Context, args bulk.Args, lists []chat.List, otherwiseFirst bool) ([]*model.MessageConnection, error) {
	asks, err := messagesAskedBy(args)
	if err != nil || len(lists) == 0 {
		return nil, err
	}
	asks.otherwiseFirst = otherwiseFirst
	if (asks.after != nil || asks.before != nil) && len(lists) > 1 { // a cursor is of one list
		return nil, bulk.ErrElsewhere
	}
	window, err := asks.window(lists[0])
	if err != nil {
		return nil, err
	}
	parts, err := r.chat.Messages(ctx, distinct(lists), window)
	if err != nil {
		return nil, err
	}
	shown := make([]*model.MessageConnection, len(lists))
	for i, list := range lists {
		shown[i] = messageConnection(parts[list])
	}
	return shown, nil
}

func messagesAskedBy(args bulk.Args) (asks messagesAsked, err error) {
	for name, into := range map[string]**int{"first": &asks.first, "last": &asks.last, "afterSeq": &asks.afterSeq, "beforeSeq": &asks.beforeSeq} {
		if *into, err = args.Int(name); err != nil {
			return asks, err
		}
	}
	for name, into := range map[string]**string{"after": &asks.after, "before": &asks.before} {
		if *into, err = args.Text(name); err != nil {
			return asks, err
		}
	}
	inThreads, err := args.Bool("inThreads")
	asks.noThreads = inThreads != nil && !*inThreads
	return asks, err
}

func messagesInBulk(t *bulkTypes) *bulk.Object[*model.MessageConnection] {
	edge := &bulk.Object[model.MessageEdge]{Name: "MessageEdge", Fields: map[string]bulk.Field[model.MessageEdge]{
		"cursor": text(func(e model.MessageEdge) string { return e.Cursor }),
		"node":   bulk.One(t.message, each(func(e model.MessageEdge) *ent.Message { return e.Node })),
	}}
	return &bulk.Object[*model.MessageConnection]{Name: "MessageConnection", Fields: map[string]bulk.Field[*model.MessageConnection]{
		"edges":    bulk.Many(edge, each(func(c *model.MessageConnection) []model.MessageEdge { return c.Edges })),
		"nodes":    bulk.Many(t.message, each(func(c *model.MessageConnection) []*ent.Message { return c.Messages })),
		"pageInfo": bulk.One(t.page, each(func(c *model.MessageConnection) *model.PageInfo { return c.PageInfo })),
	}}
}
