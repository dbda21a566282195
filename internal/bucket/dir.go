package bucket

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"os"
	"path"
	"path/filepath"
	"strings"
)

// partSuffix ends the name of a file that is being written.
const partSuffix = ".levee-part"

// Dir is buckets in a directory. It is safe for concurrent use.
type Dir struct {
	root *os.Root
}

// OpenDir returns the buckets in a directory, which must exist.
func OpenDir(dir string) (*Dir, error) {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, fmt.Errorf("bucket: %w", err)
	}
	return &Dir{root}, nil
}

// Close releases the directory.
func (d *Dir) Close() error { return d.root.Close() }

// checkKey refuses what is no path below a bucket: a file system has no room for
// some keys that S3 takes.
func checkKey(key string) error {
	if len(key) > maxKey || key == "." || !fs.ValidPath(key) || !filepath.IsLocal(filepath.FromSlash(key)) {
		return fmt.Errorf("bucket: %q cannot be a key in a directory: %w", key, fs.ErrInvalid)
	}
	return nil
}

// open returns the directory of a bucket.
func (d *Dir) open(bucket string) (*os.Root, error) {
	if err := checkName(bucket); err != nil {
		return nil, err
	}
	root, err := d.root.OpenRoot(bucket)
	if err != nil {
		return nil, fmt.Errorf("bucket: %w", err)
	}
	return root, nil
}

// closeDir releases a directory. Nothing is written through it that could be lost.
func closeDir(root *os.Root) { _ = root.Close() }

// Put writes an object, in the place of one that was there.
func (d *Dir) Put(_ context.Context, bucket, key string, body []byte) error {
	root, err := d.open(bucket)
	if err != nil {
		return err
	}
	defer closeDir(root)
	if err := checkKey(key); err != nil {
		return err
	}
	if err := root.MkdirAll(path.Dir(key), 0o777); err != nil {
		return invalidPath(err)
	}
	part := key + partSuffix
	if err := writeFile(root, part, body); err != nil {
		return errors.Join(invalidPath(err), root.Remove(part))
	}
	if err := root.Rename(part, key); err != nil {
		return errors.Join(invalidPath(err), root.Remove(part))
	}
	return syncDir(root, path.Dir(key))
}

// invalidPath keeps an error about a path within a bucket from being taken for
// one about the bucket.
func invalidPath(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("bucket: %s: %w", err.Error(), fs.ErrInvalid)
	}
	return fmt.Errorf("bucket: %w", err)
}

func writeFile(root *os.Root, name string, body []byte) error {
	f, err := root.Create(name)
	if err != nil {
		return err
	}
	_, err = f.Write(body)
	return errors.Join(err, f.Sync(), f.Close())
}

// syncDir makes the name of a file durable.
func syncDir(root *os.Root, name string) error {
	f, err := root.Open(name)
	if err != nil {
		return invalidPath(err)
	}
	return errors.Join(f.Sync(), f.Close())
}

// Open returns an object to be read.
func (d *Dir) Open(_ context.Context, bucket, key string) (io.ReadCloser, error) {
	root, err := d.open(bucket)
	if err != nil {
		return nil, err
	}
	defer closeDir(root)
	if err := checkKey(key); err != nil {
		return nil, err
	}
	f, err := root.Open(key)
	if err != nil {
		return nil, fmt.Errorf("bucket: %w", err)
	}
	return f, nil
}

// List returns the keys that begin with a prefix, directory by directory in
// ascending order.
func (d *Dir) List(ctx context.Context, bucket, prefix string) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		root, err := d.open(bucket)
		if err != nil {
			yield("", err)
			return
		}
		defer closeDir(root)
		err = fs.WalkDir(root.FS(), ".", func(name string, entry fs.DirEntry, err error) error {
			switch {
			case err != nil:
				return err
			case ctx.Err() != nil:
				return ctx.Err()
			case entry.IsDir() && !leadsTo(name, prefix):
				return fs.SkipDir
			case entry.Type().IsRegular() && strings.HasPrefix(name, prefix) && !strings.HasSuffix(name, partSuffix):
				if !yield(name, nil) {
					return fs.SkipAll
				}
			}
			return nil
		})
		if err != nil {
			yield("", invalidPath(err))
		}
	}
}

// leadsTo reports whether below a directory there can be keys with a prefix.
func leadsTo(dir, prefix string) bool {
	return dir == "." || strings.HasPrefix(dir+"/", prefix) || strings.HasPrefix(prefix, dir+"/")
}
