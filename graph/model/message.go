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
	return edges(&c.Page, func(e Edge[*ent.Message]) MessageEdge { return MessageEdge{e} })
}

// MessageEdge is a message's place in a list.
type MessageEdge struct{ Edge[*ent.Message] }

// Node is the message.
func (e *MessageEdge) Node() *ent.Message { return e.Item }
