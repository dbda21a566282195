package cli

import "github.com/levee-io/levee/internal/server"

// consoleFlags say whether levee serve has a console.
type consoleFlags struct {
	ConsolePassword string `placeholder:"PASSWORD" env:"LEVEE_CONSOLE_PASSWORD" help:"Serve the console at /_levee/ to those who know this password."`
	NoConsole       bool   `help:"Serve no console. Without --console-password, there is one on a loopback address unless there is --auth."`
}

// config returns what the server is told, nil for no console. Without a password
// it is for whoever is on this machine, which with keys would be a way around them.
func (f *consoleFlags) config(addr string, keys server.Keys) *server.ConsoleConfig {
	if f.NoConsole || f.ConsolePassword == "" && (keys != nil || !isLoopback(addr)) {
		return nil
	}
	return &server.ConsoleConfig{Password: f.ConsolePassword}
}
