package kvpebble

import (
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/cockroachdb/pebble/v2/record"
	"github.com/cockroachdb/pebble/v2/vfs"
)

// cutLogs is a disk whose logs end before their first damaged record.
type cutLogs struct{ vfs.FS }

// Open implements vfs.FS.
func (c *cutLogs) Open(name string, opts ...vfs.OpenOption) (vfs.File, error) {
	file, err := c.FS.Open(name, opts...)
	number, isLog := logNumber(name)
	if err != nil || !isLog {
		return file, err
	}
	sound, _ := soundBytes(file, number)
	if err := file.Close(); err != nil {
		return nil, err
	}
	if file, err = c.FS.Open(name, opts...); err != nil {
		return nil, err
	}
	return &cutFile{file, io.LimitReader(file, sound)}, nil
}

// logNumber returns the number in the name of a log.
func logNumber(name string) (uint64, bool) {
	text, isLog := strings.CutSuffix(filepath.Base(name), ".log")
	number, err := strconv.ParseUint(text, 10, 64)
	return number, isLog && err == nil
}

// soundBytes returns how many bytes of a log can be read without an error, and
// what ends them, be it the end.
func soundBytes(log io.Reader, number uint64) (sound int64, end error) {
	for r := recordReader(record.NewReader, log, number); ; sound = r.Offset() {
		one, err := r.Next()
		if err == nil {
			_, err = io.Copy(io.Discard, one)
		}
		if err != nil {
			return sound, err
		}
	}
}

// damagedLogs says which logs of a directory are damaged, and where, as Pebble
// does not.
func damagedLogs(disk vfs.FS, dir string) (text string) {
	names, _ := disk.List(dir)
	for _, name := range names {
		number, isLog := logNumber(name)
		if !isLog {
			continue
		}
		file, err := disk.Open(disk.PathJoin(dir, name))
		if err != nil {
			continue
		}
		if sound, err := soundBytes(file, number); errors.Is(err, record.ErrInvalidChunk) {
			text += fmt.Sprintf(" (%s, at byte %d or soon after it)", name, sound)
		}
		_ = file.Close()
	}
	return text
}

// recordReader calls record.NewReader, whose second parameter has a type that
// cannot be named here.
func recordReader[N ~uint64](newReader func(io.Reader, N) *record.Reader, log io.Reader, number uint64) *record.Reader {
	return newReader(log, N(number))
}

// cutFile is a file that is read from its start up to a limit.
type cutFile struct {
	vfs.File
	limited io.Reader
}

// Read implements io.Reader.
func (f *cutFile) Read(p []byte) (int, error) { return f.limited.Read(p) }

// ReadAt implements io.ReaderAt. Logs are not read so.
func (f *cutFile) ReadAt([]byte, int64) (int, error) { return 0, errors.ErrUnsupported }
