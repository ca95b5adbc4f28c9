// Package model holds the Go types of the GraphQL schema that are not entities: hand-written ones
// here, gqlgen's in models_gen.go.
package model

import "parley/ent"

// Node is a *ent.User, a *ent.Room or a *ent.Message.
type Node any

// RoomConnection is a page of rooms.
type RoomConnection struct{ Page[*ent.Room] }

// Nodes are the rooms.
func (c *RoomConnection) Nodes() []*ent.Room { return c.Items }

// Edges are the rooms' places in the list.
func (c *RoomConnection) Edges() []RoomEdge {
	return edges(&c.Page, func(e Edge[*ent.Room]) RoomEdge { return RoomEdge{e} })
}

// RoomEdge is a room's place in a list.
type RoomEdge struct{ Edge[*ent.Room] }

// Node is the room.
func (e *RoomEdge) Node() *ent.Room { return e.Item }

// RoomMemberConnection is a page of a room's members. Its users are loaded when they are selected.
type RoomMemberConnection struct {
	Page[*ent.Member]
	TotalCount int
}

// Edges are the members' places in the list.
func (c *RoomMemberConnection) Edges() []RoomMemberEdge {
	return edges(&c.Page, func(e Edge[*ent.Member]) RoomMemberEdge { return RoomMemberEdge{e} })
}

// RoomMemberEdge is a member's place in the list.
type RoomMemberEdge struct{ Edge[*ent.Member] }

// Member is the membership.
func (e *RoomMemberEdge) Member() *ent.Member { return e.Item }
