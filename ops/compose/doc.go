// Package compose holds what runs several nodes with a proxy in front, and the tests that use those
// very files: two nodes on one PostgreSQL, NATS, and nginx as a child process. They need nginx on
// the PATH, in /usr/sbin, or its path in PARLEY_TEST_NGINX; without it they are skipped, and in CI
// they fail.
package compose
