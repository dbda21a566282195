package cli

import (
	"bytes"
	"context"
	"errors"
	"os"
	"strings"
	"testing"

	"github.com/levee-io/levee/internal/server"
)

func TestWhoGetsAConsole(t *testing.T) {
	for name, tt := range map[string]struct {
		flags consoleFlags
		addr  string
		keys  server.Keys
		want  bool
	}{
		"loopback":              {consoleFlags{}, "127.0.0.1:8000", nil, true},
		"localhost":             {consoleFlags{}, "localhost:8000", nil, true},
		"everywhere":            {consoleFlags{}, ":8000", nil, false},
		"everywhere, password":  {consoleFlags{ConsolePassword: "x"}, ":8000", nil, true},
		"keys":                  {consoleFlags{}, "127.0.0.1:8000", server.Keys{}, false},
		"keys, password":        {consoleFlags{ConsolePassword: "x"}, "127.0.0.1:8000", server.Keys{}, true},
		"none wanted":           {consoleFlags{NoConsole: true}, "127.0.0.1:8000", nil, false},
		"none wanted, password": {consoleFlags{NoConsole: true, ConsolePassword: "x"}, "127.0.0.1:8000", nil, false},
	} {
		if got := tt.flags.config(tt.addr, tt.keys) != nil; got != tt.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}

// A scenario that was typed is given no file of this machine, however it names it.
func TestConsoleScenarios(t *testing.T) {
	const designs = "\ndesigns: [{name: d}]"
	for name, text := range map[string]string{
		"curve":  "traffic: [{csv: {file: /etc/passwd}}]",
		"log":    "traffic: [{log: {file: /etc/passwd}}]",
		"sample": "traffic: [{rate: 1, items: [{keys: {kind: sample, file: /etc/passwd}}]}]",
		"alias":  "name: &f file\ntraffic: [{log: {*f : /etc/passwd}}]",
		"binary": "traffic: [{log: {!!binary ZmlsZQ==: /etc/passwd}}]",
		"merge":  "traffic: [{rate: 1, items: [{keys: {<<: {kind: sample, file: /etc/passwd}}}]}]",
		"index":  "traffic: [{rate: 1}]\ndesigns: [{name: d, table: {indexes: [{keys: {kind: sample, file: /etc/passwd}}]}}]",
	} {
		if !strings.Contains(text, "designs") {
			text += designs
		}
		if _, err := playScenario(t.Context(), text); !errors.Is(err, errNamesFile) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := playScenario(t.Context(), "traffic: ["); err == nil {
		t.Error("half a scenario is one")
	}
	r, err := playScenario(t.Context(), "name: <b>\nduration: 1m\ntraffic: [{rate: 10}]"+designs)
	if err != nil {
		t.Fatal(err)
	}
	if !r.OK || r.Name != "<b>" || !bytes.Contains(r.Report, []byte("&lt;b&gt;")) || bytes.Contains(r.Report, []byte("<b>")) {
		t.Errorf("%+v %s", r.Verdict, r.Report)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := playScenario(ctx, "duration: 8h\ntraffic: [{rate: 10}]"+designs); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
}

// The scenario that the console begins with is one, and has a design to take.
func TestConsoleExampleScenario(t *testing.T) {
	text, err := os.ReadFile("../console/scenario.yaml")
	if err != nil {
		t.Fatal(err)
	}
	if r, err := playScenario(t.Context(), string(text)); err != nil || !r.OK {
		t.Errorf("%+v %v", r, err)
	}
}
