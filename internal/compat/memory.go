package compat

import (
	"context"
	"errors"
	"time"

	"parley/internal/auth"
	"parley/internal/chat"
	"parley/internal/limit"
)

const (
	// bytesPerText is the memory of a response per byte of its texts: JSON encodes a control character
	// in six bytes, and encoding needs up to three copies.
	bytesPerText = 6 * 3
	// maxSmall is the largest estimate of a response that needs no reservation.
	maxSmall = 1 << 20
	// retryAfter is the RetryAfter of a response that is rejected because too many wait for memory.
	retryAfter = 5 * time.Second
)

// textual is a response that can return the number of bytes of its texts. A user is in it once per
// room, so a few kilobytes of a profile may become hundreds of megabytes of JSON.
type textual interface{ text() int }

// reserve waits for the memory of a large response. The caller releases the reservation. Returns
// RATE_LIMITED or UNAVAILABLE if there is no memory.
func (a *API) reserve(ctx context.Context, data any) (limit.Reservation, error) {
	response, ok := data.(textual)
	if !ok {
		return limit.Reservation{}, nil
	}
	bytes := bytesPerText * int64(response.text())
	if bytes <= maxSmall {
		return limit.Reservation{}, nil
	}
	identity, _ := auth.FromContext(ctx)
	memory, err := a.memory.Acquire(ctx, limit.OwnerOf(ctx, identity.ID), bytes)
	if errors.Is(err, limit.ErrQueueFull) {
		return memory, &chat.Error{
			Code:       chat.RateLimited,
			Message:    "Too many of your large responses wait for memory. Try again later, or request less.",
			RetryAfter: retryAfter,
		}
	}
	if err != nil {
		return memory, &chat.Error{
			Code:    chat.Unavailable,
			Message: "The server has no memory for a response of this size. Try again later, or request less.",
		}
	}
	return memory, nil
}

func (p profile) text() int {
	n := 0
	for _, text := range []string{
		p.UserID, p.NickName, p.Status, p.EthWalletAddress, p.EnsName, p.TwitterUsername,
		p.DiscordUsername, p.InstagramUsername, p.InstagramAvatar, p.FacebookUsername,
		p.FacebookAvatar, p.OpenseaUsername,
	} {
		n += len(text)
	}
	return n
}

func (p fullProfile) text() int {
	return p.profile.text() + len(p.TwitterAvatar) + len(p.DiscordAvatar) + len(p.OpenseaAvatar)
}

func (b roomBase[P]) text() int {
	n := len(b.Name) + len(b.Description) + b.Creator.text()
	for _, member := range b.Members {
		n += member.text()
	}
	return n
}

// chatRooms is a list of rooms.
type chatRooms []chatRoom

func (rooms chatRooms) text() (n int) {
	for _, r := range rooms {
		n += r.text()
		if r.LatestMsg != nil {
			n += len(r.LatestMsg.MsgContents)
		}
	}
	return n
}
