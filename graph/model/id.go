package model

import (
	"fmt"
	"io"

	"github.com/99designs/gqlgen/graphql"
	"github.com/google/uuid"

	"parley/internal/chat/roomlog"
)

// MarshalUUID writes the id of a room or of a membership.
func MarshalUUID(id uuid.UUID) graphql.Marshaler {
	return graphql.WriterFunc(func(w io.Writer) {
		var buf [38]byte
		buf[0], buf[37] = '"', '"'
		text, _ := id.MarshalText() // never fails
		copy(buf[1:], text)
		_, _ = w.Write(buf[:]) // gqlgen writes to memory, which does not fail
	})
}

// UnmarshalUUID reads the id of a room. It returns [uuid.Nil], which no room has, for any other text:
// such a room is not found.
func UnmarshalUUID(v any) (uuid.UUID, error) {
	s, err := graphql.UnmarshalID(v)
	if err != nil {
		return uuid.Nil, &InputError{fmt.Sprintf("%v is not an ID", v)}
	}
	return ParseUUID(s), nil
}

// ParseUUID reads the id of a room in the one form in which Parley writes it. It returns [uuid.Nil],
// which no room has, for any other text.
func ParseUUID(s string) uuid.UUID {
	id, err := uuid.Parse(s)
	if err != nil || id.String() != s {
		return uuid.Nil
	}
	return id
}

// MarshalMessageID writes the id of a message.
func MarshalMessageID(
	id roomlog.MessageID,
) graphql.Marshaler {
	return graphql.MarshalID(id.String())
}

// UnmarshalMessageID reads the id of a message. It returns the id of no message for any other text.
func UnmarshalMessageID(v any) (roomlog.MessageID, error) {
	s, err := graphql.UnmarshalID(v)
	if err != nil {
		return roomlog.MessageID{}, &InputError{fmt.Sprintf("%v is not an ID", v)}
	}
	id, _ := roomlog.ParseMessageID(s)
	return id, nil
}
