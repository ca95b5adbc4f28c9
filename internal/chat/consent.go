package chat

import (
	"context"
	"database/sql"
	"fmt"
	"slices"

	"parley/ent/user"
	"parley/internal/store"
)

// mayAdd is the condition in SQL under which the user g.creator_id may make the user u a member of
// a room that is not exclusive: see [tx.refusing]. A statement that makes a room carries it, so
// that this costs no statement of its own.
const mayAdd = `(u.id = g.creator_id OR u.add_permission = 'EVERYONE'
	OR u.add_permission = 'FRIENDS' AND EXISTS (
		SELECT 1 FROM friendships f WHERE f.user_id = u.id AND f.friend_id = g.creator_id AND f.state = 'FRIENDS'))`

// refusing returns those of ids that the viewer may not make members of a room, in one statement:
// their add permission says so, or the room is exclusive and they are no friends of the viewer.
// Services may add all users. Returns UNKNOWN_USER if some do not exist.
func (t *tx) refusing(
	ctx context.Context, v Viewer, ids []string, exclusive bool,
) (refusing []string, err error) {
	if len(ids) == 0 {
		return nil, nil
	}
	there := make(map[string]bool, len(ids))
	err = store.Each(ctx, t, func(rows *sql.Rows) error {
		var id string
		var permission user.AddPermission
		var isFriend bool
		if err := rows.Scan(&id, &permission, &isFriend); err != nil {
			return err
		}
		there[id] = true
		allowed := permission == user.AddPermissionEVERYONE && !exclusive ||
			permission != user.AddPermissionNOBODY && isFriend
		if !allowed && !v.Admin && id != v.ID {
			refusing = append(refusing, id)
		}
		return nil
	}, `SELECT u.id, u.add_permission, EXISTS (
	SELECT 1 FROM friendships f WHERE f.user_id = u.id AND f.friend_id = $2 AND f.state = 'FRIENDS')
FROM users u WHERE `+store.AnyOf(t.dialect, "u.id", "$1", "text"), store.List(t.dialect, ids), v.ID)
	if err != nil {
		return nil, fmt.Errorf("look up %d users: %w", len(ids), err)
	}
	unknown := slices.DeleteFunc(slices.Clone(ids), func(id string) bool { return there[id] })
	if len(unknown) > 0 {
		return nil, errUnknownUsers(unknown)
	}
	slices.Sort(refusing)
	return refusing, nil
}

// checkMayAdd returns FORBIDDEN, with the ids, if the viewer may not make some of ids members of a
// room, and UNKNOWN_USER if some do not exist.
func (t *tx) checkMayAdd(ctx context.Context, v Viewer, ids []string, exclusive bool) error {
	refusing, err := t.refusing(ctx, v, ids, exclusive)
	if err != nil || len(refusing) == 0 {
		return err
	}
	return errNotAddable(refusing, exclusive)
}

// errUnknownUsers is the answer where users are named that do not exist.
func errUnknownUsers(ids []string) *Error {
	return &Error{Code: UnknownUser, Message: "People were named who do not exist.", IDs: ids}
}

// errNotAddable is the answer where users are named that the viewer may not make members.
func errNotAddable(ids []string, exclusive bool) *Error {
	message := "Someone named does not let you add them to rooms."
	if exclusive {
		message = "Only friends who let you add them can be added to an exclusive room."
	}
	return &Error{Code: Forbidden, Message: message, IDs: ids}
}
