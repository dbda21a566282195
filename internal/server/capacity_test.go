package server

import (
	"testing"
	"testing/synctest"
	"time"
)

func TestModelTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		now, err := modelTime(60)
		if err != nil {
			t.Fatal(err)
		}
		began := now()
		time.Sleep(2 * time.Second)
		if passed := now().Sub(began); passed != 2*time.Minute {
			t.Errorf("%v passed in two seconds, want two minutes", passed)
		}
	})
	for _, scale := range []float64{-1, 1e7} {
		if _, err := modelTime(scale); err == nil {
			t.Errorf("time passes %v times faster", scale)
		}
	}
}
