package model

import (
	"time"

	"github.com/google/uuid"

	"parley/ent"
	"parley/ent/member"
	"parley/ent/roomevent"
)

// RoomEvent is one of the types below that embed an [Event].
type RoomEvent any

// Event is what all events of a room have. The room itself is loaded where it is asked for.
type Event struct {
	RoomID uuid.UUID
	Seq    int64
	At     time.Time
}

// InRoom is the id of the event's room.
func (e Event) InRoom() uuid.UUID { return e.RoomID }

// MessageAdded says that a user sent a message.
type MessageAdded struct {
	Event
	Message *ent.Message
}

// MessageEdited says that a message's contents were changed.
type MessageEdited struct {
	Event
	Message *ent.Message
}

// MessageDeleted says that a message was deleted.
type MessageDeleted struct {
	Event
	Message *ent.Message
}

// ReactionsChanged says that a reaction came or went.
type ReactionsChanged struct {
	Event
	Message *ent.Message
	UserID  string
	Emoji   string
	On      bool
}

// MemberJoined says that a user became a member.
type MemberJoined struct {
	Event
	UserID string
	Role   member.Role
}

// MemberLeft says that a user is no longer in the room.
type MemberLeft struct {
	Event
	UserID string
	Reason roomevent.Reason
}

// MemberRoleChanged says that a member has another role.
type MemberRoleChanged struct {
	Event
	UserID string
	Role   member.Role
}

// RoomUpdated says that the room itself has changed.
type RoomUpdated struct{ Event }

// RoomDeleted says that the room was deleted.
type RoomDeleted struct{ Event }

// StreamOpened is the first item of a stream.
type StreamOpened struct{ Event }

// Resync says that the stream continues at another seq than the client requested.
type Resync struct{ Event }

// MyRoomsChange is one step for a chat list. Its room is loaded where it is asked for.
type MyRoomsChange struct {
	Kind   MyRoomsChangeKind
	RoomID *string
	Room   *ent.Room
}

// MyEvent is one item of a stream over all rooms of a user.
type MyEvent struct {
	Kind   MyEventKind
	RoomID *string
	Event  RoomEvent
	Reason *RoomEndReason
}
