package kvmem_test

import (
	"errors"
	"testing"

	"github.com/levee-io/levee/internal/kv"
	"github.com/levee-io/levee/internal/kv/kvmem"
	"github.com/levee-io/levee/internal/kv/kvtest"
)

func open(*testing.T) kv.Store { return kvmem.New() }

func TestStore(t *testing.T) { kvtest.Run(t, open) }

func TestCheckpointIsUnsupported(t *testing.T) {
	if err := kvmem.New().Checkpoint("copy"); !errors.Is(err, kv.ErrUnsupported) {
		t.Errorf("Checkpoint = %v", err)
	}
}

func BenchmarkApply(b *testing.B) { kvtest.BenchApply(b, kvmem.New()) }
func BenchmarkRead(b *testing.B)  { kvtest.BenchRead(b, kvmem.New(), nil) }

func BenchmarkNew(b *testing.B) {
	for b.Loop() {
		if err := kvmem.New().Close(); err != nil {
			b.Fatal(err)
		}
	}
}
