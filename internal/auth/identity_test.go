package auth

import "testing"

func TestContext(t *testing.T) {
	if _, ok := FromContext(t.Context()); ok {
		t.Error("an identity is in a context without one")
	}
	want := Identity{ID: "ada", Admin: true}
	if got, ok := FromContext(NewContext(t.Context(), want)); !ok || got != want {
		t.Errorf("FromContext = %+v, %v; want %+v", got, ok, want)
	}
}
