package graph

import (
	"context"

	"github.com/99designs/gqlgen/graphql"

	"parley/ent"
	"parley/graph/model"
	"parley/internal/chat/read"
	"parley/internal/chat/roomlog"
)

// defaultMessages is how many messages a page has if neither first nor last is given.
const defaultMessages = 50

// messageArgs are the arguments of a list of messages.
type messageArgs struct {
	first, last         *int
	after, before       *string
	afterSeq, beforeSeq *int
	noThreads           bool
	// defaultFirst: neither first nor last stands for the first ones, not for the last.
	defaultFirst bool
}

// window reads the arguments.
func (a messageArgs) window(list read.List) (read.Window, error) {
	w := read.Window{Count: defaultMessages, Last: !a.defaultFirst, NoThreads: a.noThreads}
	switch {
	case a.first != nil && a.last != nil:
		return w, badInput("last", "Ask for the first or for the last ones, not for both.")
	case a.first != nil:
		w.Count, w.Last = *a.first, false
	case a.last != nil:
		w.Count, w.Last = *a.last, true
	}
	var err error
	if w.After, err = seqBound(list, "after", a.after, a.afterSeq); err != nil {
		return w, err
	}
	if w.Before, err = seqBound(list, "before", a.before, a.beforeSeq); err != nil {
		return w, err
	}
	if a.beforeSeq != nil && *a.beforeSeq == 0 {
		w.Before = 1 // there is nothing before the beginning
	}
	return w, nil
}

// seqBound is the seq that a cursor or a number stands for; of both, the one that leaves less.
func seqBound(list read.List, field string, cursor *string, number *int) (int64, error) {
	var bound int64
	if number != nil {
		if *number < 0 {
			return 0, badInput(field+"Seq", field+"Seq must not be negative.")
		}
		bound = int64(*number)
	}
	if cursor == nil {
		return bound, nil
	}
	seq, room, err := messagesBySeq.decode(field, *cursor)
	if err != nil {
		return 0, err
	}
	if room != list.Room || seq < 1 {
		return 0, noCursor(field)
	}
	switch {
	case number == nil:
		return seq, nil
	case field == "after":
		return max(seq, bound), nil
	default:
		return min(seq, bound), nil
	}
}

// loadMessages resolves the same part of each list; null for a list that is nil.
func loadMessages(
	ctx context.Context, args messageArgs, lists []*read.List,
) ([]*model.MessageConnection, error) {
	connections := make([]*model.MessageConnection, len(lists))
	failed := make(graphql.BatchErrorList, len(lists))
	var keys []listKey
	var places []int
	var refused error
	for i, list := range lists {
		if list == nil {
			continue
		}
		window, err := args.window(*list) // a cursor is of one list
		if err != nil {
			failed[i], refused = err, err
			continue
		}
		keys, places = append(keys, listKey{*list, window}), append(places, i)
	}
	s := scopeOf(ctx)
	parts, err := s.lists.getMany(ctx, keys, countLoads(s,
		func(ctx context.Context, keys []listKey) ([]read.Messages, error) {
			lists := mapSlice(keys, func(k listKey) read.List { return k.list })
			found, err := s.chat.Messages(ctx, lists, keys[0].window) // all have the same
			return mapSlice(lists, func(list read.List) read.Messages { return found[list] }), err
		}))
	for i, place := range places {
		if err != nil {
			failed[place], refused = err, err
			continue
		}
		connections[place] = messageConnection(parts[i])
	}
	if refused != nil {
		return connections, failed
	}
	return connections, nil
}

// loadNamedMessages loads the message whose seq each message names; null where it names none.
func loadNamedMessages(
	ctx context.Context, objs []*ent.Message, seq func(*ent.Message) *int64,
) ([]*ent.Message, error) {
	var ids []roomlog.MessageID
	var places []int
	for i, m := range objs {
		if named := seq(m); named != nil {
			ids = append(ids, roomlog.MessageID{Room: m.RoomID, Seq: *named})
			places = append(places, i)
		}
	}
	s := scopeOf(ctx)
	found, err := s.messages.getMany(ctx, ids, loadByKey(s, s.chat.MessagesByID))
	return scatterValues(found, places, len(objs)), errorsAt(places, len(objs), err)
}

func messageConnection(part read.Messages) *model.MessageConnection {
	return &model.MessageConnection{Page: model.Page[*ent.Message]{
		Items: part.Items, Earlier: part.Earlier, Later: part.Later, CursorOf: messageCursor,
	}}
}

func messageCursor(m *ent.Message) string { return messagesBySeq.encode(m.Seq, m.RoomID) }

// parseMessageID reads a message's id. It returns the id of no message for any other text.
func parseMessageID(id string) roomlog.MessageID {
	parsed, _ := roomlog.ParseMessageID(id)
	return parsed
}
