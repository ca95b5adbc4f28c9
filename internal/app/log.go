package app

import (
	"context"
	"time"

	"github.com/google/uuid"

	"parley/internal/broker"
	"parley/internal/chat"
	"parley/internal/live"
)

// logs gives the live side the rooms' logs and people's lists in its own terms.
type logs struct{ chat *chat.Chat }

// Read implements [live.Log].
func (l logs) Read(
	ctx context.Context,
	room uuid.UUID,
	after int64,
	limit int,
) ([]live.Event, error) {
	events, pruned, err := l.chat.Log(ctx, room, after, limit)
	if err != nil {
		return nil, err
	}
	if pruned {
		return nil, live.ErrPruned
	}
	return liveEvents(events), nil
}

// Decode implements [live.Log].
func (l logs) Decode(room uuid.UUID, commit broker.Commit) ([]live.Event, error) {
	events, err := l.chat.Decode(room, commit)
	if err != nil {
		return nil, err
	}
	return liveEvents(events), nil
}

// DecodeRoom implements [live.Log].
func (l logs) DecodeRoom(room uuid.UUID, commit broker.Commit) (broker.Commit, error) {
	return l.chat.DecodeRoom(room, commit)
}

// MembershipEnds implements [live.Log].
func (l logs) MembershipEnds(
	ctx context.Context,
	room uuid.UUID,
	after int64,
) ([]live.Event, error) {
	events, err := l.chat.MembershipEnds(ctx, room, after)
	if err != nil {
		return nil, err
	}
	return liveEvents(events), nil
}

func liveEvents(events []*chat.Event) []live.Event {
	out := make([]live.Event, len(events))
	for i, e := range events {
		out[i] = e
	}
	return out
}

// Created implements [live.Log].
func (l logs) Created(
	ctx context.Context,
	since time.Time,
	known func(uuid.UUID) bool,
) ([]live.Created, error) {
	found, err := l.chat.Created(ctx, since, known)
	if err != nil {
		return nil, err
	}
	created := make([]live.Created, len(found))
	for i, c := range found {
		created[i] = live.Created{Room: c.Room, Users: c.Users, Public: c.Public}
	}
	return created, nil
}

// Heads implements [live.Log].
func (l logs) Heads(ctx context.Context, rooms []uuid.UUID) (map[uuid.UUID]int64, error) {
	return l.chat.Heads(ctx, rooms)
}

// ReadStates implements [live.Lists].
func (l logs) ReadStates(ctx context.Context, user string) (map[uuid.UUID]live.ReadState, error) {
	found, err := l.chat.Standings(ctx, user)
	if err != nil {
		return nil, err
	}
	standings := make(map[uuid.UUID]live.ReadState, len(found))
	for room, s := range found {
		standings[room] = live.ReadState{Seq: s.Seq, Read: s.Read}
	}
	return standings, nil
}

// Joined implements [live.Lists].
func (l logs) Joined(
	ctx context.Context, since time.Time, found func(user string, room uuid.UUID),
) error {
	return l.chat.Joined(ctx, since, found)
}
