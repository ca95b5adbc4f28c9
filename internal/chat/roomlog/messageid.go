package roomlog

import (
	"encoding/base64"
	"encoding/binary"

	"github.com/google/uuid"
)

// MessageID names a message by its room and its seq, so that it can be found, and one day be
// placed, by its room.
type MessageID struct {
	Room uuid.UUID
	Seq  int64
}

// messageIDBytes is the size of an id: a UUID and a seq.
const messageIDBytes = 16 + 8

// String is the form in which clients know the id: 32 characters of URL-safe base64.
func (id MessageID) String() string {
	raw := binary.BigEndian.AppendUint64(
		append(make([]byte, 0, messageIDBytes), id.Room[:]...), uint64(id.Seq),
	)
	return base64.RawURLEncoding.EncodeToString(raw)
}

// ParseMessageID parses the result of String. For other texts it returns the zero id and false.
func ParseMessageID(s string) (id MessageID, ok bool) {
	raw, err := base64.RawURLEncoding.Strict().DecodeString(s)
	if err != nil || len(raw) != messageIDBytes {
		return id, false
	}
	id = MessageID{Room: uuid.UUID(raw[:16]), Seq: int64(binary.BigEndian.Uint64(raw[16:]))}
	return id, id.Seq > 0
}
