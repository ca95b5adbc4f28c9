package main

import "crypto/md5" //nolint:gosec // it derives ids and protects no secret

// md5Of returns the same hash as PostgreSQL's md5.
func md5Of(name string) [md5.Size]byte { return md5.Sum([]byte(name)) } //nolint:gosec // see above
