//go:build !(darwin || dragonfly || freebsd || linux || netbsd || openbsd)

package sink

import "io"

// lockDir does nothing here: who declares a directory twice must know better.
func lockDir(string) (io.Closer, error) { return io.NopCloser(nil), nil }
