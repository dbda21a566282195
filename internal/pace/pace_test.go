package pace

import (
	"context"
	"testing"
	"testing/synctest"
	"time"
)

func TestClock(t *testing.T) {
	for _, scale := range []float64{0, 1, 60, 0.5} {
		synctest.Test(t, func(t *testing.T) {
			c, err := NewClock(scale)
			if err != nil {
				t.Fatal(err)
			}
			if scale == 0 {
				scale = 1
			}
			began, real := c.Now(), time.Now()
			time.Sleep(2 * time.Second)
			if passed := c.Now().Sub(began); passed != time.Duration(scale*2)*time.Second {
				t.Errorf("%v passed in two seconds at %v", passed, scale)
			}
			if !c.Wait(t.Context(), began.Add(time.Minute)) || c.Now().Sub(began) < time.Minute {
				t.Errorf("waited until %v, want a minute", c.Now().Sub(began))
			}
			if took := time.Since(real); took > time.Duration(60/scale)*time.Second+2*time.Second {
				t.Errorf("a minute took %v at %v", took, scale)
			}
		})
	}
	for _, scale := range []float64{-1, 1e7} {
		if _, err := NewClock(scale); err == nil {
			t.Errorf("time passes %v times as fast", scale)
		}
	}
}

func TestWaitEndsWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if (Clock{}).Wait(ctx, time.Now().Add(time.Hour)) {
			t.Error("waited an hour")
		}
	})
}
