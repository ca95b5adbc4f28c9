// Package compose contains the files that run several nodes behind a proxy, and tests that use these
// files unchanged: two nodes on one PostgreSQL, NATS, and nginx as a child process. The tests need
// nginx on the PATH, in /usr/sbin, or its path in PARLEY_TEST_NGINX. Without it they are skipped; in
// CI they fail.
package compose
