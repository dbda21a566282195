package kvpebble

import (
	"bytes"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/cockroachdb/pebble/v2/vfs/errorfs"
)

// full waits until the spare log is filled, as it is when enough is written to the log.
func (w *writtenLogs) full() {
	w.grow(int(w.most))
	w.filling.Wait()
}

// log writes a log in one of the two ways in which Pebble begins one, after the spare log is
// filled, and returns how long the file is.
func (w *writtenLogs) log(t *testing.T, old, name, text string) int64 {
	t.Helper()
	w.full()
	begin := func() (vfs.File, error) { return w.Create(name, vfs.WriteCategoryUnspecified) }
	if old != "" {
		begin = func() (vfs.File, error) { return w.ReuseForWrite(old, name, vfs.WriteCategoryUnspecified) }
	}
	file, err := begin()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(file, text); err != nil {
		t.Fatal(err)
	}
	info, err := file.Stat()
	if err != nil {
		t.Fatal(err)
	}
	if err := file.Close(); err != nil {
		t.Fatal(err)
	}
	return info.Size()
}

// TestWrittenLogs: new logs are full of zeros, as long as the memtable will be, but for the
// first one, and so are those that take the place of a shorter one.
func TestWrittenLogs(t *testing.T) {
	disk := vfs.NewMem()
	w := newWrittenLogs(disk, "", 4*firstLog)
	for i, c := range []struct {
		old, name string
		size      int64
	}{
		{"", "000001.log", 1},
		{"", "000002.log", 2 * firstLog},
		{"000001.log", "000003.log", 4 * firstLog},
		{"000002.log", "000004.log", 4 * firstLog},
		{"000003.log", "000005.log", 4 * firstLog}, // itself
	} {
		if size := w.log(t, c.old, c.name, "x"); size != c.size {
			t.Errorf("log %d is %d bytes long, not %d", i+1, size, c.size)
		}
	}
	file, err := disk.Open("000004.log")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	if b, err := io.ReadAll(file); err != nil || string(bytes.TrimRight(b, "\x00")) != "x" {
		t.Errorf("a log holds %d bytes and then zeros, %v", len(bytes.TrimRight(b, "\x00")), err)
	}
	w.close()
	names, err := disk.List("")
	if slices.Sort(names); err != nil || !slices.Equal(names, []string{"000004.log", "000005.log"}) {
		t.Errorf("left are %v, %v", names, err)
	}
}

// TestLongerLog: what can be used again and is longer than the spare log is used again.
func TestLongerLog(t *testing.T) {
	w := newWrittenLogs(vfs.NewMem(), "", 4*firstLog)
	defer w.close()
	w.log(t, "", "000001.log", strings.Repeat("x", 3*firstLog))
	if size := w.log(t, "000001.log", "000002.log", "x"); size != 3*firstLog {
		t.Errorf("instead of %d bytes, a log has %d", 3*firstLog, size)
	}
}

// TestLogsComeFast: only one spare log is filled at a time, and none is used before it is full.
func TestLogsComeFast(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWrittenLogs(vfs.NewMem(), "", 8*firstLog)
		defer w.close()
		for _, name := range []string{"000001.log", "000002.log", "000003.log"} {
			file, err := w.Create(name, vfs.WriteCategoryUnspecified)
			if err != nil {
				t.Fatal(err)
			}
			if info, err := file.Stat(); err != nil || info.Size() != 0 {
				t.Errorf("%s: %v, %v", name, info, err)
			}
			if err := file.Close(); err != nil {
				t.Fatal(err)
			}
		}
		if size := w.log(t, "", "000004.log", "x"); size != 2*firstLog {
			t.Errorf("then a log is %d bytes long", size)
		}
	})
}

// TestPace: a spare log is filled as the log is written, not at once.
func TestPace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		disk := vfs.NewMem()
		w := newWrittenLogs(disk, "", 2*firstLog)
		defer w.close()
		file, err := w.Create("000001.log", vfs.WriteCategoryUnspecified)
		if err != nil {
			t.Fatal(err)
		}
		defer file.Close()
		for _, c := range []struct{ write, filled int64 }{
			{0, 0},
			{1, fillPart},
			{fillPart / fillPace, 2 * fillPart},
			{firstLog / 4, 5 * fillPart},
			{firstLog / 2, 2 * firstLog},
			{firstLog / 2, 2 * firstLog},
		} {
			if _, err := file.Write(make([]byte, c.write)); err != nil {
				t.Fatal(err)
			}
			synctest.Wait()
			if info, err := disk.Stat(spareLog); err != nil || info.Size() != c.filled {
				t.Errorf("%d bytes more written: %d are filled, not %d, %v", c.write, info.Size(), c.filled, err)
			}
		}
	})
}

// TestNoSpareLog: where a log cannot be filled, those that are used are as they would be.
func TestNoSpareLog(t *testing.T) {
	var full atomic.Bool
	full.Store(true)
	disk := vfs.NewMem()
	w := newWrittenLogs(errorfs.Wrap(disk, errorfs.InjectorFunc(func(op errorfs.Op) error {
		if full.Load() && strings.Contains(op.Path, spareLog) && op.Kind == errorfs.OpFileWrite {
			return syscall.ENOSPC
		}
		return nil
	})), "", 4*firstLog)
	defer w.close()
	for _, name := range []string{"000001.log", "000002.log", "000003.log"} {
		if size := w.log(t, "", name, "x"); size != 1 {
			t.Errorf("%s is %d bytes long", name, size)
		}
	}
	if size := w.log(t, "000001.log", "000004.log", "xy"); size != 2 {
		t.Errorf("a log that is used again is %d bytes long", size)
	}
	w.full()
	if _, err := w.Stat(spareLog); err == nil {
		t.Error("what could not be filled is still there")
	}
	full.Store(false)
	disk.TestingSetDiskUsage(vfs.DiskUsage{AvailBytes: fillRoom*4*firstLog - 1})
	w.log(t, "", "000005.log", "x")
	if size := w.log(t, "", "000006.log", "x"); size != 1 {
		t.Errorf("with too little room a log is %d bytes long", size)
	}
	disk.TestingSetDiskUsage(vfs.DiskUsage{AvailBytes: fillRoom * 4 * firstLog})
	w.log(t, "", "000007.log", "x")
	if size := w.log(t, "", "000008.log", "x"); size != 4*firstLog {
		t.Errorf("with room again a log is %d bytes long", size)
	}
}

// TestSpareLogIsGone: somebody may remove a spare log.
func TestSpareLogIsGone(t *testing.T) {
	disk := vfs.NewMem()
	w := newWrittenLogs(disk, "", 4*firstLog)
	defer w.close()
	w.log(t, "", "000001.log", "x")
	for old, name := range map[string]string{"": "000002.log", "000001.log": "000003.log"} {
		w.full()
		if err := disk.Remove(spareLog); err != nil {
			t.Fatal(err)
		}
		if size := w.log(t, old, name, "x"); size != 1 {
			t.Errorf("%s is %d bytes long", name, size)
		}
	}
	if size := w.log(t, "", "000004.log", "x"); size != 4*firstLog {
		t.Errorf("the log after that is %d bytes long", size)
	}
}

// TestStoreOfWrittenLogs: what a store wrote to such logs is there after a crash.
func TestStoreOfWrittenLogs(t *testing.T) {
	disk := vfs.NewCrashableMem()
	s := mustOpen(t, "store", Options{FS: disk})
	defer s.Close()
	value := make([]byte, 20_000)
	for i := range 60 {
		if c, err := set(s, fmt.Sprint(i), value); err != nil || c.Wait() != nil {
			t.Fatal(err)
		}
	}
	if s.logs.next <= 2*firstLog {
		t.Error("no log was filled: the test needs to write more")
	}
	after := mustOpen(t, "store", Options{FS: disk.CrashClone(vfs.CrashCloneCfg{})})
	defer after.Close()
	for i := range 60 {
		if _, ok, err := after.Get([]byte(fmt.Sprint(i)), nil); !ok || err != nil {
			t.Errorf("%d is there: %v, %v", i, ok, err)
		}
	}
}
