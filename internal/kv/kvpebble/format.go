package kvpebble

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/levee-io/levee/internal/kv"
)

// Format numbers what the bytes of a store mean: the files of the directory, and
// the keys and values that the engines keep in it (docs/format.md). The number
// of a directory only ever grows. A program opens every format up to its newest
// and refuses later ones.
type Format uint64

const (
	// FormatFirst is the format of the first release. Pebble's own format is
	// FormatTableFormatV6.
	FormatFirst Format = iota + 1

	// New formats go here, each with a comment that says what changed and what
	// Open does to bring an older directory to it. A change of pebbleFormat needs
	// one too, since an older program could not read the files.

	formatEnd
)

// FormatNewest is the format of new stores, and of every store once opened.
const FormatNewest = formatEnd - 1

// pebbleFormat is pinned, so that updating the dependency does not change what is
// on disk: sstables with checksums in the footer, a log in which corruption is
// told from a torn end.
const pebbleFormat = pebble.FormatTableFormatV6

// formatPrefix and a number name an empty file that marks a directory as a store of
// that format; of several the greatest counts. It is the last file of a new store
// and of a checkpoint, so a directory without it is no store, or not all of one.
const formatPrefix = "levee-format."

// marker is the name of the file that marks a store of format f.
func (f Format) marker() string { return formatPrefix + strconv.FormatUint(uint64(f), 10) }

// readFormat returns the format that the files of dir say, 0 if they say none.
func readFormat(dir string, names []string) (Format, error) {
	var format Format
	for _, name := range names {
		text, ok := strings.CutPrefix(name, formatPrefix)
		if !ok {
			continue
		}
		n, err := strconv.ParseUint(text, 10, 64)
		if err != nil || n == 0 {
			return 0, fmt.Errorf("kvpebble: %s has a format marker without a number, %s: %w", dir, name, kv.ErrFormat)
		}
		format = max(format, Format(n))
	}
	if format > FormatNewest {
		return 0, fmt.Errorf("kvpebble: %s holds a store of format %d, this program knows formats up to %d: %w",
			dir, format, FormatNewest, kv.ErrFormat)
	}
	return format, nil
}

// writeMarker makes an empty file, durably.
func writeMarker(disk vfs.FS, dir, name string) error {
	file, err := disk.Create(disk.PathJoin(dir, name), vfs.WriteCategoryUnspecified)
	if err != nil {
		return err
	}
	if err := errors.Join(file.Sync(), file.Close()); err != nil {
		return err
	}
	return syncDir(disk, dir)
}
