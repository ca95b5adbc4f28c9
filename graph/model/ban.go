package model

import "time"

// BanConnection is a page of those who are banned from a room. Its people are loaded where they are
// asked for.
type BanConnection struct {
	Edges    []BanEdge
	PageInfo *PageInfo
}

// BanEdge is a ban's place in the list.
type BanEdge struct {
	Cursor string
	UserID string
	ByID   string
	At     time.Time
}
