// Package model holds the Go types of the GraphQL schema that are not entities: hand-written ones here, gqlgen's in
// models_gen.go.
package model

import (
	"parley/ent"
)

// Node is a *ent.User, a *ent.Room or a *ent.Message.
type Node any

// RoomMemberConnection is a page of a room's members. Its people are loaded where they are asked for.
type RoomMemberConnection struct {
	Edges      []RoomMemberEdge
	PageInfo   *PageInfo
	TotalCount int
}

// RoomMemberEdge is a member's place in the list.
type RoomMemberEdge struct {
	Cursor string
	Member *ent.Member
}
