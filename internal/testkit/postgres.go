package testkit

import (
	"testing"

	"parley/internal/store/storetest"
)

// PostgresURL returns the URL of a new, empty database, dropped at the end of the test. The first
// call starts a server for all tests of the package, which needs [Main]. Without PostgreSQL the test
// is skipped, or fails if CI=true.
func PostgresURL(tb testing.TB) string {
	tb.Helper()
	return storetest.PostgresURL(tb)
}

// MigratedPostgresURL is [PostgresURL] with the schema in place: a copy of a database that was
// migrated once, which is much faster than migrating each.
func MigratedPostgresURL(tb testing.TB) string {
	tb.Helper()
	return storetest.MigratedPostgresURL(tb)
}
