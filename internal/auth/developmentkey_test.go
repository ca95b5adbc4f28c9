package auth

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"testing"
)

// TestDevelopmentKey: processes that start at once share one key, which only its owner can read.
func TestDevelopmentKey(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "parley.db-development-key")
	if _, err := ReadDevelopmentKey(path); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("without a file: %v", err)
	}
	keys := make([][]byte, 20)
	var wg sync.WaitGroup
	for i := range keys {
		wg.Go(func() {
			key, err := DevelopmentKey(path)
			if err != nil {
				t.Error(err)
			}
			keys[i] = key
		})
	}
	wg.Wait()
	for _, key := range keys {
		if len(key) != MinSecretBytes || !bytes.Equal(key, keys[0]) {
			t.Fatalf("keys %x and %x", keys[0], key)
		}
	}
	if key, err := ReadDevelopmentKey(path); err != nil || !bytes.Equal(key, keys[0]) {
		t.Errorf("read %x %v, want %x", key, err, keys[0])
	}
	files, err := os.ReadDir(dir)
	if err != nil || len(files) != 1 {
		t.Errorf("files %v %v, want the key alone", files, err)
	}
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if runtime.GOOS != "windows" && info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v", info.Mode())
	}
}

func TestBrokenDevelopmentKey(t *testing.T) {
	path := filepath.Join(t.TempDir(), "key")
	for _, text := range []string{"", "00ff", "not hexadecimal"} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := DevelopmentKey(path); !errors.As(err, new(*KeyFileError)) {
			t.Errorf("%q: %v, want a KeyFileError", text, err)
		}
	}
}
