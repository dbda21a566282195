//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package sink

import (
	"errors"
	"io"
	"os"
	"syscall"
)

// lockDir keeps a directory from every other sink, of this process and of others, until
// it is closed or the process ends. A file system without such locks is no error.
func lockDir(dir string) (io.Closer, error) {
	d, err := os.Open(dir)
	if err != nil {
		return nil, err
	}
	if errors.Is(syscall.Flock(int(d.Fd()), syscall.LOCK_EX|syscall.LOCK_NB), syscall.EWOULDBLOCK) {
		return nil, errors.Join(errors.New("another sink has the directory "+dir), d.Close())
	}
	return d, nil
}
