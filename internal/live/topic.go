package live

import "github.com/google/uuid"

// Topic is what a subscriber listens to: a room's log, or the rooms that come into being with
// somebody in them or for everybody to see.
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

type topicKind int

const (
	roomTopic topicKind = iota
	userTopic
	lobbyTopic
)

// Room is the topic of a room's log.
func Room(id uuid.UUID) Topic { return Topic{kind: roomTopic, room: id} }

// User is the topic of the rooms that come into being with one person in them.
func User(id string) Topic { return Topic{kind: userTopic, user: id} }

// Lobby is the topic of the public rooms that come into being.
func Lobby() Topic { return Topic{kind: lobbyTopic} }
