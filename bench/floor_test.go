package main

import "testing"

func TestFloorAnswersOnBothStores(t *testing.T) {
	for _, dir := range []string{"", t.TempDir()} {
		store, err := openFloorStore(dir)
		if err != nil {
			t.Fatal(err)
		}
		for target, want := range map[string]string{
			ddb + "PutItem":          `{}`,
			ddb + "GetItem":          `{}`,
			ddb + "Query":            `{}`,
			ddb + "BatchWriteItem":   `{}`,
			sqs + "ReceiveMessage":   string(floorOne),
			ddb + "DescribeTable":    string(floorActive),
			sqs + "SendMessageBatch": `{}`,
		} {
			if got := string(floorAnswer(store, target, []byte(`{"a":["}\""]}`))); got != want {
				t.Errorf("%q: %s: %s", dir, target, got)
			}
		}
		if got := string(floorAnswer(store, ddb+"PutItem", []byte(`{"a":[}`))); got != string(floorFailed) {
			t.Errorf("half a body: %s", got)
		}
		if err := store.close(); err != nil {
			t.Fatal(err)
		}
	}
}
