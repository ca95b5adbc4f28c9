// Package roomlog is the log of a room: its events, how they are published, and reading them.
//
// A room is a log without holes. Each event takes the room's next seq in the transaction that makes
// the change, so commit order is seq order. The database is the truth: what a publication carries
// can always be read from the log instead. Callers authorize the users who see it.
package roomlog

import (
	"sync"
	"time"

	"github.com/google/uuid"

	"parley/ent"
	"parley/ent/member"
	"parley/ent/roomevent"
	"parley/internal/chat/profiles"
)

// KindMessageAdded is the kind of the events that are messages; the others are the kinds of ent's
// RoomEvent.
const KindMessageAdded roomevent.Kind = "MESSAGE_ADDED"

// Event is one entry of a room's log.
type Event struct {
	Room uuid.UUID      `json:"-"`
	Seq  int64          `json:"seq"`
	Kind roomevent.Kind `json:"kind"`
	At   time.Time      `json:"at"`
	// Message is the one that was added, or that the event is about, as it was when the event was
	// published or read; nil with other kinds.
	Message *ent.Message `json:"message,omitempty"`
	// Subject is the user it happened to; with a reaction, its user.
	Subject string `json:"subject,omitempty"`
	// Member is the subject's membership of a published event, as they joined or changed their
	// role.
	Member *ent.Member `json:"member,omitempty"`
	// Role is the subject's from here on; Reason is why they left.
	Role   member.Role      `json:"role,omitempty"`
	Reason roomevent.Reason `json:"reason,omitempty"`
	// Emoji and On are of a reaction.
	Emoji string `json:"emoji,omitempty"`
	On    bool   `json:"on,omitempty"`
	// The user that the event is about, or else the message's author, as of the time when the event
	// was read; nil for a published event. Profiles is the profile version of that one's
	// transaction.
	User     *ent.User        `json:"-"`
	Profiles profiles.Version `json:"-"`

	create *ent.RoomEventCreate // of one that a transaction appends
	// commit is that of a published event, and room that of another one.
	commit *Commit
	room   *ent.Room

	once   sync.Once
	shared any
}

// Added returns the event of a message that was added.
func Added(m *ent.Message) *Event {
	return &Event{Seq: m.Seq, Kind: KindMessageAdded, At: m.CreatedAt, Message: PublicMessage(m)}
}

// Appended returns the event that a transaction appends. Its other fields are set when it is part
// of a [NewCommit].
func Appended(create *ent.RoomEventCreate) *Event { return &Event{create: create} }

// RoomState returns the room as it was when the event was published or read. A published one has no
// key. It is nil if what was published cannot be decoded.
func (e *Event) RoomState() *ent.Room {
	if e.commit == nil {
		return e.room
	}
	room, err := e.commit.room()
	if err != nil {
		return nil
	}
	return room
}

// complete sets what the transaction has written of the event.
func (e *Event) complete() {
	if e.create == nil {
		return
	}
	m := e.create.Mutation()
	e.Seq, _ = m.Seq()
	e.Kind, _ = m.Kind()
	e.At, _ = m.At()
	e.Subject, _ = m.SubjectID()
	role, _ := m.Role()
	e.Role = member.Role(role)
	e.Reason, _ = m.Reason()
	e.Emoji, _ = m.Emoji()
	e.On, _ = m.On()
	e.create = nil
}

// lacksMessage reports whether the event is about a message that does not exist any more.
func (e *Event) lacksMessage() bool {
	needsMessage := e.Kind == roomevent.KindMESSAGE_EDITED ||
		e.Kind == roomevent.KindMESSAGE_DELETED || e.Kind == roomevent.KindREACTIONS_CHANGED
	return needsMessage && e.Message == nil
}

// Share returns a value that all renderings of the event share. The first call creates it. It
// exists as long as the event.
func (e *Event) Share(with func() any) any {
	e.once.Do(func() { e.shared = with() })
	return e.shared
}

// Position is the event's seq.
func (e *Event) Position() int64 { return e.Seq }

// Final reports whether the event is the last one of its log.
func (e *Event) Final() bool { return e.Kind == roomevent.KindROOM_DELETED }

// Erases reports whether the event empties a message: events and payloads from before it must not
// be delivered any more.
func (e *Event) Erases() bool { return e.Kind == roomevent.KindMESSAGE_DELETED }

// EndsMembership reports whether the event ends a membership: see [Event.Ends].
func (e *Event) EndsMembership() bool {
	return e.Kind == roomevent.KindROOM_DELETED || e.Kind == roomevent.KindMEMBER_LEFT
}

// copy returns a copy of a published event.
func (e *Event) copy() *Event {
	return &Event{
		Seq: e.Seq, Kind: e.Kind, At: e.At, Message: e.Message, Subject: e.Subject,
		Member: e.Member, Role: e.Role, Reason: e.Reason, Emoji: e.Emoji, On: e.On,
	}
}

// ReasonDeleted is the reason of an [EndedError] if the room was deleted.
const ReasonDeleted = "DELETED"

// EndedError ends what a user follows in a room: the user's membership has ended.
type EndedError struct {
	// Reason is [ReasonDeleted], or that of the MEMBER_LEFT event.
	Reason string
}

// Error says it to the user.
func (e *EndedError) Error() string {
	if e.Reason == ReasonDeleted {
		return "The room has been deleted."
	}
	return "You are no longer in the room."
}

// Ends returns an [EndedError] if the event ends a user's membership of the room: it ends their
// subscriptions, unless they were authorized at a later head.
func (e *Event) Ends(userID string) error {
	switch {
	case e.Kind == roomevent.KindROOM_DELETED:
		return &EndedError{ReasonDeleted}
	case e.Kind == roomevent.KindMEMBER_LEFT && e.Subject == userID:
		return &EndedError{string(e.Reason)}
	}
	return nil
}
