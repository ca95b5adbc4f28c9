package model

import (
	"parley/ent"
	"parley/ent/schema"
)

// OpenseaItem is the NFT that a message shows.
type OpenseaItem = schema.OpenseaItem

// MessageConnection is a page of messages.
type MessageConnection struct{ Page[*ent.Message] }

// Nodes are the messages.
func (c *MessageConnection) Nodes() []*ent.Message { return c.Items }

// Edges are the messages' places in the list.
func (c *MessageConnection) Edges() []MessageEdge {
	edges := make([]MessageEdge, len(c.Items))
	for i, m := range c.Items {
		edges[i] = MessageEdge{Node: m, page: &c.Page}
	}
	return edges
}

// MessageEdge is a message's place in a list.
type MessageEdge struct {
	Node *ent.Message
	page *Page[*ent.Message]
}

// Cursor is the edge's own position.
func (e *MessageEdge) Cursor() string { return e.page.CursorOf(e.Node) }
