package cli

import (
	"bufio"
	"context"
	"io"
	"strconv"
	"strings"
	"time"
)

const (
	// startedAfter is when the pages of the program are given back first: what runs once, when
	// a server starts, has run by then.
	startedAfter = time.Second
	// idleEvery is how often they are if the server had nothing to do since.
	idleEvery = 30 * time.Second
	// idleShare is the part of a CPU's time that nothing to do takes.
	idleShare = 100
)

// giveBackProgram lets go of the program's pages while they are not needed, until ctx ends:
// those that only the start needed, which are half of what an idle server has in memory, and
// later those of a server with nothing to do. They are of a file that does not change, so who
// needs one again gets it from the page cache; meanwhile the kernel is free to use it.
func giveBackProgram(ctx context.Context) {
	for wait := startedAfter; ; wait = idleEvery {
		before := cpuTime()
		select {
		case <-ctx.Done():
			return
		case <-time.After(wait):
		}
		if wait == startedAfter || cpuTime()-before < wait/idleShare {
			releaseProgram()
		}
	}
}

// mapping is a piece of the address space.
type mapping struct{ start, size uintptr }

// constantMappings returns the mappings of a file that nobody can write to, and nobody has:
// what the dynamic linker fills in and then protects is not of the file any more. The list
// is in the form of /proc/PID/smaps (proc_pid_smaps(5)); a mapping of which it does not say
// that all is of the file is left alone.
func constantMappings(smaps io.Reader, file string) []mapping {
	var list []mapping
	var current mapping
	ours := false // current cannot be written to
	lines := bufio.NewScanner(smaps)
	for lines.Scan() {
		fields := strings.Fields(lines.Text())
		if len(fields) < 2 {
			continue
		}
		key, isFigure := strings.CutSuffix(fields[0], ":")
		switch {
		case !isFigure:
			current, ours = parseMapping(fields, file)
		case ours && key == "Anonymous" && fields[1] == "0":
			list = append(list, current)
		case ours && key == "Swap" && fields[1] != "0" && len(list) > 0 && list[len(list)-1] == current:
			list = list[:len(list)-1]
		}
	}
	if lines.Err() != nil {
		return nil
	}
	return list
}

// parseMapping reads the line that heads a mapping; ok is false if it is not one of the
// file that cannot be written to.
func parseMapping(fields []string, file string) (m mapping, ok bool) {
	if len(fields) < 6 || strings.Contains(fields[1], "w") || strings.Join(fields[5:], " ") != file {
		return m, false
	}
	from, to, _ := strings.Cut(fields[0], "-")
	start, err1 := strconv.ParseUint(from, 16, 64)
	end, err2 := strconv.ParseUint(to, 16, 64)
	if err1 != nil || err2 != nil || start >= end {
		return m, false
	}
	return mapping{uintptr(start), uintptr(end - start)}, true
}
