package sqs

import "testing"

func TestSendReceiveDelete(t *testing.T) {
	r := newRig(t)
	url := r.create("jobs")
	if want := "http://localhost:4566/111122223333/jobs"; url != want {
		t.Fatalf("URL %q, want %q", url, want)
	}
	sent := r.send(url, "hello", "")
	if got, want := sent.MD5OfMessageBody.V, "5d41402abc4b2a76b9719d911017c592"; got != want {
		t.Errorf("MD5OfMessageBody %s, want %s", got, want)
	}
	r.wantCounts(url, "1", "0", "0")
	got := r.receive(url, 10)
	r.wantBodies(got, "hello")
	if got[0].MessageId != sent.MessageId || got[0].MD5OfBody != sent.MD5OfMessageBody {
		t.Errorf("received %+v, sent %+v", got[0], sent)
	}
	r.wantCounts(url, "0", "1", "0")
	r.wantBodies(r.receive(url, 10), "")
	r.must(r.delete(url, got[0]))
	r.wantCounts(url, "0", "0", "0")
	r.must(r.delete(url, got[0])) // deleting again succeeds
}
