package main

import "crypto/md5" //nolint:gosec // it names, and keeps nothing secret

// md5Of is what PostgreSQL's md5 makes of a name.
func md5Of(name string) [md5.Size]byte { return md5.Sum([]byte(name)) } //nolint:gosec // see above
