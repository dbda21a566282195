package processors

import (
	"runtime"
	"testing"
)

func TestAdd(t *testing.T) {
	before := runtime.GOMAXPROCS(1)
	defer func() {
		runtime.GOMAXPROCS(before)
		added.Store(0)
	}()
	t.Setenv("GOMAXPROCS", "1")
	Add()
	if n := runtime.GOMAXPROCS(0); n != 1 || CPUs() != 1 {
		t.Errorf("%d processors where the environment says 1, %d CPUs", n, CPUs())
	}
	t.Setenv("GOMAXPROCS", "")
	Add()
	if n := runtime.GOMAXPROCS(0); n != 1+more || CPUs() != 1 {
		t.Errorf("%d processors and %d CPUs, want %d and 1", n, CPUs(), 1+more)
	}
}

func TestNoMoreCPUsThanThereAre(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(runtime.NumCPU() + 5))
	if CPUs() != runtime.NumCPU() {
		t.Errorf("%d CPUs of %d", CPUs(), runtime.NumCPU())
	}
}
