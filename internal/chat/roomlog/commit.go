package roomlog

import (
	"encoding/json"
	"errors"
	"fmt"
	"hash/fnv"
	"slices"
	"strconv"
	"sync"

	"github.com/google/uuid"

	"parley/ent"
	"parley/ent/member"
	"parley/ent/message"
	"parley/ent/room"
	"parley/ent/roomevent"
	"parley/internal/broker"
	"parley/internal/chat/profiles"
)

// Commit is what one transaction appended to a room's log. It implements [broker.Commit].
type Commit struct {
	// Format is that of the node which encoded it: see [Decode].
	Format string `json:"format"`
	// Room is the room after it, with its public columns only.
	Room *ent.Room `json:"room"`
	// Profiles is the profile version of the transaction: an event shows no older profile.
	Profiles profiles.Version `json:"profiles"`
	Events   []*Event         `json:"events"`

	// Row is the room as JSON, instead of Room, until it is decoded or encoded.
	Row    []byte `json:"-"`
	decode sync.Once
}

// NewCommit returns the commit of events that a transaction has appended to a room's log, at a profile
// version. It takes what it publishes of the room as it is now.
func NewCommit(room *ent.Room, at profiles.Version, events []*Event) *Commit {
	for _, e := range events {
		e.complete()
	}
	return &Commit{Room: PublicRoom(room), Profiles: at, Events: events}
}

// room returns the room after the commit. It is safe for concurrent use.
func (c *Commit) room() (*ent.Room, error) {
	var err error
	c.decode.Do(func() {
		if c.Row == nil {
			return
		}
		r := &ent.Room{}
		if err = json.Unmarshal(c.Row, r); err == nil {
			r.CreatedAt, r.UpdatedAt, r.EventAt = r.CreatedAt.UTC(), r.UpdatedAt.UTC(), r.EventAt.UTC()
			c.Room, c.Row = r, nil
		}
	})
	if err == nil && c.Room == nil {
		err = errNoPublishedRoom
	}
	return c.Room, err
}

var errNoPublishedRoom = errors.New("a commit has no room")

// First implements [broker.Commit].
func (c *Commit) First() int64 { return c.Events[0].Seq }

// Publication returns the publication of the commit to a room.
func (c *Commit) Publication(roomID uuid.UUID) broker.Publication {
	return broker.Publication{Room: roomID, Seq: c.Events[len(c.Events)-1].Seq, Commit: c}
}

// Encode implements [broker.Commit]. Idempotency keys do not leave the node: see [HasHiddenKey].
func (c *Commit) Encode() ([]byte, error) {
	room, err := c.room()
	if err != nil {
		return nil, fmt.Errorf("encode a commit: %w", err)
	}
	encoded := &Commit{Format: commitFormat(), Room: room, Profiles: c.Profiles}
	for _, e := range c.Events {
		if e.Message != nil && e.Message.IdempotencyKey != nil {
			event, message := e.copy(), *e.Message
			message.IdempotencyKey = new(string)
			event.Message = &message
			e = event
		}
		encoded.Events = append(encoded.Events, e)
	}
	return json.Marshal(encoded)
}

// HasHiddenKey reports whether a message has an idempotency key that its publication did not carry.
func HasHiddenKey(m *ent.Message) bool { return m.IdempotencyKey != nil && *m.IdempotencyKey == "" }

// commitFormat changes whenever a commit has other columns, so that nodes of different versions do
// not decode each other's commits.
func commitFormat() string {
	format := fnv.New64a()
	for _, columns := range [][]string{
		message.Columns, room.Columns, roomevent.Columns, member.Columns,
	} {
		for _, column := range columns {
			_, _ = format.Write([]byte(column + ",")) // a hash accepts everything
		}
	}
	return strconv.FormatUint(format.Sum64(), 36)
}

// Decode returns the events of a publication. It fails if they were encoded by a node of another
// version: then they have to be read from the log.
func Decode(roomID uuid.UUID, published broker.Commit) ([]*Event, error) {
	commit, ok := published.(*Commit)
	if !ok {
		encoded, ok := published.(*broker.Encoded)
		if !ok {
			return nil, fmt.Errorf("decode a commit: it is a %T", published)
		}
		commit = &Commit{}
		if err := json.Unmarshal(encoded.JSON, commit); err != nil {
			return nil, fmt.Errorf("decode a commit: %w", err)
		}
		if format := commitFormat(); commit.Format != format {
			return nil, fmt.Errorf(
				"decode a commit: its format is %q, not %q", commit.Format, format,
			)
		}
		if commit.Room == nil || len(commit.Events) == 0 || slices.Contains(commit.Events, nil) {
			return nil, fmt.Errorf("decode a commit to room %s: it is not complete", roomID)
		}
	}
	events := make([]*Event, len(commit.Events))
	for i, e := range commit.Events {
		events[i] = e.copy()
		events[i].Room, events[i].commit, events[i].Profiles = roomID, commit, commit.Profiles
	}
	return events, nil
}

// IsPublishedRoom reports whether a room was published, and so has no key.
func IsPublishedRoom(r *ent.Room) bool { return r.Key == "" }

// PublicRoom returns a copy of a room as it is published, without what only some users may see.
func PublicRoom(r *ent.Room) *ent.Room {
	public := *r
	public.Key, public.SearchText = "", ""
	return &public
}

// PublicMember returns a copy of a membership as it is published, without what its user has read.
func PublicMember(m *ent.Member) *ent.Member {
	return &ent.Member{
		ID: m.ID, RoomID: m.RoomID, UserID: m.UserID, Role: m.Role,
		JoinedAt: m.JoinedAt, JoinedSeq: m.JoinedSeq,
	}
}

// PublicMessage returns a copy of a message as it is published.
func PublicMessage(m *ent.Message) *ent.Message {
	public := *m
	public.RequestHash = nil
	return &public
}
