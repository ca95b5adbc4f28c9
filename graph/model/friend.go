package model

import (
	"encoding/base64"
	"time"

	"parley/ent"
	"parley/internal/chat"
)

// FriendConnection is a page of the viewer's friends. They are loaded when they are selected.
type FriendConnection struct{ Page[*ent.Friendship] }

// Edges are the friends' places in the list.
func (c *FriendConnection) Edges() []FriendEdge {
	return edges(&c.Page, func(e Edge[*ent.Friendship]) FriendEdge { return FriendEdge{e} })
}

// FriendEdge is a friend's place in the list.
type FriendEdge struct{ Edge[*ent.Friendship] }

// Since is the time from which on the two have been friends.
func (e *FriendEdge) Since() time.Time { return *e.Item.Since }

// FriendRequestConnection is a page of the requests from the viewer and to them.
type FriendRequestConnection struct{ Page[*ent.Friendship] }

// Nodes are the requests.
func (c *FriendRequestConnection) Nodes() []FriendRequest {
	return edges(&c.Page, func(e Edge[*ent.Friendship]) FriendRequest {
		return FriendRequest{chat.RequestOf(e.Item)}
	})
}

// Edges are the requests' places in the list.
func (c *FriendRequestConnection) Edges() []FriendRequestEdge {
	return edges(&c.Page, func(e Edge[*ent.Friendship]) FriendRequestEdge {
		return FriendRequestEdge{e}
	})
}

// FriendRequestEdge is a request's place in the list.
type FriendRequestEdge struct{ Edge[*ent.Friendship] }

// Node is the request.
func (e *FriendRequestEdge) Node() *FriendRequest {
	return &FriendRequest{chat.RequestOf(e.Item)}
}

// FriendRequest is a user's request to be another's friend. The two are loaded when they are
// selected.
type FriendRequest struct{ Request chat.FriendRequest }

// ID names a request by its two users, so that both see the same id. Ids of users contain no NUL.
func (r *FriendRequest) ID() string {
	return base64.RawURLEncoding.EncodeToString([]byte(r.Request.From + "\x00" + r.Request.To))
}

// CreatedAt is the time of the request.
func (r *FriendRequest) CreatedAt() time.Time { return r.Request.At }
