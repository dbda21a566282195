package cli

import (
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
