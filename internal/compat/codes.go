package compat

import (
	"strings"

	"parley/internal/chat"
)

// codesOfStatus is the factor from an HTTP status to the code of a response. Two more digits
// distinguish errors with the same status.
const codesOfStatus = 100

// codeOf returns the code of a response with an error.
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

// renamed returns err with the names that its field has in this interface.
func renamed(err error, names map[string]string) error {
	e := chat.AsError(err)
	if names[e.Field] == "" {
		return err
	}
	local := *e
	local.Field = names[e.Field]
	local.Message = strings.ReplaceAll(e.Message, e.Field, local.Field)
	return &local
}
