package kvpebble

import (
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"
)

// partsDisk takes down what of its files begins to be written, and when.
type partsDisk struct {
	vfs.FS
	whole bool // it writes all of a file or nothing
	fail  error

	mu    sync.Mutex
	begun map[string][]int64 // by name
}

type partsFile struct {
	vfs.File
	disk *partsDisk
	name string
}

// of returns what began to be written of the files of some kind.
func (d *partsDisk) of(ending string) (begun []int64) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for name, of := range d.begun {
		if strings.HasSuffix(name, ending) {
			begun = append(begun, of...)
		}
	}
	return begun
}

func (d *partsDisk) Create(name string, category vfs.DiskWriteCategory) (vfs.File, error) {
	file, err := d.FS.Create(name, category)
	return &partsFile{file, d, name}, err
}

func (f *partsFile) SyncTo(offset int64) (bool, error) {
	f.disk.mu.Lock()
	defer f.disk.mu.Unlock()
	if f.disk.begun == nil {
		f.disk.begun = map[string][]int64{}
	}
	f.disk.begun[f.name] = append(f.disk.begun[f.name], offset)
	return f.disk.whole, f.disk.fail
}

// writeThree writes three pieces to each of some files.
func writeThree(t *testing.T, disk vfs.FS, size int, names ...string) (err error) {
	t.Helper()
	for _, name := range names {
		file, createErr := disk.Create(name, vfs.WriteCategoryUnspecified)
		if createErr != nil {
			t.Fatal(createErr)
		}
		for range 3 {
			n, writeErr := file.Write(make([]byte, size))
			if n != size {
				t.Errorf("%d bytes written of %d", n, size)
			}
			err = errors.Join(err, writeErr)
		}
		if err := file.Close(); err != nil {
			t.Fatal(err)
		}
	}
	return err
}

// TestEvenTables: what is written to a table begins to be written to the disk when there is
// a part of it, up to the last page that is full.
func TestEvenTables(t *testing.T) {
	disk := &partsDisk{FS: vfs.NewMem()}
	even := &evenTables{FS: disk}
	if err := writeThree(t, even, evenPart+5000, "000001.sst"); err != nil || !slices.Equal(disk.of("1.sst"), []int64{evenPart, 2 * evenPart, 3 * evenPart}) {
		t.Errorf("begun at %v, %v", disk.begun, err)
	}
	if err := writeThree(t, even, evenPart/2, "000002.sst"); err != nil || !slices.Equal(disk.of("2.sst"), []int64{evenPart}) {
		t.Errorf("of three half parts, begun at %v, %v", disk.begun, err)
	}
	if err := writeThree(t, even, evenPart, "000003.log", "MANIFEST-000004"); err != nil || len(disk.begun) != 2 {
		t.Errorf("of what is no table, begun at %v, %v", disk.begun, err)
	}
}

// TestEvenTablesOfAWholeDisk: a disk that cannot write parts is asked once.
func TestEvenTablesOfAWholeDisk(t *testing.T) {
	disk := &partsDisk{FS: vfs.NewMem(), whole: true}
	even := &evenTables{FS: disk}
	if err := writeThree(t, even, evenPart, "000001.sst", "000002.sst"); err != nil || len(disk.of("")) != 1 {
		t.Errorf("begun at %v, %v", disk.begun, err)
	}
}

func TestEvenTablesFail(t *testing.T) {
	disk := &partsDisk{FS: vfs.NewMem(), fail: errors.New("broken")}
	if err := writeThree(t, &evenTables{FS: disk}, evenPart, "000001.sst"); !errors.Is(err, disk.fail) {
		t.Errorf("a disk that fails: %v", err)
	}
}

// TestStoreOfEvenTables: a store writes its tables so.
func TestStoreOfEvenTables(t *testing.T) {
	disk := &partsDisk{FS: vfs.NewMem()}
	s := mustOpen(t, "store", Options{FS: disk})
	defer s.Close()
	value := make([]byte, 100_000)
	for i := range value {
		value[i] = byte(i * i >> 7)
	}
	for i := range byte(20) {
		value[0] = i
		if c, err := set(s, string(rune('a'+i)), value); err != nil || c.Wait() != nil {
			t.Fatal(err)
		}
	}
	if err := s.db.Flush(); err != nil {
		t.Fatal(err)
	}
	if len(disk.of(".sst")) == 0 {
		t.Error("tables were written at once")
	}
}
