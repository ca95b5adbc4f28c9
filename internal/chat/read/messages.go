package read

import (
	"cmp"
	"context"
	"database/sql"
	"fmt"
	"maps"
	"slices"
	"strings"

	entsql "entgo.io/ent/dialect/sql"
	"github.com/google/uuid"

	"parley/ent"
	"parley/ent/message"
	"parley/ent/predicate"
	"parley/internal/chat/roomlog"
	"parley/internal/store"
)

// List names a list of messages: those of a room, or of a thread in it.
type List struct {
	Room uuid.UUID
	// Thread is the seq of the message that the thread hangs from; 0: the room's own list.
	Thread int64
}

// Window is the part of a list of messages that is wanted.
type Window struct {
	// Count is how many messages at most: the first of those between the bounds, or the last.
	Count int
	Last  bool
	// After and Before are seqs that the messages lie between; 0 is no bound.
	After, Before int64
	// NoThreads leaves messages out of a room's list that belong to a thread.
	NoThreads bool
}

// Messages are a part of a list, oldest first.
type Messages struct {
	Items []*ent.Message
	// Earlier and Later tell whether the list goes on before and behind Items.
	Earlier, Later bool
}

// Check returns a [PageError] if the part is too long.
func (w Window) Check() error {
	name := "first"
	if w.Last {
		name = "last"
	}
	return checkSize(name, w.Count)
}

// Messages returns the same part of each list. The viewer must be in the rooms. The number of
// statements does not depend on the number of lists, up to maxLists of them.
func (rd *Reader) Messages(ctx context.Context, lists []List, w Window) (map[List]Messages, error) {
	if err := w.Check(); err != nil {
		return nil, err
	}
	all := make(map[List]Messages, len(lists))
	for part := range slices.Chunk(lists, maxLists) {
		found, err := rd.parts(ctx, part, w)
		if err != nil {
			return nil, err
		}
		maps.Copy(all, found)
	}
	return all, nil
}

// maxLists is how many lists are read in one statement: SQLite takes 500 queries in one.
const maxLists = 256

// parts returns the same part of each of at most maxLists lists.
func (rd *Reader) parts(ctx context.Context, lists []List, w Window) (map[List]Messages, error) {
	found, err := rd.messages(ctx, lists, w)
	if err != nil {
		return nil, fmt.Errorf("list messages: %w", err)
	}
	parts := make(map[List]Messages, len(lists))
	for _, list := range lists {
		items := found[list]
		more := len(items) > w.Count
		items = items[:min(len(items), w.Count)]
		if w.Last {
			slices.Reverse(items)
			parts[list] = Messages{Items: items, Earlier: more}
		} else {
			parts[list] = Messages{Items: items, Later: more}
		}
	}
	// The rows do not show whether there are messages beyond a given bound.
	if w.After > 0 {
		if err := rd.findBeyond(ctx, lists, w, "<=", w.After, func(list List) {
			part := parts[list]
			part.Earlier = true
			parts[list] = part
		}); err != nil {
			return nil, err
		}
	}
	if w.Before > 0 {
		if err := rd.findBeyond(ctx, lists, w, ">=", w.Before, func(list List) {
			part := parts[list]
			part.Later = true
			parts[list] = part
		}); err != nil {
			return nil, err
		}
	}
	return parts, nil
}

// statement is a piece of SQL that grows, with its arguments.
type statement struct {
	strings.Builder
	args []any
}

// arg adds an argument and returns its placeholder.
func (s *statement) arg(v any) string {
	s.args = append(s.args, v)
	return fmt.Sprintf("$%d", len(s.args))
}

// condition selects a list's messages.
func (s *statement) condition(list List, w Window) string {
	condition := "room_id = " + s.arg(list.Room)
	switch {
	case list.Thread != 0:
		condition += " AND thread_seq = " + s.arg(list.Thread)
	case w.NoThreads:
		condition += " AND thread_seq IS NULL"
	}
	return condition
}

// messages reads one more message of each list than is wanted, in the window's direction. Each list
// is read by a query of its own inside one statement, which reads no more than it returns, however
// long the list is.
func (rd *Reader) messages(
	ctx context.Context, lists []List, w Window,
) (map[List][]*ent.Message, error) {
	var q statement
	sign, direction := 1, "ASC"
	if w.Last {
		sign, direction = -1, "DESC"
	}
	for i, list := range store.Padded(lists) {
		if i > 0 {
			q.WriteString(" UNION ALL ")
		}
		condition := q.condition(list, w)
		if w.After > 0 {
			condition += " AND seq > " + q.arg(w.After)
		}
		if w.Before > 0 {
			condition += " AND seq < " + q.arg(w.Before)
		}
		fmt.Fprintf(
			&q,
			"SELECT * FROM (SELECT %s FROM messages WHERE %s ORDER BY seq %s LIMIT %s) AS part%d",
			ent.MessageColumns,
			condition,
			direction,
			q.arg(w.Count+1),
			i,
		)
	}
	found := make(map[List][]*ent.Message, len(lists))
	err := store.Each(ctx, rd.db, func(rows *sql.Rows) error {
		var row ent.MessageRow
		if err := rows.Scan(row.Targets()...); err != nil {
			return err
		}
		m, err := row.Message()
		if err != nil {
			return err
		}
		list := List{Room: m.RoomID}
		if lists[0].Thread != 0 { // all are of one kind
			list.Thread = *m.ThreadSeq
		}
		found[list] = append(found[list], m)
		return nil
	}, q.String(), q.args...)
	for list, items := range found {
		slices.SortFunc(
			items,
			func(a, b *ent.Message) int { return sign * cmp.Compare(a.Seq, b.Seq) },
		)
		// The last list is in the statement several times: see [store.Padded].
		found[list] = slices.CompactFunc(
			items, func(a, b *ent.Message) bool { return a.Seq == b.Seq },
		)
	}
	return found, err
}

// findBeyond calls report with each list that has a message whose seq compares so to a bound.
func (rd *Reader) findBeyond(
	ctx context.Context, lists []List, w Window, compares string, bound int64, report func(List),
) error {
	var q statement
	for i, list := range store.Padded(lists) {
		if i > 0 {
			q.WriteString(" UNION ")
		}
		fmt.Fprintf(
			&q,
			"SELECT %d AS list WHERE EXISTS (SELECT 1 FROM messages WHERE %s AND seq %s %s)",
			min(i, len(lists)-1),
			q.condition(list, w),
			compares,
			q.arg(bound),
		)
	}
	found, err := rd.numbers(ctx, &q)
	if err != nil {
		return fmt.Errorf("look beyond a part of %d lists: %w", len(lists), err)
	}
	for _, i := range found {
		report(lists[i])
	}
	return nil
}

// numbers runs a query that returns one column of whole numbers.
func (rd *Reader) numbers(ctx context.Context, q *statement) ([]int, error) {
	rows, err := rd.db.QueryContext(ctx, q.String(), q.args...)
	if err != nil {
		return nil, err
	}
	defer func() { _ = rows.Close() }() // what failed is in rows.Err
	var numbers []int
	if err := entsql.ScanSlice(rows, &numbers); err != nil {
		return nil, err
	}
	return numbers, rows.Err()
}

// MessagesByID returns messages, in one statement; what does not exist is missing. The viewer must
// be in the rooms.
func (rd *Reader) MessagesByID(
	ctx context.Context, ids []roomlog.MessageID,
) (map[roomlog.MessageID]*ent.Message, error) {
	messages, err := rd.db.Message.Query().
		Where(message.Or(ofMessages(ids, message.FieldRoomID, message.FieldSeq)...)).
		All(ctx)
	if err != nil {
		return nil, fmt.Errorf("get %d messages: %w", len(ids), err)
	}
	byID := make(map[roomlog.MessageID]*ent.Message, len(messages))
	for _, m := range messages {
		byID[roomlog.MessageID{Room: m.RoomID, Seq: m.Seq}] = m
	}
	return byID, nil
}

// ofMessages selects rows by the message that they are or belong to: one condition for each room.
func ofMessages(ids []roomlog.MessageID, roomColumn, seqColumn string) []predicate.Message {
	seqs := make(map[uuid.UUID][]any)
	var order []uuid.UUID
	for _, id := range ids {
		if seqs[id.Room] == nil {
			order = append(order, id.Room)
		}
		seqs[id.Room] = append(seqs[id.Room], id.Seq)
	}
	var out []predicate.Message
	for _, id := range store.Padded(order) {
		out = append(out, func(s *entsql.Selector) {
			s.Where(
				entsql.And(
					entsql.EQ(s.C(roomColumn), id),
					entsql.In(s.C(seqColumn), store.Padded(seqs[id])...),
				),
			)
		})
	}
	return out
}
