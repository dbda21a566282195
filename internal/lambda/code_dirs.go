package lambda

import (
	"errors"
	"os"
	"path/filepath"
	"sync"
)

// codeDirs are the directories with the unpacked code of functions. One stays while
// an environment uses it or its code is that of a function.
type codeDirs struct {
	parent string // where root is made; "" is the place for temporary files

	mu    sync.Mutex     // held while a package is unpacked
	root  string         // "" until there is one
	users map[string]int // environments by the id of their code
}

// hold returns the directory of some code for one more environment. read returns the
// package if it has to be unpacked; ErrGone if there is none any more.
func (d *codeDirs) hold(code string, read func() ([]byte, error)) (dir string, err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if err := d.makeRoot(); err != nil {
		return "", err
	}
	dir = filepath.Join(d.root, code)
	if _, err := os.Stat(dir); err != nil {
		if err := unpackFrom(read, dir); err != nil {
			return "", err
		}
	}
	d.users[code]++
	return dir, nil
}

func (d *codeDirs) makeRoot() (err error) {
	if d.root != "" {
		return nil
	}
	parent := d.parent
	if parent != "" {
		// What is started in the directory would take a relative path for one below it.
		if parent, err = filepath.Abs(parent); err != nil {
			return err
		}
		if err := os.MkdirAll(parent, 0o750); err != nil {
			return err
		}
	}
	if d.root, err = os.MkdirTemp(parent, "levee-functions-"); err != nil {
		return err
	}
	d.users = map[string]int{}
	return nil
}

func unpackFrom(read func() ([]byte, error), dir string) error {
	pkg, err := read()
	if err != nil {
		return err
	}
	if len(pkg) == 0 {
		return ErrGone // the function was changed meanwhile
	}
	if err := unpack(pkg, dir); err != nil {
		return errors.Join(err, os.RemoveAll(dir)) // what is left of it is of no use
	}
	return nil
}

// release says that an environment has ended. needed tells whether a function still
// has the code; it is asked while mu is held.
func (d *codeDirs) release(code string, needed func() bool) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.users[code]--
	return d.tidy(code, needed())
}

// abandon says that no function has the code any more.
func (d *codeDirs) abandon(code string) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.tidy(code, false)
}

// tidy removes a directory that nothing uses.
func (d *codeDirs) tidy(code string, needed bool) error {
	if d.root == "" || needed || d.users[code] > 0 {
		return nil
	}
	delete(d.users, code)
	return os.RemoveAll(filepath.Join(d.root, code))
}

// close removes all, when there are no more environments.
func (d *codeDirs) close() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.root == "" {
		return nil
	}
	return os.RemoveAll(d.root)
}
