package lambda

import "testing"

func TestWaitingEventsAreBounded(t *testing.T) {
	var w waiting
	large := &event{Payload: make([]byte, maxEvent)}
	taken := 0
	for taken <= maxEvents && w.take(large) {
		taken++
	}
	if taken != maxEventBytes/maxEvent {
		t.Errorf("%d events of %d bytes are taken", taken, maxEvent)
	}
	w.remove(large)
	if !w.take(large) {
		t.Error("what one event took is not given to the next")
	}
	var small waiting
	for taken = 0; taken <= maxEvents && small.take(new(event)); taken++ {
	}
	if taken != maxEvents {
		t.Errorf("%d empty events are taken", taken)
	}
}
