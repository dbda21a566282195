package main

import (
	"bufio"
	"net/http"
	"strconv"
	"strings"
)

// withAdmin is a levee that also tells of itself, at admin.
func withAdmin(s spec, admin string) spec {
	inner := s.command
	s.command = func(c *config, addr, dir string) ([]string, error) {
		args, err := inner(c, addr, dir)
		return append(args, "--admin-addr", admin), err
	}
	return s
}

// figuresOf reads the metrics of a server that have no labels, by name.
func figuresOf(admin string) (map[string]float64, error) {
	resp, err := http.Get("http://" + admin + "/metrics")
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	out := map[string]float64{}
	lines := bufio.NewScanner(resp.Body)
	for lines.Scan() {
		name, value, _ := strings.Cut(lines.Text(), " ")
		if v, err := strconv.ParseFloat(value, 64); err == nil {
			out[name] = v
		}
	}
	return out, lines.Err()
}
