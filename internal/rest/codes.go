package rest

import (
	"strings"

	"parley/internal/chat"
)

// codesOfStatus: an answer's code is the HTTP status and two digits that tell apart what has the
// same status.
const codesOfStatus = 100

// codeOf is the number of an error.
func codeOf(code chat.Code) int {
	switch code {
	case chat.BadUserInput:
		return 400_00
	case chat.UnknownUser:
		return 400_01
	case chat.Unauthenticated:
		return 401_00
	case chat.Forbidden:
		return 403_00
	case chat.Banned:
		return 403_01
	case chat.WrongKey:
		return 403_02
	case chat.NotFound:
		return 404_00
	case chat.RoomFull:
		return 409_00
	case chat.AlreadyInRoom:
		return 409_01
	case chat.IdempotencyConflict, chat.Resync, chat.MembershipEnded:
		return 409_02
	case chat.RateLimited:
		return 429_00
	case chat.Unavailable:
		return 503_00
	default:
		return 500_00
	}
}

// renamed has an error about an argument speak of it by the name that it has here.
func renamed(err error, names map[string]string) error {
	e := chat.AsError(err)
	if names[e.Field] == "" {
		return err
	}
	here := *e
	here.Field = names[e.Field]
	here.Message = strings.ReplaceAll(e.Message, e.Field, here.Field)
	return &here
}
