package main

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"time"
)

// releaseProfile is what `make profile` writes, by its name from the root: releases are
// optimized by it (https://go.dev/doc/pgo).
const releaseProfile = "deploy/levee.pgo"

// withProfiling returns the arguments of a levee that can be asked for profiles, and
// where; as they are if nobody wants any.
func withProfiling(c *config, args []string) ([]string, string, error) {
	if c.profile == "" {
		return args, "", nil
	}
	admin, err := freeAddress()
	return append(slices.Clone(args), "--admin-addr", admin), "http://" + admin, err
}

// profiled asks the server for a profile of the CPU while it runs f, which takes about
// as long as a measurement.
func (p *process) profiled(c *config, f func() result) result {
	if c.profile == "" || p.admin == "" {
		return f()
	}
	done := make(chan error, 1)
	go func() {
		done <- p.saveProfile(c.duration, filepath.Join(c.temp, fmt.Sprintf("%d.prof", time.Now().UnixNano())))
	}()
	r := f()
	if err := <-done; err != nil {
		r.Failure = err.Error()
	}
	return r
}

func (p *process) saveProfile(d time.Duration, file string) error {
	resp, err := http.Get(p.admin + "/debug/pprof/profile?seconds=" + strconv.Itoa(max(1, int(d.Seconds()))))
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	out, err := os.Create(file)
	if err != nil {
		return err
	}
	_, err = io.Copy(out, resp.Body)
	if err == nil && resp.StatusCode != http.StatusOK {
		err = fmt.Errorf("profile: HTTP %d", resp.StatusCode)
	}
	return errors.Join(err, out.Close())
}

// mergeProfiles makes one file of all profiles.
func mergeProfiles(c *config) error {
	if c.profile == "" {
		return nil
	}
	files, err := filepath.Glob(filepath.Join(c.temp, "*.prof"))
	if err != nil || len(files) == 0 {
		return errors.Join(err, errors.New("no profile was taken"))
	}
	merge := exec.Command("go", append([]string{"tool", "pprof", "-proto", "-output=" + c.profile}, files...)...)
	merge.Stderr = os.Stderr
	return merge.Run()
}
