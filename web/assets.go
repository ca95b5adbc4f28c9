// Package assets carries the built frontends of Parley inside the binary.
package assets

import "embed"

// dist holds what the build scripts below this folder have made. Every file is stored
// gzip-compressed, under its own name and ".gz".
//
//go:embed dist
var dist embed.FS
