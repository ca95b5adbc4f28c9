// Package torture tests that a room delivers each message exactly once and in order, and delivers
// nothing to former members. It contains tests only.
//
// TestTorture runs a server process whose broker loses, duplicates, reorders and truncates publications.
// Writers retry until they receive a response. Subscribers lose their connection and resume after
// the last seq they received. Moderators remove some of them from their room and add them again.
// Meanwhile the test kills and restarts the server. It then compares every response and event with
// the content of the rooms, and the lists of rooms that other subscribers have followed with what a
// query returns:
//
//	go test ./internal/torture                 # some seconds for each database
//	scripts/torture -torture.duration=10m      # longer
package torture
