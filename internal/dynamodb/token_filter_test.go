package dynamodb

import (
	"math/rand/v2"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cespare/xxhash/v2"

	"github.com/levee-io/levee/internal/kv"
	"github.com/levee-io/levee/internal/kv/kvmem"
)

func TestTokenFilterForgetsNothing(t *testing.T) {
	var f tokenFilter
	hash := func(bucket uint32, i int) uint64 { return xxhash.Sum64([]byte{byte(bucket), byte(i), byte(i >> 8)}) }
	const first, perBucket = 100, 1000
	wrong := 0
	for bucket := uint32(first); bucket < first+5; bucket++ {
		for i := range perBucket {
			if !f.absent(bucket, hash(bucket, i)) || !f.absent(bucket-1, hash(bucket, i)) {
				wrong++
			}
			f.add(bucket, hash(bucket, i))
		}
		for i := range perBucket {
			if f.absent(bucket, hash(bucket, i)) {
				t.Fatalf("token %d of bucket %d is forgotten", i, bucket)
			}
			if bucket > first && f.absent(bucket-1, hash(bucket-1, i)) {
				t.Fatalf("token %d is forgotten in the next bucket", i)
			}
		}
	}
	if wrong > perBucket/20 {
		t.Errorf("%d tokens of %d are taken for used", wrong, 5*perBucket)
	}
	if f.absent(first, 1) || f.absent(first+2, 1) {
		t.Error("the filter knows of buckets before the last two")
	}
}

func TestTokenFilterSurvivesAClockThatGoesBack(t *testing.T) {
	var f tokenFilter
	f.add(10, 1)
	f.add(7, 2) // the clock went back
	if f.absent(7, 2) || f.absent(10, 1) {
		t.Error("a token is forgotten")
	}
	f.add(14, 3) // and on
	if f.absent(14, 3) || !f.absent(13, 4) {
		t.Error("wrong after a gap")
	}
}

// TestTokensAreRememberedByTheStore checks that what the filter cannot know, a
// token from before the engine was opened, is looked up, for as long as it lives
// and in both buckets.
func TestTokensAreRememberedByTheStore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const in = `{"ClientRequestToken":"t","TransactItems":[{"Update":{"TableName":"hashed","Key":{"a":{"S":"k"}},"UpdateExpression":"ADD n :1","ExpressionAttributeValues":{":1":{"N":"1"}}}}]}`
		var store kv.Store = kvmem.New()
		h := openEngine(t, store)
		h.mustDo("CreateTable", hashedTable)
		h.mustDo("TransactWriteItems", in)
		for range 3 {
			time.Sleep(tokenLife/3 - time.Second)
			if err := h.Close(); err != nil {
				t.Fatal(err)
			}
			h = openEngine(t, store)
			h.mustDo("TransactWriteItems", in)
			h.expect("GetItem", `{"TableName":"hashed","Key":{"a":{"S":"k"}},"ProjectionExpression":"n"}`, `{"Item":{"n":{"N":"1"}}}`)
		}
		time.Sleep(time.Minute)
		h.mustDo("TransactWriteItems", in)
		h.expect("GetItem", `{"TableName":"hashed","Key":{"a":{"S":"k"}},"ProjectionExpression":"n"}`, `{"Item":{"n":{"N":"2"}}}`)
		if err := h.Close(); err != nil {
			t.Fatal(err)
		}
	})
}

// TestTokenFilterGrows checks that the filter still knows new tokens where there are
// millions: those of a spike of five minutes.
func TestTokenFilterGrows(t *testing.T) {
	const many = 3_000_000
	var f tokenFilter
	random := rand.New(rand.NewPCG(1, 2))
	for range many {
		f.add(10, random.Uint64())
	}
	wrong := 0
	for range 10_000 {
		if !f.absent(10, random.Uint64()) {
			wrong++
		}
	}
	if wrong > 200 {
		t.Errorf("%d of 10,000 new tokens are taken for used", wrong)
	}
}
