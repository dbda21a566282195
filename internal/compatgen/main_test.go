package main

import (
	"os"
	"strings"
	"testing"

	ddb "github.com/levee-io/levee/internal/api/dynamodbapi"
	"github.com/levee-io/levee/internal/api/sqsapi"
	"github.com/levee-io/levee/internal/api/streamsapi"
)

func TestPageIsGenerated(t *testing.T) {
	want, err := page()
	if err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile("../../docs/compatibility.md")
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != want {
		t.Error("docs/compatibility.md is not what the operation table says: run go generate ./...")
	}
}

func TestPageNamesEveryOperation(t *testing.T) {
	text, err := page()
	if err != nil {
		t.Fatal(err)
	}
	for _, names := range [][]string{ddb.OperationNames, streamsapi.OperationNames, sqsapi.OperationNames} {
		for _, name := range names {
			if !strings.Contains(text, "| "+name+" |") && !strings.Contains(text, name+",") && !strings.Contains(text, name+".") {
				t.Errorf("%s is not on the page", name)
			}
		}
	}
}
