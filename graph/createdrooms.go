package graph

import (
	"context"
	"fmt"

	"github.com/google/uuid"

	"parley/ent"
	"parley/internal/chat"
	"parley/internal/chat/read"
	"parley/internal/chat/roomlog"
	"parley/internal/live"
)

// renderCreated renders new rooms, those that the subscribers of a topic may see: as they were
// created, if their publications say how that was.
func (r *Resolver) renderCreated(shown subscription, topic live.Topic, v chat.Viewer) live.Render {
	return func(
		ctx context.Context, owner string, events []live.Event,
	) ([][]byte, live.ReadSet, error) {
		var rooms []*ent.Room
		var refs []eventRef
		var places []int
		for i, event := range events {
			created, ok := event.(*live.RoomCreated)
			if !ok {
				return nil, live.ReadNothing, fmt.Errorf("a %T in a topic of new rooms", event)
			}
			s := r.newCreatedScope(created, topic)
			room, err := s.createdRoom(ctx, v, r.visibleRoom(s, topic, v, created.Room))
			if err != nil {
				return nil, live.ReadNothing, err
			}
			if room == nil {
				continue // deleted since, or no longer visible
			}
			rooms, places = append(rooms, room), append(places, i)
			refs = append(refs, eventRef{scope: s})
		}
		of := executionOwner{owner, topic}
		payloads, err := scatterPayloads(ctx, shown, of, rooms, refs, places, len(events))
		if err != nil {
			return nil, live.ReadOwn, err
		}
		for i, place := range places {
			s := refs[i].scope
			visible, err := s.stillVisible(ctx, r.visibleRoom(s, topic, v, rooms[i].ID))
			if err != nil {
				return nil, live.ReadOwn, err
			}
			if !visible {
				payloads[place] = nil
			}
		}
		return payloads, live.ReadOwn, nil
	}
}

// newCreatedScope returns the scope that all executions for a new room share: of its topic's
// subscribers, who are one user or see public rooms only.
func (r *Resolver) newCreatedScope(c *live.RoomCreated, topic live.Topic) *scope {
	shared, ok := c.Share(func() any {
		s := r.newScopeAt(topic)
		if commit, ok := c.Commit.(*roomlog.RoomCommit); ok {
			s.created = commit
			s.rooms.put(c.Room, commit.Room)
			s.tags.put(commit.Room, commit.Tags)
			s.raiseVersion(commit.Profiles)
		}
		return s
	}).(*scope)
	if !ok {
		panic("the executions for a new room share something else than a scope")
	}
	return shared
}

// createdRoom returns the room of the scope as its publication has it, or else as visible loads it.
func (s *scope) createdRoom(
	ctx context.Context, v chat.Viewer, visible loader[int64, *ent.Room],
) (*ent.Room, error) {
	if s.created == nil {
		rooms, err := s.visible.getMany(ctx, []int64{0}, visible)
		if err != nil {
			return nil, err
		}
		return rooms[0], nil
	}
	room := s.created.Room
	if membership, known := read.FirstMembership(s.created, v.ID); known {
		s.memberships.put(read.ViewerKey[uuid.UUID]{UserID: v.ID, Key: room.ID}, membership)
	}
	return room, nil
}

// stillVisible reports whether the topic's subscribers may be shown what the scope has loaded
// besides its room, for this rendering or another one. It asks again after each load, since they
// may have left the room before it. A former member receives the room as it was created, at most.
func (s *scope) stillVisible(
	ctx context.Context, visible loader[int64, *ent.Room],
) (bool, error) {
	loads, _ := s.loadCount()
	if loads == 0 {
		return true, nil
	}
	rooms, err := s.visible.getMany(ctx, []int64{loads}, visible)
	return err == nil && rooms[0] != nil, err
}

// visibleRoom returns what loads a room; nil if the topic's subscribers may not see it.
func (r *Resolver) visibleRoom(
	s *scope, topic live.Topic, v chat.Viewer, id uuid.UUID,
) loader[int64, *ent.Room] {
	return func(ctx context.Context, _ []int64) ([]*ent.Room, error) {
		var room *ent.Room
		var err error
		if topic == live.Lobby() {
			if room, err = r.chat.PublicRoom(ctx, id); err == nil {
				s.rooms.put(room.ID, room)
			}
		} else {
			var seen read.ViewedRoom
			if seen, err = r.chat.Room(ctx, v, id); err == nil {
				s.prime(v, seen)
			}
			room = seen.Room
		}
		if isNotFound(err) {
			room, err = nil, nil
		}
		return []*ent.Room{room}, err
	}
}
