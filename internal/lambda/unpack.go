package lambda

import (
	"archive/zip"
	"bytes"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

var errUnpacked = errors.New("lambda: the package is larger than it says, or names a place outside")

// isUnpackable reports whether an entry of a package is a plain file or a
// directory, within the place that the package is unpacked to.
func isUnpackable(f *zip.File) bool {
	mode := f.Mode()
	return filepath.IsLocal(filepath.FromSlash(f.Name)) && (mode.IsRegular() || mode.IsDir())
}

// unpack writes the files of a package below a directory, which it makes. Sizes
// that a package states are not believed.
func unpack(pkg []byte, dir string) error {
	r, err := zip.NewReader(bytes.NewReader(pkg), int64(len(pkg)))
	if err != nil {
		return err
	}
	if err := os.Mkdir(dir, 0o755); err != nil {
		return err
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return err
	}
	return errors.Join(unpackAll(root, r.File), root.Close())
}

func unpackAll(root *os.Root, files []*zip.File) error {
	left := int64(maxUnzipped)
	for _, f := range files {
		if !isUnpackable(f) {
			return errUnpacked
		}
		n, err := unpackFile(root, f, left)
		if err != nil {
			return err
		}
		left -= n
	}
	return nil
}

// unpackFile writes one entry of at most so many bytes.
func unpackFile(root *os.Root, f *zip.File, most int64) (int64, error) {
	name := filepath.FromSlash(f.Name)
	if f.Mode().IsDir() {
		return 0, root.MkdirAll(name, 0o755)
	}
	if err := root.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		return 0, err
	}
	from, err := f.Open()
	if err != nil {
		return 0, err
	}
	defer from.Close()
	to, err := root.OpenFile(name, os.O_CREATE|os.O_WRONLY|os.O_TRUNC, fileMode(f))
	if err != nil {
		return 0, err
	}
	n, err := io.Copy(to, io.LimitReader(from, most+1))
	if n > most {
		err = errUnpacked
	}
	return n, errors.Join(err, to.Close())
}

// fileMode is readable, and executable if the package says so. What packs on
// Windows says nothing, so a bootstrap always is.
func fileMode(f *zip.File) fs.FileMode {
	if f.Mode()&0o111 != 0 || f.Name == "bootstrap" {
		return 0o755
	}
	return 0o644
}
