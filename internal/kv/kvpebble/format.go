package kvpebble

import (
	"fmt"
	"strconv"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/cockroachdb/pebble/v2/vfs/atomicfs"

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

// markerName names the file "marker.levee.<n>.<format>", empty, whose name alone
// holds the format. It is the first file of a new store and the last one of a
// checkpoint, so a directory without it is no store, or not all of one.
const markerName = "levee"

// readFormat returns the format of dir, or 0 if it has no marker.
func readFormat(fs vfs.FS, dir string) (Format, error) {
	text, err := atomicfs.ReadMarker(fs, dir, markerName)
	if err != nil || text == "" {
		return 0, err
	}
	n, err := strconv.ParseUint(text, 10, 64)
	if err != nil || n == 0 {
		return 0, fmt.Errorf("kvpebble: %s has the format marker %q: %w", dir, text, kv.ErrFormat)
	}
	if f := Format(n); f <= FormatNewest {
		return f, nil
	}
	return 0, fmt.Errorf("kvpebble: %s holds a store of format %d, this program reads formats up to %d: %w",
		dir, n, FormatNewest, kv.ErrFormat)
}

// writeFormat marks dir durably as a store of format f.
func writeFormat(fs vfs.FS, dir string, f Format) error {
	marker, _, err := atomicfs.LocateMarker(fs, dir, markerName)
	if err != nil {
		return err
	}
	err = marker.Move(strconv.FormatUint(uint64(f), 10))
	if e := marker.Close(); err == nil {
		err = e
	}
	return err
}
