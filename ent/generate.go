// Package ent is Parley's data model: hand-written entities in ent/schema, everything else
// generated from them.
package ent

//go:generate go run entc.go
