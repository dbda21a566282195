package main

import (
	"bytes"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// The shapes in the tree are what the generator makes of the models, byte for
// byte.
func TestTreeIsGenerated(t *testing.T) {
	for pkg, model := range map[string]string{
		"dynamodbapi": "dynamodb.json", "streamsapi": "dynamodb-streams.json", "sqsapi": "sqs.json",
		"lambdaapi": "lambda.json",
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

// What is taken for a pattern that Go has is one.
func TestPatterns(t *testing.T) {
	models, err := filepath.Glob("../models/*.json")
	if err != nil || len(models) < 4 {
		t.Fatalf("%d models, %v", len(models), err)
	}
	for _, path := range models {
		if strings.HasSuffix(path, "-query.json") {
			continue
		}
		m, err := loadModel(path)
		if err != nil {
			t.Fatal(err)
		}
		for name, s := range m.Shapes {
			if _, err := regexp.Compile(`^(?:` + goPattern(s.Pattern) + `)$`); err != nil {
				t.Errorf("%s: %s: %v", path, name, err)
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
