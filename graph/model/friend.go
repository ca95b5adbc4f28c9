package model

import "time"

// FriendConnection is a page of the viewer's friends. They are loaded where they are asked for.
type FriendConnection struct {
	Edges    []FriendEdge
	PageInfo *PageInfo
}

// FriendEdge is a friend's place in the list.
type FriendEdge struct {
	Cursor string
	UserID string
	Since  time.Time
}

// FriendRequest is one person's wish to be another's friend. The two are loaded where they are
// asked for.
type FriendRequest struct {
	ID        string
	FromID    string
	ToID      string
	CreatedAt time.Time
}
