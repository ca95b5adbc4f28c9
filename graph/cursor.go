package graph

import (
	"encoding/base64"
	"encoding/binary"
	"time"

	"github.com/google/uuid"

	"parley/ent"
	"parley/graph/model"
	"parley/internal/chat/read"
)

// list names what a cursor belongs to: a cursor of one list is refused by another.
type list byte

const (
	roomsByActivity list = 'a'
	roomsByAge      list = 'r'
	membersByAge    list = 'm'
	messagesBySeq   list = 'g'
	bansByAge       list = 'b'
	friendsByAge    list = 'f'
	requestsByAge   list = 'q'
)

// cursorBytes is the size of a cursor before it is encoded: the list, a number, a UUID.
const cursorBytes = 1 + 8 + 16

// encode writes a place in the list for the client to hand back.
func (l list) encode(number int64, id uuid.UUID) string {
	raw := append(make([]byte, 0, cursorBytes), byte(l))
	raw = binary.BigEndian.AppendUint64(raw, uint64(number))
	raw = append(raw, id[:]...)
	return base64.RawURLEncoding.EncodeToString(raw)
}

// decode reads a cursor of the list, which the argument named field carries. What encode does not
// write is none.
func (l list) decode(field, cursor string) (number int64, id uuid.UUID, err error) {
	raw, err := base64.RawURLEncoding.DecodeString(cursor)
	if err != nil || len(raw) != cursorBytes || raw[0] != byte(l) {
		return 0, id, noCursor(field)
	}
	number, id = int64(binary.BigEndian.Uint64(raw[1:9])), uuid.UUID(raw[9:])
	if l.encode(number, id) != cursor { // line breaks, and bits behind the last byte
		return 0, id, noCursor(field)
	}
	return number, id, nil
}

// noCursor is the answer to an argument that should be a cursor.
func noCursor(field string) error {
	return badInput(field, field+" is not a cursor of this list.")
}

// cursor writes a position in a list that is ordered by time.
func (l list) cursor(p read.Position) string { return l.encode(p.At.UnixMicro(), p.ID) }

// position reads the cursor after, of a list that is ordered by time; nil stays nil.
func (l list) position(after *string) (*read.Position, error) {
	if after == nil {
		return nil, nil
	}
	micros, id, err := l.decode("after", *after)
	if err != nil {
		return nil, err
	}
	at := time.UnixMicro(micros).UTC()
	if at.Year() < 1970 ||
		at.Year() > 9999 { // which no cursor of ours is, and not every database can compare with
		return nil, noCursor("after")
	}
	return &read.Position{At: at, ID: id}, nil
}

// rowCursor writes a place in a list that is ordered by time and then by the numbers of the rows.
func (l list) rowCursor(p read.RowPosition) string {
	var id uuid.UUID
	binary.BigEndian.PutUint64(id[8:], uint64(p.ID))
	return l.cursor(read.Position{At: p.At, ID: id})
}

// rowPosition reads the cursor after, of a list that is ordered by time and then by the numbers of
// the rows; nil stays nil.
func (l list) rowPosition(after *string) (*read.RowPosition, error) {
	p, err := l.position(after)
	if p == nil || err != nil {
		return nil, err
	}
	number := int64(binary.BigEndian.Uint64(p.ID[8:]))
	if binary.BigEndian.Uint64(p.ID[:8]) != 0 || number < 0 {
		return nil, noCursor("after")
	}
	return &read.RowPosition{At: p.At, ID: int(number)}, nil
}

// pageSize is how many entries were asked for.
func pageSize(first *int, defaultSize int) int {
	if first == nil {
		return defaultSize
	}
	return *first
}

// pageOf returns a page of the list behind after, if that is given. Lists are read forwards: after
// has skipped what comes before the page.
func pageOf[T any](page read.Page[T], after *string, cursor func(T) string) model.Page[T] {
	return model.Page[T]{
		Items: page.Items, Earlier: after != nil, Later: page.More, CursorOf: cursor,
	}
}

func activityCursor(room *ent.Room) string {
	return roomsByActivity.cursor(read.Position{At: room.UpdatedAt, ID: room.ID})
}

func roomCursor(room *ent.Room) string {
	return roomsByAge.cursor(read.Position{At: room.CreatedAt, ID: room.ID})
}

func memberCursor(m *ent.Member) string {
	return membersByAge.cursor(read.Position{At: m.JoinedAt, ID: m.ID})
}

func banCursor(b *ent.Ban) string {
	return bansByAge.rowCursor(read.RowPosition{At: b.At, ID: b.ID})
}

func friendCursor(f *ent.Friendship) string {
	return friendsByAge.rowCursor(read.RowPosition{At: *f.Since, ID: f.ID})
}

func requestCursor(f *ent.Friendship) string {
	return requestsByAge.rowCursor(read.RowPosition{At: f.RequestedAt, ID: f.ID})
}
