package chat

import (
	"context"
	"errors"
	"fmt"
	"time"

	"parley/internal/chat/read"
	"parley/internal/chat/retry"
	"parley/internal/chat/roomlog"
	"parley/internal/chat/write"
	"parley/internal/store"
)

// Code tells programs what went wrong. Its values are part of the public contract (enum ErrorCode).
type Code string

// The error codes of the domain. Transports and the GraphQL executor add codes of their own.
const (
	Unauthenticated     Code = "UNAUTHENTICATED"
	Forbidden           Code = "FORBIDDEN"
	NotFound            Code = "NOT_FOUND"
	BadUserInput        Code = "BAD_USER_INPUT"
	UnknownUser         Code = "UNKNOWN_USER"
	RoomFull            Code = "ROOM_FULL"
	AlreadyInRoom       Code = "ALREADY_IN_ROOM"
	WrongKey            Code = "WRONG_KEY"
	Banned              Code = "BANNED"
	IdempotencyConflict Code = "IDEMPOTENCY_CONFLICT"
	RateLimited         Code = "RATE_LIMITED"
	MembershipEnded     Code = "MEMBERSHIP_ENDED"
	Resync              Code = "RESYNC"
	Unavailable         Code = "UNAVAILABLE"
	Internal            Code = "INTERNAL"
)

// Error is what a caller did wrong, or cannot have now. Every other error is a fault of the server.
type Error struct {
	Code Code
	// Message is for people: one sentence.
	Message string
	// Field names the argument, with BadUserInput.
	Field string
	// IDs are the people meant, with UnknownUser and AlreadyInRoom, and with BadUserInput, Banned
	// and Forbidden where others are.
	IDs []string
	// RetryAfter is when to try again, with RateLimited.
	RetryAfter time.Duration
	// Reason is why a membership has ended, with MembershipEnded: a LeaveReason, or DELETED.
	Reason string
	// OutcomeUnknown says, with Unavailable, that the write may or may not have happened.
	OutcomeUnknown bool
	// cause is what lies beneath; for the log only.
	cause error
}

func (e *Error) Error() string { return string(e.Code) + ": " + e.Message }

func (e *Error) Unwrap() error { return e.cause }

// AsError returns the Error in err's chain. Any other error becomes UNAVAILABLE if the database is
// unavailable, and INTERNAL otherwise.
func AsError(err error) *Error {
	var e *Error
	var ended *roomlog.EndedError
	var page *read.PageError
	var unknown *retry.UnknownError
	switch {
	case errors.As(err, &e):
		return e
	case errors.As(err, &unknown):
		return &Error{
			Code:           Unavailable,
			Message:        "The write was interrupted: it may or may not have happened.",
			OutcomeUnknown: true,
			cause:          err,
		}
	case errors.Is(err, write.ErrNoRoom):
		return errNoRoom()
	case errors.Is(err, write.ErrRoomFull):
		return errRoomFull()
	case errors.As(err, &page):
		return &Error{Code: BadUserInput, Field: page.Argument, Message: page.Error(), cause: page}
	case errors.As(err, &ended):
		return &Error{
			Code: MembershipEnded, Message: ended.Error(), Reason: ended.Reason, cause: ended,
		}
	case store.IsUnavailable(err),
		store.IsConflict(err),
		errors.Is(err, retry.ErrStale),
		errors.Is(err, context.DeadlineExceeded):
		return &Error{
			Code:    Unavailable,
			Message: "The server cannot do this at the moment. Try again.",
			cause:   err,
		}
	default:
		return &Error{Code: Internal, Message: "The server has an internal error.", cause: err}
	}
}

// badInput is a BadUserInput error about one argument, with a message as fmt.Sprintf formats it.
func badInput(field, message string, args ...any) *Error {
	return &Error{Code: BadUserInput, Field: field, Message: fmt.Sprintf(message, args...)}
}

// errNoRoom is the error for a room that does not exist and for one that the viewer may not see.
func errNoRoom() *Error {
	return &Error{Code: NotFound, Message: "The room does not exist, or you cannot see it."}
}

// errWrongKey rejects joining without the right key, also if there is no such
// room.
func errWrongKey() *Error { return &Error{Code: WrongKey, Message: "This is not the room's key."} }

// errRoomFull rejects more members than a room may have.
func errRoomFull() *Error { return &Error{Code: RoomFull, Message: "The room is full."} }

// errNoUser is the error for a user who does not exist.
func errNoUser() *Error { return &Error{Code: NotFound, Message: "The user does not exist."} }

// errRoleNotLower rejects an action against a user with the same or a higher role.
func errRoleNotLower() *Error {
	return &Error{
		Code: Forbidden, Message: "You can do this only to members with a lower role than yours.",
	}
}

// errNoMessage is the error for a message that does not exist.
func errNoMessage() *Error {
	return &Error{Code: NotFound, Message: "The message does not exist, or you cannot see it."}
}
