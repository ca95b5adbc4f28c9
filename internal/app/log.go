package app

import (
	"context"
	"time"

	"github.com/google/uuid"

	"parley/internal/broker"
	"parley/internal/chat/roomlog"
	"parley/internal/live"
)

// logs has the rooms' logs and the users' lists in the terms of the live side.
type logs struct{ *roomlog.Log }

// Read implements [live.Log].
func (l logs) Read(
	ctx context.Context,
	room uuid.UUID,
	after int64,
	limit int,
) ([]live.Event, error) {
	events, pruned, err := l.Log.Read(ctx, room, after, limit)
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
	events, err := roomlog.Decode(room, commit)
	if err != nil {
		return nil, err
	}
	return liveEvents(events), nil
}

// DecodeRoom implements [live.Log].
func (l logs) DecodeRoom(room uuid.UUID, commit broker.Commit) (broker.Commit, error) {
	return roomlog.DecodeRoom(room, commit)
}

// MembershipEnds implements [live.Log].
func (l logs) MembershipEnds(
	ctx context.Context,
	room uuid.UUID,
	after int64,
) ([]live.Event, error) {
	events, err := l.Log.MembershipEnds(ctx, room, after)
	if err != nil {
		return nil, err
	}
	return liveEvents(events), nil
}

func liveEvents(events []*roomlog.Event) []live.Event {
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
	found, err := l.Log.Created(ctx, since, known)
	if err != nil {
		return nil, err
	}
	created := make([]live.Created, len(found))
	for i, c := range found {
		created[i] = live.Created{Room: c.Room, Users: c.Users, Public: c.Public}
	}
	return created, nil
}

// ReadStates implements [live.Lists].
func (l logs) ReadStates(
	ctx context.Context, user string, endedSince time.Time,
) (live.ListState, error) {
	found, ends, err := l.Log.ReadStates(ctx, user, endedSince)
	if err != nil {
		return live.ListState{}, err
	}
	states := make(map[uuid.UUID]live.ReadState, len(found))
	for room, s := range found {
		states[room] = live.ReadState{Seq: s.Seq, Read: s.Read}
	}
	return live.ListState{Rooms: states, Ends: ends}, nil
}
