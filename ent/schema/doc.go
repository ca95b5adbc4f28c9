// Package schema holds the hand-written entities of Parley's data model.
//
// Rows that belong to one room carry its room_id in their keys. Instants are UTC with microseconds,
// given by the domain (package chat) and never by a default, because those of a room are taken
// under its lock.
package schema
