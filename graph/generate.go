// Package graph is the GraphQL side of Parley: thin resolvers that make one call of package chat
// each, the loaders that batch those calls, cursors, limits, and the one place that turns errors
// into responses.
package graph

//go:generate go run ./plugin/generate
//go:generate go run ./sdl ../schema.graphql
