package sandbox

import (
	"bytes"
	"os"
	"strconv"
)

// residentMemory returns the bytes of memory that a process and its descendants
// hold, 0 if that is not known.
func residentMemory(pid int) int64 { return residentBelow(pid, maxDepth) }

// maxDepth bounds how far descendants are followed.
const maxDepth = 8

func residentBelow(pid, depth int) int64 {
	dir := "/proc/" + strconv.Itoa(pid)
	sum := int64(0)
	if stat, err := os.ReadFile(dir + "/statm"); err == nil {
		if fields := bytes.Fields(stat); len(fields) > 1 {
			pages, _ := strconv.ParseInt(string(fields[1]), 10, 64)
			sum = pages * int64(os.Getpagesize())
		}
	}
	if depth == 0 {
		return sum
	}
	children, _ := os.ReadFile(dir + "/task/" + strconv.Itoa(pid) + "/children")
	for _, child := range bytes.Fields(children) {
		if id, err := strconv.Atoi(string(child)); err == nil {
			sum += residentBelow(id, depth-1)
		}
	}
	return sum
}
