// Package webassets embeds the built frontends of Parley.
package webassets

import "embed"

// dist contains the output of the build scripts below this folder. Every file is stored
// gzip-compressed, under its own name and ".gz".
//
//go:embed dist
var dist embed.FS
