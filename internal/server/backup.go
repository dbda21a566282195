package server

import (
	"archive/tar"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/levee-io/levee/internal/kv"
	"github.com/levee-io/levee/internal/kv/kvpebble"
)

// backupDir is where, in the directory of the data, the copies are that backups
// are read from. They are hard links: of the same file system, and nowhere else
// does a server write.
const backupDir = "backup.tmp"

// Backup writes a copy of all data as it is now to w, a tar archive that Restore
// reads. Requests go on meanwhile. A server in memory has nothing to copy:
// kv.ErrUnsupported.
func (s *Server) Backup(w io.Writer) (err error) {
	if s.dir == "" {
		return kv.ErrUnsupported
	}
	parent := filepath.Join(s.dir, backupDir)
	if err := os.MkdirAll(parent, 0o750); err != nil {
		return err
	}
	temp, err := os.MkdirTemp(parent, "")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(temp)) }()
	copied := filepath.Join(temp, "data")
	if err := s.store.Checkpoint(copied); err != nil {
		return err
	}
	return archive(w, copied)
}

// archive writes the files of a directory, which has no directories in it.
func archive(w io.Writer, dir string) error {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	out := tar.NewWriter(w)
	for _, entry := range entries {
		if err := archiveFile(out, filepath.Join(dir, entry.Name())); err != nil {
			return err
		}
	}
	return out.Close()
}

func archiveFile(out *tar.Writer, path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return err
	}
	header := &tar.Header{Name: filepath.Base(path), Size: info.Size(), Mode: 0o640, ModTime: info.ModTime(), Format: tar.FormatPAX}
	if err := out.WriteHeader(header); err != nil {
		return err
	}
	_, err = io.CopyN(out, f, info.Size())
	return err
}

// Restore makes the directory dir, which must be absent or empty, from what Backup
// wrote, and sees that the store in it opens. When it fails, what it made is
// removed.
func Restore(r io.Reader, dir string) (err error) {
	if entries, err := os.ReadDir(dir); err == nil && len(entries) > 0 {
		return fmt.Errorf("%s is not empty", dir)
	}
	if err := os.MkdirAll(dir, 0o750); err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.RemoveAll(dir))
		}
	}()
	if err := unpack(r, dir); err != nil {
		return err
	}
	store, err := kvpebble.Open(dir, kvpebble.Options{})
	if err != nil {
		return err
	}
	return store.Close()
}

// errNoBackup says what an archive is not.
var errNoBackup = errors.New("this is no backup of levee, or not all of one")

func unpack(r io.Reader, dir string) error {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return err
	}
	defer func() { _ = root.Close() }() // nothing is written through it itself
	files := 0
	for in := tar.NewReader(r); ; files++ {
		header, err := in.Next()
		switch {
		case errors.Is(err, io.EOF) && files > 0:
			return syncDir(dir)
		case err != nil:
			return fmt.Errorf("%w (%w)", errNoBackup, err)
		case header.Typeflag != tar.TypeReg || header.Name != filepath.Base(header.Name):
			return errNoBackup
		}
		if err := unpackFile(root, header, in); err != nil {
			return err
		}
	}
}

func unpackFile(root *os.Root, header *tar.Header, in io.Reader) error {
	f, err := root.OpenFile(header.Name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o640)
	if err != nil {
		return err
	}
	_, err = io.CopyN(f, in, header.Size)
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		err = errNoBackup
	}
	return errors.Join(err, f.Sync(), f.Close())
}

func syncDir(dir string) error {
	f, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}
