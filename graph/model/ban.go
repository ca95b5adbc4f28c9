package model

import (
	"time"

	"parley/ent"
)

// BanConnection is a page of a room's bans. Its users are loaded when they are selected.
type BanConnection struct{ Page[*ent.Ban] }

// Edges are the bans' places in the list.
func (c *BanConnection) Edges() []BanEdge {
	return edges(&c.Page, func(e Edge[*ent.Ban]) BanEdge { return BanEdge{e} })
}

// BanEdge is a ban's place in the list.
type BanEdge struct{ Edge[*ent.Ban] }

// At is the time of the ban.
func (e *BanEdge) At() time.Time { return e.Item.At }
