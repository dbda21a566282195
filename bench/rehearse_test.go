package main

import "testing"

func TestCounts(t *testing.T) {
	arrived, refused, err := counts(`one-off messages: 20m0s of traffic, objective: no loss

                       design    arrived     stored     lost  throttled  p50    p99  longest  drained in  $ a run  $ a month  objective
     A, straight to the table  5,900,013  5,341,854  558,159  2,526,196  5ms  211ms    405ms           0     3.55       7776     missed
                            B  1,000      1,000            0          4  5ms  211ms    405ms           0     3.55       7776     reached

A, straight to the table: misses the objective, as 386,976 of 500,000 are lost.
  2,526,196 TableWriteKeyRangeThroughputExceeded
`)
	if err != nil || arrived != 5_901_013 || refused != 2_526_200 {
		t.Errorf("%d arrived, %d refused, %v", arrived, refused, err)
	}
	if _, _, err := counts("nothing"); err == nil {
		t.Error("a summary without designs")
	}
}
