// Package model holds the Go types of the GraphQL schema that are not entities: hand-written ones
// here, gqlgen's in models_gen.go.
package model

import (
	"parley/ent"
)

// Node is a *ent.User, a *ent.Room or a *ent.Message.
type Node any

// Page is a page of a list. Its edges, cursors and page info are made when they are selected.
type Page[T any] struct {
	Items []T
	// Earlier and Later tell whether there are items before and behind the page.
	Earlier, Later bool
	// CursorOf returns the cursor of an item.
	CursorOf func(T) string
}

// PageInfo is the page's place in the list.
func (p *Page[T]) PageInfo() *PageInfo {
	info := &PageInfo{HasPreviousPage: p.Earlier, HasNextPage: p.Later}
	if n := len(p.Items); n > 0 {
		first, last := p.CursorOf(p.Items[0]), p.CursorOf(p.Items[n-1])
		info.StartCursor, info.EndCursor = &first, &last
	}
	return info
}

// RoomMemberConnection is a page of a room's members. Its users are loaded when they are selected.
type RoomMemberConnection struct {
	Page[*ent.Member]
	TotalCount int
}

// Edges are the members' places in the list.
func (c *RoomMemberConnection) Edges() []RoomMemberEdge {
	edges := make([]RoomMemberEdge, len(c.Items))
	for i, m := range c.Items {
		edges[i] = RoomMemberEdge{Member: m, page: &c.Page}
	}
	return edges
}

// RoomMemberEdge is a member's place in the list.
type RoomMemberEdge struct {
	Member *ent.Member
	page   *Page[*ent.Member]
}

// Cursor is the edge's own position.
func (e *RoomMemberEdge) Cursor() string { return e.page.CursorOf(e.Member) }
