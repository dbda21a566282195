package main

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
)

// The shapes in the tree are what the generator makes of the models, byte for
// byte.
func TestTreeIsGenerated(t *testing.T) {
	for pkg, model := range map[string]string{
		"dynamodbapi": "dynamodb.json", "streamsapi": "dynamodb-streams.json", "sqsapi": "sqs.json",
	} {
		m, err := loadModel(filepath.Join("..", "models", model))
		if err != nil {
			t.Fatal(err)
		}
		files, err := generate(m, pkg, model)
		if err != nil {
			t.Fatal(err)
		}
		for name, want := range files {
			got, err := os.ReadFile(filepath.Join("..", pkg, name))
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(got, want) {
				t.Errorf("%s/%s is not what the generator writes: run go generate ./internal/api/...", pkg, name)
			}
		}
	}
}

func TestNames(t *testing.T) {
	for _, c := range []struct{ shape, value, want string }{
		{"StreamViewType", "NEW_AND_OLD_IMAGES", "StreamViewTypeNewAndOldImages"},
		{"QueueAttributeName", "FifoQueue", "QueueAttributeNameFifoQueue"},
		{"ScalarAttributeType", "S", "ScalarAttributeTypeS"},
		{"Odd", "--", ""},
	} {
		if got := constName(c.shape, c.value); got != c.want {
			t.Errorf("constName(%q, %q) = %q, want %q", c.shape, c.value, got, c.want)
		}
	}
	if got := pathName("SSESpecification"); got != "sSESpecification" {
		t.Errorf("pathName: %q", got)
	}
}
