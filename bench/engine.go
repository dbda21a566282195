package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// engine is a server that bench can start.
type engine struct {
	name string
	// tables and queues say which services it has, query that it knows only the
	// query protocol of SQS.
	tables, queues, query bool
	// disk says that it can keep its data in a directory.
	disk bool
	// command returns the arguments to start it with; dir is "" for memory.
	command func(c *config, addr, dir string) ([]string, error)
}

// engines are those that -engine and -compare can name. Where each of the
// others comes from stands in README.md.
func engines() []engine {
	return []engine{
		{name: "levee", tables: true, queues: true, disk: true, command: leveeCommand},
		{name: "floor", tables: true, queues: true, disk: true, command: floorCommand("fasthttp")},
		{name: "floor-nethttp", tables: true, queues: true, disk: true, command: floorCommand("net/http")},
		{name: "dynalite", tables: true, disk: true, command: dynaliteCommand},
		{name: "dynoxide", tables: true, disk: true, command: dynoxideCommand},
		{name: "moto", tables: true, queues: true, command: motoCommand},
		{name: "ministack", tables: true, queues: true, command: ministackCommand},
		{name: "elasticmq", queues: true, command: elasticmqCommand},
		{name: "goaws", queues: true, query: true, command: goawsCommand},
		{name: "fauxqs", queues: true, command: fauxqsCommand},
	}
}

// spec is an engine together with where it keeps its data, as in levee:disk;
// a path in place of the engine is a build of levee.
type spec struct {
	engine
	store string // "disk" or "memory"
	text  string
}

func parseSpec(text string) (spec, error) {
	name, store, found := strings.Cut(text, ":")
	if !found {
		store = "disk"
	}
	if strings.HasPrefix(name, "http") {
		return spec{engine: engine{name: text, tables: true, queues: true}, store: "endpoint", text: text}, nil
	}
	if store != "disk" && store != "memory" {
		return spec{}, fmt.Errorf("%s: the store is disk or memory", text)
	}
	if strings.ContainsRune(name, filepath.Separator) {
		path, err := filepath.Abs(name) // servers run elsewhere
		return spec{engine: buildOfLevee(path), store: store, text: filepath.Base(name) + ":" + store}, err
	}
	for _, e := range engines() {
		if e.name != name {
			continue
		}
		if !e.disk {
			store = "memory"
		}
		return spec{engine: e, store: store, text: name + ":" + store}, nil
	}
	return spec{}, fmt.Errorf("%s: no such engine", text)
}

func buildOfLevee(path string) engine {
	return engine{name: "levee", tables: true, queues: true, disk: true,
		command: func(_ *config, addr, dir string) ([]string, error) { return serveCommand(path, addr, dir), nil }}
}

func leveeCommand(c *config, addr, dir string) ([]string, error) {
	if c.binary == "" {
		c.binary = filepath.Join(c.temp, "levee")
		build := exec.Command("go", "build", "-trimpath", "-pgo="+releaseProfile, "-o", c.binary, "./cmd/levee") // as releases are
		build.Dir, build.Stderr = "..", os.Stderr
		build.Env = append(os.Environ(), "CGO_ENABLED=0")
		if err := build.Run(); err != nil {
			return nil, fmt.Errorf("build levee: %w", err)
		}
	}
	return serveCommand(c.binary, addr, dir), nil
}

func serveCommand(binary, addr, dir string) []string {
	if dir == "" {
		return []string{binary, "serve", "--addr", addr, "--memory"}
	}
	return []string{binary, "serve", "--addr", addr, "--data", dir}
}

func floorCommand(transport string) func(*config, string, string) ([]string, error) {
	return func(_ *config, addr, dir string) ([]string, error) {
		self, err := os.Executable()
		return []string{self, "floor", "-addr", addr, "-data", dir, "-transport", transport}, err
	}
}

func dynaliteCommand(c *config, addr, dir string) ([]string, error) {
	host, port := split(addr)
	args := []string{"--host", host, "--port", port, "--createTableMs", "0", "--deleteTableMs", "0"}
	if dir != "" {
		args = append(args, "--path", dir)
	}
	return c.installed("dynalite", args...)
}

func dynoxideCommand(c *config, addr, dir string) ([]string, error) {
	host, port := split(addr)
	args := []string{"serve", "--host", host, "--port", port}
	if dir != "" {
		args = append(args, "--db-path", filepath.Join(dir, "data.db"))
	}
	return c.installed("dynoxide", args...)
}

func motoCommand(c *config, addr, _ string) ([]string, error) {
	host, port := split(addr)
	return c.installed("moto_server", "-H", host, "-p", port)
}

func ministackCommand(c *config, addr, _ string) ([]string, error) {
	host, port := split(addr)
	return c.installed("env", "BIND_HOST="+host, "MINISTACK_HOST="+host, "GATEWAY_PORT="+port, "LOG_LEVEL=ERROR", "ministack")
}

func elasticmqCommand(c *config, addr, _ string) ([]string, error) {
	host, port := split(addr)
	jars := os.Getenv("ELASTICMQ_JARS")
	if jars == "" {
		return nil, errNotInstalled
	}
	return c.installed("java", "-Drest-sqs.bind-hostname="+host, "-Drest-sqs.bind-port="+port, "-Drest-stats.enabled=false",
		"-Dnode-address.host="+host, "-Dnode-address.port="+port, "-cp", filepath.Join(jars, "*"), "org.elasticmq.server.Main")
}

// goawsCommand gives GoAWS the file that it takes its address from.
func goawsCommand(c *config, addr, _ string) ([]string, error) {
	host, port := split(addr)
	conf := filepath.Join(c.temp, "goaws.yaml")
	text := fmt.Sprintf("Local:\n  Host: %s\n  Port: %s\n  Region: us-east-1\n  AccountId: \"000000000000\"\n  LogToFile: false\n  QueueAttributeDefaults:\n    VisibilityTimeout: 600\n", host, port)
	if err := os.WriteFile(conf, []byte(text), 0o600); err != nil {
		return nil, err
	}
	return c.installed("goaws", "-config", conf)
}

func fauxqsCommand(c *config, addr, _ string) ([]string, error) {
	host, port := split(addr)
	return c.installed("env", "FAUXQS_HOST="+host, "FAUXQS_PORT="+port, "FAUXQS_LOGGER=false", "fauxqs")
}

func split(addr string) (host, port string) {
	i := strings.LastIndexByte(addr, ':')
	return addr[:i], addr[i+1:]
}
