// Package structure has tests of the repository itself: its files stay short, and its packages
// import each other as docs/architecture.md draws it.
package structure
