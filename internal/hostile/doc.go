// Package hostile attacks a server process as a hostile client would and asserts that other users
// do not notice. It contains tests only.
//
// Each attack runs against a fresh process of the real program, on SQLite and on PostgreSQL. A
// victim queries, sends and receives before and during the attack. The tests assert counts,
// refusals, SQL statements and memory, never times:
//
//	go test ./internal/hostile
//	go test ./internal/hostile -run 'TestHostile/attacks/documents'
//
// scripts/bench-hostile runs the same attacks at full size and prints how much the victim slows
// down.
package hostile
