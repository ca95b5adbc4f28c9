//go:build tools

// The code generators, so that go.mod holds their versions beside those of the libraries they
// generate for.
package main

import (
	_ "entgo.io/ent/entc"
	_ "github.com/99designs/gqlgen"
)
