package transact

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// All actions of a transaction happen, or none does, and each that cannot be done
// is named.
func TestAllOrNothing(t *testing.T) {
	r := newRig(t)
	for _, c := range []struct {
		what  string
		items func(handle string) []string
		want  string // reasons
	}{
		{"a condition", func(h string) []string { return []string{put("a"), check("missing"), send("q", "m"), remove("q", h)} }, "None ConditionalCheckFailed None None"},
		{"a receipt", func(string) []string { return []string{put("a"), remove("q", "rubbish"), send("q", "m")} }, "None ReceiptHandleIsInvalid None"},
		{"a checkpoint", func(h string) []string { return []string{remove("q", h), put("a"), move("7", "8")} }, "None None CheckpointMoved"},
		{"all of them", func(string) []string { return []string{check("missing"), move("7", "8"), put("a")} }, "ConditionalCheckFailed CheckpointMoved None"},
		{"a message that cannot be sent", func(h string) []string { return []string{remove("q", h), put("a"), send("q", "\uffff")} }, "None None InvalidMessageContents"},
		{"an update of no number", func(string) []string {
			return []string{`{"Update":{"TableName":"tab","Key":{"k":{"S":"b"}},"UpdateExpression":"ADD k :s","ExpressionAttributeValues":{":s":{"N":"1"}}}}`, put("a")}
		}, "ValidationError None"},
		{"no such table", func(h string) []string {
			return []string{remove("q", h), strings.ReplaceAll(put("a"), `"tab"`, `"other"`)}
		}, "ResourceNotFoundException"},
		{"no such queue", func(string) []string { return []string{put("a"), send("other", "m")} }, "QueueDoesNotExist"},
		{"one message twice", func(h string) []string { return []string{put("a"), remove("q", h), show("q", h, 5)} }, "ValidationException"},
		{"one checkpoint twice", func(string) []string { return []string{put("a"), move("", "8"), move("8", "9")} }, "ValidationException"},
		{"one item twice", func(string) []string { return []string{put("a"), send("q", "m"), put("a")} }, "ValidationException"},
		{"two actions in one", func(string) []string { return []string{put("a")[:len(put("a"))-1] + "," + send("q", "m")[1:]} }, "ValidationException"},
		{"none in one", func(string) []string { return []string{put("a"), "{}"} }, "ValidationException"},
		{"no actions", func(string) []string { return nil }, "ValidationException"},
		{"too many", func(string) []string { return strings.Split(strings.Repeat(send("q", "m")+"\n", 101), "\n")[:101] }, "ValidationException"},
	} {
		r.do("SendMessage", `{"QueueUrl":"`+queueURL+`q","MessageBody":"one"}`)
		_, handle := r.receive("q", 60)
		if _, err := r.transact(c.items(handle)...); reasons(t, err) != c.want {
			t.Errorf("%s: got %v, want %s", c.what, err, c.want)
		}
		if n := r.count("tab"); n != "0" {
			t.Fatalf("%s: there are %s items", c.what, n)
		}
		if body, _ := r.receive("q", 60); body != "" {
			t.Errorf("%s: %s was sent", c.what, body)
		}
		if out := r.do("ListCheckpoints", `{"Consumer":"c","StreamArn":"`+stream+`"}`); out != `{"Checkpoints":[]}` {
			t.Errorf("%s: there is a checkpoint: %s", c.what, out)
		}
		if _, err := r.transact(put("a"), send("q", "next"), remove("q", handle), move("", "8")); err != nil {
			t.Fatalf("%s: the message can no longer be consumed: %v", c.what, err)
		}
		r.do("DeleteItem", `{"TableName":"tab","Key":{"k":{"S":"a"}}}`)
		if _, err := r.transact(move("8", "")); err != nil {
			t.Fatal(err)
		}
		body, handle := r.receive("q", 60)
		if _, err := r.transact(remove("q", handle)); err != nil || body != "next" {
			t.Fatalf("%s: received %q, %v", c.what, body, err)
		}
	}
}

// What a transaction did is there for the engines, and after a restart.
func TestEffects(t *testing.T) {
	for _, restart := range []bool{false, true} {
		r := newRig(t)
		r.do("SendMessage", `{"QueueUrl":"`+queueURL+`q","MessageBody":"one"}`)
		_, handle := r.receive("q", 60)
		out, err := r.transact(put("a"), send("q", "two"), remove("q", handle), send("q.fifo", "three"), move("", "8"))
		if err != nil {
			t.Fatal(err)
		}
		if restart {
			r.reopen()
		}
		body, _ := r.receive("q", 60)
		more, _ := r.receive("q", 60)
		ordered, _ := r.receive("q.fifo", 60)
		if body != "two" || more != "" || ordered != "three" || r.count("tab") != "1" {
			t.Errorf("restart %v: received %q, %q, %q; %s items", restart, body, more, ordered, r.count("tab"))
		}
		if list := r.do("ListCheckpoints", `{"Consumer":"c","StreamArn":"`+stream+`"}`); list != `{"Checkpoints":[{"ShardId":"s","SequenceNumber":"8"}]}` {
			t.Error(list)
		}
		if !strings.HasPrefix(out, `{"Results":[{},{"SendMessage":{"MD5OfMessageBody":`) || strings.Count(out, `"MessageId"`) != 2 || strings.Count(out, `"SequenceNumber"`) != 1 {
			t.Error(out)
		}
	}
}

// A receipt is good for one transaction, while its receive has the message.
func TestReceipts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t)
		for _, queue := range []string{"q", "q.fifo"} {
			for _, spoil := range []struct {
				what string
				how  func(handle string)
			}{
				{"deleted", func(h string) { r.do("DeleteMessage", `{"QueueUrl":"`+queueURL+queue+`","ReceiptHandle":"`+h+`"}`) }},
				{"consumed", func(h string) {
					if _, err := r.transact(remove(queue, h)); err != nil {
						t.Fatal(err)
					}
				}},
				{"timed out", func(string) { time.Sleep(31 * time.Second) }},
				{"received again", func(string) { time.Sleep(31 * time.Second); r.receive(queue, 30) }},
				{"given back", func(h string) {
					if _, err := r.transact(show(queue, h, 0)); err != nil {
						t.Fatal(err)
					}
				}},
			} {
				r.do("PurgeQueue", `{"QueueUrl":"`+queueURL+queue+`"}`)
				if _, err := r.transact(send(queue, spoil.what)); err != nil {
					t.Fatal(err)
				}
				_, handle := r.receive(queue, 30)
				spoil.how(handle)
				for _, use := range []string{remove(queue, handle), show(queue, handle, 60)} {
					if _, err := r.transact(put("a"), use); reasons(t, err) != "None ReceiptHandleIsInvalid" {
						t.Errorf("%s, %s: %v", queue, spoil.what, err)
					}
				}
			}
		}
		if n := r.count("tab"); n != "0" {
			t.Errorf("there are %s items", n)
		}
	})
}

// A token makes a repeat answer the same and change nothing, for ten minutes.
func TestToken(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t)
		request := func(items ...string) string {
			return `{"ClientRequestToken":"token","TransactItems":[` + strings.Join(items, ",") + `]}`
		}
		same := request(put("a"), send("q", "m"), move("", "8"))
		first := r.do("Transact", same)
		r.do("DeleteItem", `{"TableName":"tab","Key":{"k":{"S":"a"}}}`)
		r.reopen()
		time.Sleep(10*time.Minute - time.Second)
		if again := r.do("Transact", same); again != first {
			t.Errorf("answered %s, then %s", first, again)
		}
		for _, other := range []string{request(put("b"), send("q", "m"), move("", "8")), request(put("a"), send("q", "n"), move("", "8")),
			request(put("a"), send("q", "m"), move("", "9")), request(send("q", "m"), put("a"), move("", "8"))} {
			if _, err := r.try("Transact", other); reasons(t, err) != "IdempotentParameterMismatchException" {
				t.Errorf("%s: %v", other, err)
			}
		}
		if n := r.count("tab"); n != "0" {
			t.Errorf("the repeat put %s items", n)
		}
		time.Sleep(2 * time.Second)
		if _, err := r.try("Transact", same); reasons(t, err) != "None None CheckpointMoved" {
			t.Errorf("after ten minutes: %v", err)
		}
	})
}

// Of transactions that move a checkpoint from the same place one succeeds.
func TestCheckpointRace(t *testing.T) {
	r := newRig(t)
	const rivals = 8
	done := make(chan error, rivals)
	for range rivals {
		go func() {
			_, err := r.transact(send("q", "m"), move("", "8"))
			done <- err
		}()
	}
	won := 0
	for range rivals {
		if err := <-done; err == nil {
			won++
		} else if reasons(t, err) != "None CheckpointMoved" {
			t.Error(err)
		}
	}
	if won != 1 {
		t.Errorf("%d succeeded", won)
	}
}

// A message that is returned comes again as if its receive had not been, and that
// receive has nothing more to say.
func TestReturnMessage(t *testing.T) {
	for _, restart := range []bool{false, true} {
		r := newRig(t)
		r.do("CreateQueue", `{"QueueName":"dead.fifo","Attributes":{"FifoQueue":"true"}}`)
		r.do("SetQueueAttributes", `{"QueueUrl":"`+queueURL+`q.fifo","Attributes":{"RedrivePolicy":"{\"deadLetterTargetArn\":\"arn:aws:sqs:us-east-1:111122223333:dead.fifo\",\"maxReceiveCount\":1}"}}`)
		if _, err := r.transact(send("q.fifo", "one")); err != nil {
			t.Fatal(err)
		}
		handle := ""
		for range 3 {
			before := handle
			out := r.do("ReceiveMessage", `{"QueueUrl":"`+queueURL+`q.fifo","VisibilityTimeout":60,"MessageSystemAttributeNames":["ApproximateReceiveCount"]}`)
			handle = member(out, "ReceiptHandle")
			if count := member(out, "ApproximateReceiveCount"); count != "1" {
				t.Fatalf("received %q times: %s", count, out)
			}
			if before != "" {
				if _, err := r.transact(remove("q.fifo", before)); reasons(t, err) != "ReceiptHandleIsInvalid" {
					t.Errorf("the receipt of a returned message: %v", err)
				}
			}
			if _, err := r.transact(giveBack("q.fifo", handle), put("a")); err != nil {
				t.Fatal(err)
			}
			if _, err := r.transact(giveBack("q.fifo", handle)); reasons(t, err) != "ReceiptHandleIsInvalid" {
				t.Errorf("returned twice: %v", err)
			}
			if restart {
				r.reopen()
			}
		}
		if _, handle = r.receive("q.fifo", 60); handle == "" {
			t.Fatal("the message is gone")
		}
		if _, err := r.transact(show("q.fifo", handle, 0)); err != nil {
			t.Fatal(err)
		}
		if body, _ := r.receive("q.fifo", 60); body != "" {
			t.Errorf("received %s a second time that counts", body)
		}
		if body, _ := r.receive("dead.fifo", 60); body != "one" {
			t.Errorf("the dead letter is %q", body)
		}
	}
}

func giveBack(queue, handle string) string {
	return strings.Replace(remove(queue, handle), "DeleteMessage", "ReturnMessage", 1)
}
