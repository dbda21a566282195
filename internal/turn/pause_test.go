package turn

import (
	"testing"
	"time"
)

func TestPause(t *testing.T) {
	for took, want := range map[time.Duration]time.Duration{
		time.Microsecond: pauseEvery,
		pauseEvery:       pauseEvery,
		2 * foreign:      2 * foreign * foreignFactor,
	} {
		if got := untilNext(took); got != want {
			t.Errorf("after a pause of %v the next is %v away, want %v", took, got, want)
		}
	}
	var turn Turn
	for range pauseCalls - 1 {
		turn.Pause()
	}
	if !turn.next.IsZero() {
		t.Error("it paused before it read the clock")
	}
	if turn.Pause(); turn.next.IsZero() {
		t.Error("it did not pause")
	}
}
