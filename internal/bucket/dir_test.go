package bucket

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func openDir(t *testing.T) (*Dir, string) {
	root := t.TempDir()
	if err := os.Mkdir(filepath.Join(root, "exports"), 0o700); err != nil {
		t.Fatal(err)
	}
	d, err := OpenDir(root)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { d.Close() })
	return d, root
}

// store is what both kinds have in common.
type store interface {
	Put(ctx ctx, bucket, key string, body []byte) error
	Open(ctx ctx, bucket, key string) (io.ReadCloser, error)
	List(ctx ctx, bucket, prefix string) seq
}

func list(t *testing.T, s store, prefix string) (keys []string) {
	t.Helper()
	for key, err := range s.List(t.Context(), "exports", prefix) {
		if err != nil {
			t.Fatal(err)
		}
		keys = append(keys, key)
	}
	return keys
}

func read(t *testing.T, s store, key string) string {
	t.Helper()
	r, err := s.Open(t.Context(), "exports", key)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	text, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// checkStore does with a store whose bucket "exports" is empty what both kinds
// must be able to do.
func checkStore(t *testing.T, s store) {
	for _, key := range []string{"b", "a/x", "a/y z+&é", "ab/c/d", "b"} {
		if err := s.Put(t.Context(), "exports", key, []byte("is "+key)); err != nil {
			t.Fatal(err)
		}
	}
	for prefix, want := range map[string]string{"": "a/x|a/y z+&é|ab/c/d|b", "a": "a/x|a/y z+&é|ab/c/d", "a/": "a/x|a/y z+&é", "ab/c": "ab/c/d", "b": "b", "c": ""} {
		if got := strings.Join(list(t, s, prefix), "|"); got != want {
			t.Errorf("list %q: %s, want %s", prefix, got, want)
		}
	}
	if got := read(t, s, "a/y z+&é"); got != "is a/y z+&é" {
		t.Errorf("read %q", got)
	}
	if _, err := s.Open(t.Context(), "exports", "none"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("open: %v", err)
	}
	for _, bucket := range []string{"none", "..", "", "exports/a", "/etc"} {
		if err := s.Put(t.Context(), bucket, "x", nil); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("put into %q: %v", bucket, err)
		}
		for _, err := range s.List(t.Context(), bucket, "") {
			if !errors.Is(err, fs.ErrNotExist) {
				t.Errorf("list %q: %v", bucket, err)
			}
		}
	}
}

func TestDir(t *testing.T) {
	d, _ := openDir(t)
	checkStore(t, d)
}

// No key leads out of its bucket.
func TestDirStaysInside(t *testing.T) {
	d, root := openDir(t)
	secret := filepath.Join(root, "secret")
	if err := os.WriteFile(secret, []byte("s"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, to := range map[string]string{"exports/link": secret, "exports/up": root, "outside": t.TempDir()} {
		if err := os.Symlink(to, filepath.Join(root, name)); err != nil {
			t.Fatal(err)
		}
	}
	for _, key := range []string{"../secret", "/etc/passwd", "", ".", "a/../../secret", "a//b", "a/", `..\secret`[:2] + "/x", strings.Repeat("k", maxKey+1), "up/secret", "up/new"} {
		if err := d.Put(t.Context(), "exports", key, []byte("x")); err == nil {
			t.Errorf("put %q", key)
		}
		if f, err := d.Open(t.Context(), "exports", key); err == nil {
			f.Close()
			t.Errorf("open %q", key)
		}
	}
	if f, err := d.Open(t.Context(), "exports", "link"); err == nil {
		f.Close()
		t.Error("a link was followed")
	}
	if err := d.Put(t.Context(), "outside", "x", nil); err == nil {
		t.Error("a link was taken for a bucket")
	}
	if err := d.Put(t.Context(), "exports", "link", []byte("mine")); err != nil {
		t.Error(err) // takes the place of the link
	}
	if got, err := os.ReadFile(secret); err != nil || string(got) != "s" {
		t.Errorf("%q %v", got, err)
	}
	if got := list(t, d, ""); !slices.Equal(got, []string{"link"}) {
		t.Errorf("%v", got)
	}
}
