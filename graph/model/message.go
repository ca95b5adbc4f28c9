package model

import (
	"parley/ent"
	"parley/ent/schema"
)

// OpenseaItem is the NFT that a message shows.
type OpenseaItem = schema.OpenseaItem

// MessageConnection is a page of messages.
type MessageConnection struct {
	Messages []*ent.Message
	Edges    []MessageEdge
	PageInfo *PageInfo
}

// Nodes are the messages alone.
func (c *MessageConnection) Nodes() []*ent.Message { return c.Messages }

// MessageEdge is a message's place in a list.
type MessageEdge struct {
	Cursor string
	Node   *ent.Message
}
