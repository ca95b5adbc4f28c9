package compat

import (
	"context"
	"encoding/json"

	"parley/ent/room"
	"parley/internal/chat"
	"parley/internal/rawjson"
)

// created is the response to a message that created a room.
type created struct {
	Status bool   `json:"status"` // true
	Type   string `json:"type"`   // RoomCreated
	Room   string `json:"room"`
}

// rejected is the response to a message that failed.
type rejected struct {
	Status bool   `json:"status"` // false
	Error  string `json:"error"`
}

// ErrorMessage returns the response to a message that is rejected.
func (a *API) ErrorMessage(message string) []byte { return encode(rejected{Error: message}) }

// HandleMessage handles a message of a client and returns the response. ctx carries the identity of
// the client (package auth).
func (a *API) HandleMessage(ctx context.Context, message []byte) []byte {
	id, err := a.createByMessage(ctx, message)
	if err != nil {
		return a.ErrorMessage(a.logged(ctx, err).Message)
	}
	return encode(created{Status: true, Type: "RoomCreated", Room: id})
}

// createByMessage creates a room as a message requests, and returns its id.
func (a *API) createByMessage(ctx context.Context, message []byte) (id string, err error) {
	v, err := a.authenticate(ctx, true)
	if err != nil {
		return "", err
	}
	members, err := rawjson.Members(
		message,
		"type",
		"room_type",
		"disconnect",
		"name",
		"access_type",
		"max_user",
		"tags",
	)
	if err != nil {
		return "", badInput("message", "A message must be a JSON object.")
	}
	in, err := roomOf(members)
	if err != nil {
		return "", err
	}
	room, err := a.chat.CreateRoom(ctx, v, in)
	if err != nil {
		return "", renamed(err, map[string]string{"maxUsers": "max_user"})
	}
	return room.ID.String(), nil
}

// roomOf decodes a Room/Create message. Its rooms are exclusive: a user can be in one of them at a
// time.
func roomOf(members map[string]json.RawMessage) (in chat.CreateRoomInput, err error) {
	var kind, verb string
	if json.Unmarshal(members["type"], &kind) != nil || kind != "Room" {
		return in, badInput("type", `type must be "Room".`)
	}
	if json.Unmarshal(members["room_type"], &verb) != nil || verb != "Create" {
		return in, badInput("room_type", `room_type must be "Create".`)
	}
	in = chat.CreateRoomInput{Exclusive: true}
	access := 0
	for _, member := range []struct {
		name, what string
		into       any
	}{
		{"disconnect", "true or false", &in.Disconnect},
		{"name", "a string", &in.Name},
		{"access_type", "0 (public), 1 (private) or 2 (friends)", &access},
		{"max_user", "a whole number; 0 is unlimited", &in.MaxUsers},
		{"tags", "a list of strings", &in.Tags},
	} {
		if raw, ok := members[member.name]; ok && json.Unmarshal(raw, member.into) != nil {
			return in, badInput(member.name, member.name+" must be "+member.what+".")
		}
	}
	types := []room.AccessType{room.AccessTypePUBLIC, room.AccessTypePRIVATE, room.AccessTypeFRIEND}
	if access < 0 || access >= len(types) {
		return in, badInput(
			"access_type",
			"access_type must be 0 (public), 1 (private) or 2 (friends).",
		)
	}
	in.AccessType = &types[access]
	return in, nil
}

func encode(response any) []byte {
	data, err := json.Marshal(response)
	if err != nil {
		panic(err) // strings and booleans always encode
	}
	return data
}
