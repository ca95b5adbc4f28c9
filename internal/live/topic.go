package live

import "github.com/google/uuid"

// Topic is what a subscriber follows: a room's log, or new rooms: those with one user in them, or the
// public ones.
type Topic struct {
	kind topicKind
	room uuid.UUID
	user string
}

// String returns a text that differs from those of all other topics.
func (t Topic) String() string {
	switch t.kind {
	case roomTopic:
		return "room " + t.room.String()
	case userTopic:
		return "user " + t.user
	default:
		return "lobby"
	}
}

// Room returns the room of a room's topic.
func (t Topic) Room() uuid.UUID { return t.room }

type topicKind int

const (
	roomTopic topicKind = iota
	userTopic
	lobbyTopic
)

// Room is the topic of a room's log.
func Room(id uuid.UUID) Topic { return Topic{kind: roomTopic, room: id} }

// User is the topic of new rooms with one user in them.
func User(id string) Topic { return Topic{kind: userTopic, user: id} }

// Lobby is the topic of new public rooms.
func Lobby() Topic { return Topic{kind: lobbyTopic} }
