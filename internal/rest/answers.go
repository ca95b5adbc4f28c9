package rest

import (
	"context"
	"errors"
	"time"

	"parley/internal/auth"
	"parley/internal/chat"
	"parley/internal/limit"
)

const (
	// making is what an answer takes of memory for each byte of its texts: six in JSON, as for a
	// control character, which are there three times while it is put together.
	making = 6 * 3
	// lightest is what an answer may take that does not ask.
	lightest = 1 << 20
	// again is when to ask again where too many wait for theirs.
	again = 5 * time.Second
)

// textual is an answer that knows how many bytes of text it has. People are in it once for each
// room, and texts of theirs that are a few kilobytes in memory may be hundreds of megabytes of
// JSON.
type textual interface{ text() int }

// admit waits for the memory for an answer, where that is much. The caller gives it back.
func (a *API) admit(ctx context.Context, data any) (limit.Reservation, error) {
	answer, ok := data.(textual)
	if !ok {
		return limit.Reservation{}, nil // it is small
	}
	bytes := making * int64(answer.text())
	if bytes <= lightest {
		return limit.Reservation{}, nil // it is small
	}
	who, _ := auth.FromContext(ctx)
	memory, err := a.answers.Acquire(ctx, limit.OwnerOf(ctx, who.ID), bytes)
	if errors.Is(err, limit.ErrQueueFull) {
		return memory, &chat.Error{
			Code:       chat.RateLimited,
			Message:    "Too many large answers are waited for. Try again later, or ask for less.",
			RetryAfter: again,
		}
	}
	if err != nil {
		return memory, &chat.Error{
			Code:    chat.Unavailable,
			Message: "The server has no memory left for so large an answer. Try again later, or ask for less.",
		}
	}
	return memory, nil
}

func (p profile) text() int {
	return len(
		p.UserID,
	) + len(
		p.NickName,
	) + len(
		p.Status,
	) + len(
		p.EthWalletAddress,
	) + len(
		p.EnsName,
	) + len(
		p.TwitterUsername,
	) +
		len(
			p.DiscordUsername,
		) + len(
		p.InstagramUsername,
	) + len(
		p.InstagramAvatar,
	) + len(
		p.FacebookUsername,
	) +
		len(
			p.FacebookAvatar,
		) + len(
		p.OpenseaUsername,
	)
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
