package chat

import (
	"context"
	"fmt"
	"slices"

	"parley/ent/user"
	"parley/internal/chat/write"
)

// notAddable returns those of ids that the viewer may not make members of a room, in one statement:
// their add permission says so, or the room is exclusive and they are no friends of the viewer.
// Services may add all users. Returns UNKNOWN_USER if some do not exist.
func notAddable(
	ctx context.Context, t *write.Tx, v Viewer, ids []string, exclusive bool,
) (refused []string, err error) {
	if len(ids) == 0 {
		return nil, nil
	}
	consents, err := t.Consents(ctx, ids, v.ID)
	if err != nil {
		return nil, err
	}
	existing := make(map[string]bool, len(ids))
	for _, c := range consents {
		existing[c.UserID] = true
		allowed := c.Permission == user.AddPermissionEVERYONE && !exclusive ||
			c.Permission != user.AddPermissionNOBODY && c.IsFriend
		if !allowed && !v.Admin && c.UserID != v.ID {
			refused = append(refused, c.UserID)
		}
	}
	unknown := slices.DeleteFunc(slices.Clone(ids), func(id string) bool { return existing[id] })
	if len(unknown) > 0 {
		return nil, errUnknownUsers(unknown)
	}
	slices.Sort(refused)
	return refused, nil
}

// checkMayAdd returns FORBIDDEN, with the ids, if the viewer may not make some of ids members of a
// room, and UNKNOWN_USER if some do not exist.
func checkMayAdd(ctx context.Context, t *write.Tx, v Viewer, ids []string, exclusive bool) error {
	refused, err := notAddable(ctx, t, v, ids, exclusive)
	if err != nil || len(refused) == 0 {
		return err
	}
	return errNotAddable(refused, exclusive)
}

// errUnknownUsers rejects ids of users that do not exist.
func errUnknownUsers(ids []string) *Error {
	return &Error{Code: UnknownUser, Message: "Some of these users do not exist.", IDs: ids}
}

// errNotAddable rejects users that the viewer may not make members.
func errNotAddable(ids []string, exclusive bool) *Error {
	message := "Some of these users do not let you add them to rooms."
	if exclusive {
		message = "Only friends who let you add them can be added to an exclusive room."
	}
	return &Error{Code: Forbidden, Message: message, IDs: ids}
}

// checkExists returns UNKNOWN_USER, with the id, if a user does not exist. Users are never deleted.
func checkExists(ctx context.Context, t *write.Tx, id string) error {
	there, err := t.User.Query().Where(user.IDIn(id)).IDs(ctx)
	if err != nil {
		return fmt.Errorf("look up user %q: %w", id, err)
	}
	if len(there) == 0 {
		return errUnknownUsers([]string{id})
	}
	return nil
}
