package sink

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/levee-io/levee/internal/jsontok"
	"github.com/levee-io/levee/internal/pipeline"
)

const (
	filesBatch = 10_000
	// maxOpenFiles is how many files are being written at most: one for each stretch
	// of time.
	maxOpenFiles = 16
	// unfinished ends the name of a file that is being written.
	unfinished = ".unfinished"
	finished   = ".ndjson"
)

// Formats of files.
const (
	formatLines   = "ndjson"
	formatParquet = "parquet"
)

// Files declares a directory of files.
type Files struct {
	Dir       string        `yaml:"dir"`
	Partition string        `yaml:"partition"` // hour, day or none
	MaxBytes  int64         `yaml:"max_bytes"` // of a file
	MaxAge    time.Duration `yaml:"max_age"`   // of a file that is being written
	Format    string        `yaml:"format"`    // ndjson or parquet
	// Columns are those that a Parquet file has besides its own.
	Columns []Column `yaml:"columns"`
}

// layouts are the directories of a time, by the kinds of partition.
var layouts = map[string]string{
	"hour": "year=2006/month=01/day=02/hour=15", "day": "year=2006/month=01/day=02", "none": ".",
}

// fileSink is a directory of files of lines, one for each event: JSON. An event is
// taken once its line is on the disk. A file gets its name when it is full, old
// enough or no longer written; until then it ends with .unfinished. Where the format
// is Parquet, it is then that a Parquet file is made of the lines.
type fileSink struct {
	dir, layout string
	maxBytes    int64
	maxAge      time.Duration
	table       *table    // nil: the lines are what is wanted
	lock        io.Closer // of the directory

	mu     sync.Mutex
	open   map[string]*lines // by directory; guarded by mu
	closed bool              // guarded by mu
	tables conversions
}

// lines is a file that is being written.
type lines struct {
	file  *os.File
	size  int64
	begun time.Time
	age   *time.Timer
}

// resolve implements Declaration.
func (*Files) resolve(Env) error { return nil }

// open implements Declaration.
func (o *Files) open() (closing, error) {
	s := &fileSink{dir: filepath.Clean(o.Dir), open: map[string]*lines{}}
	if o.Dir == "" {
		return nil, errors.New("there is no dir")
	}
	kind := o.Partition
	if kind == "" {
		kind = "hour"
	}
	if s.layout = layouts[kind]; s.layout == "" {
		return nil, fmt.Errorf("partition must be hour, day or none, not %q", kind)
	}
	var err error
	if s.maxBytes, err = within("max_bytes", o.MaxBytes, 128<<20, 1, 64<<30); err != nil {
		return nil, err
	}
	if s.maxAge, err = within("max_age", o.MaxAge, 5*time.Minute, time.Second, 24*time.Hour); err != nil {
		return nil, err
	}
	switch {
	case o.Format == formatParquet:
		if s.table, err = newTable(o.Columns); err != nil {
			return nil, err
		}
	case o.Format != "" && o.Format != formatLines:
		return nil, fmt.Errorf("format must be %s or %s, not %q", formatLines, formatParquet, o.Format)
	case o.Columns != nil:
		return nil, errors.New("only Parquet files have columns")
	}
	if err := os.MkdirAll(s.dir, 0o755); err != nil {
		return nil, err
	}
	if s.lock, err = lockDir(s.dir); err != nil { // or salvage would take files that are being written
		return nil, err
	}
	if err := s.salvage(); err != nil {
		return nil, errors.Join(err, s.lock.Close())
	}
	return s, nil
}

// salvage finishes the files that a crash has left, without the line in which it
// happened: its event was not taken.
func (s *fileSink) salvage() error {
	return filepath.WalkDir(s.dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, unfinished) {
			return err
		}
		f, err := os.OpenFile(path, os.O_RDWR, 0)
		if err != nil {
			return err
		}
		end, err := lastLine(f)
		if err == nil {
			err = f.Truncate(end)
		}
		return errors.Join(err, s.seal(f, end))
	})
}

// lastLine returns where the last whole line of a file ends.
func lastLine(f *os.File) (int64, error) {
	info, err := f.Stat()
	if err != nil {
		return 0, err
	}
	buf := make([]byte, 64<<10)
	for end := info.Size(); end > 0; {
		from := max(0, end-int64(len(buf)))
		part := buf[:end-from]
		if _, err := f.ReadAt(part, from); err != nil {
			return 0, err
		}
		if i := bytes.LastIndexByte(part, '\n'); i >= 0 {
			return from + int64(i) + 1, nil
		}
		end = from
	}
	return 0, nil
}

// seal closes a file and gives it its name, or makes a Parquet file of it; one without
// lines is removed.
func (s *fileSink) seal(f *os.File, size int64) error {
	path := f.Name()
	err := errors.Join(f.Sync(), f.Close())
	name := strings.TrimSuffix(path, unfinished)
	switch {
	case err != nil:
		return err
	case size == 0:
		return os.Remove(path)
	case strings.HasSuffix(name, tableEnd):
		return s.convert(path, name)
	}
	if err := os.Rename(path, name+finished); err != nil {
		return err
	}
	return syncDir(filepath.Dir(path))
}

func syncDir(path string) error {
	d, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// Limits implements pipeline.Sink.
func (s *fileSink) Limits() pipeline.SinkLimits {
	return pipeline.SinkLimits{Batch: filesBatch, Concurrent: 4}
}

// Put implements pipeline.Sink. An error is of the disk, and of all events of a
// stretch of time, or says that Parquet files are behind.
func (s *fileSink) Put(ctx context.Context, events []*pipeline.Event, _ bool) []error {
	errs, failed := make([]error, len(events)), false
	if err := s.tables.admit(ctx); err != nil {
		return all(errs, err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for i := 0; i < len(events); {
		dir := s.dirOf(events[i])
		n := i
		var text []byte
		for n < len(events) && s.dirOf(events[n]) == dir {
			text = s.appendEvent(text, events[n])
			n++
		}
		if err := s.write(dir, text); err != nil {
			failed = true
			all(errs[i:n], err)
		}
		i = n
	}
	if !failed {
		return nil
	}
	return errs
}

// dirOf is the directory of the time of an event.
func (s *fileSink) dirOf(e *pipeline.Event) string {
	t := e.Time
	if t.IsZero() {
		t = time.Now()
	}
	return filepath.Join(s.dir, filepath.FromSlash(t.UTC().Format(s.layout)))
}

// appendEvent appends an event as a line.
func (s *fileSink) appendEvent(b []byte, e *pipeline.Event) []byte {
	if s.table != nil {
		b = appendRow(b, e)
	} else {
		b = appendJSON(b, e.Data)
	}
	return append(b, '\n')
}

// appendJSON appends JSON on one line. What is not JSON is a string.
func appendJSON(b, data []byte) []byte {
	var compact bytes.Buffer
	if json.Compact(&compact, data) == nil {
		return append(b, compact.Bytes()...)
	}
	return jsontok.AppendString(b, string(data))
}

// write appends lines to the file of a directory, and waits for the disk. After an
// error the file is finished as it was before; if not even that can be, salvage does it
// at the next start. mu is held.
func (s *fileSink) write(dir string, text []byte) error {
	l, err := s.file(dir)
	if err != nil {
		return err
	}
	_, err = l.file.Write(text)
	if err == nil {
		err = l.file.Sync()
	}
	if err != nil {
		if cut := l.file.Truncate(l.size); cut != nil {
			return errors.Join(err, cut, s.release(dir).file.Close())
		}
		return errors.Join(err, s.finish(dir))
	}
	if l.size += int64(len(text)); l.size >= s.maxBytes {
		return s.finish(dir)
	}
	return nil
}

// file returns the file of a directory. mu is held.
func (s *fileSink) file(dir string) (*lines, error) {
	if s.closed {
		return nil, os.ErrClosed
	}
	if l := s.open[dir]; l != nil {
		return l, nil
	}
	if len(s.open) >= maxOpenFiles {
		if err := s.finish(s.oldest()); err != nil {
			return nil, err
		}
	}
	if err := s.makeDir(dir); err != nil {
		return nil, err
	}
	now := time.Now()
	name := now.UTC().Format("20060102T150405.000Z") + "-" + rand.Text()[:8]
	if s.table != nil {
		name += tableEnd
	}
	f, err := os.OpenFile(filepath.Join(dir, name+unfinished), os.O_CREATE|os.O_EXCL|os.O_WRONLY|os.O_APPEND, 0o644)
	if err != nil {
		return nil, err
	}
	if err := syncDir(dir); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	l := &lines{file: f, begun: now}
	l.age = time.AfterFunc(s.maxAge, func() { s.tooOld(dir, l) })
	s.open[dir] = l
	return l, nil
}

// makeDir makes the directory of a stretch of time, and waits for the disk.
func (s *fileSink) makeDir(dir string) error {
	if _, err := os.Stat(dir); err == nil {
		return nil
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	for dir != s.dir {
		dir = filepath.Dir(dir)
		if err := syncDir(dir); err != nil {
			return err
		}
	}
	return nil
}

func (s *fileSink) oldest() (dir string) {
	for name, l := range s.open {
		if dir == "" || l.begun.Before(s.open[dir].begun) {
			dir = name
		}
	}
	return dir
}

// tooOld finishes a file that has been written for long enough.
func (s *fileSink) tooOld(dir string, l *lines) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.open[dir] == l {
		_ = s.finish(dir) // what was taken is on the disk; salvage finishes it
	}
}

// finish finishes the file of a directory. A Parquet file is made in the background.
// mu is held.
func (s *fileSink) finish(dir string) error {
	l := s.release(dir)
	if s.table == nil {
		return s.seal(l.file, l.size)
	}
	s.tables.begin(func() error { return s.seal(l.file, l.size) })
	return nil
}

// release takes the file of a directory out of those that are being written. mu is
// held.
func (s *fileSink) release(dir string) *lines {
	l := s.open[dir]
	delete(s.open, dir)
	l.age.Stop()
	return l
}

// Close implements closing: it finishes all files.
func (s *fileSink) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed = true
	var errs []error
	for dir := range s.open {
		errs = append(errs, s.finish(dir))
	}
	return errors.Join(append(errs, s.tables.wait(), s.lock.Close())...)
}
