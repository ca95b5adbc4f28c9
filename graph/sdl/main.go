// Command sdl writes the schema, as the server publishes it, to the file that it is given.
package main

import (
	"fmt"
	"os"

	"parley/graph"
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: sdl FILE")
		os.Exit(2)
	}
	//nolint:gosec // every user of the machine may read it
	if err := os.WriteFile(
		os.Args[1],
		[]byte(graph.SDL()),
		0o644,
	); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
