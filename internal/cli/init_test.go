package cli

import (
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// initLine is what the runtime says of the variables and init functions of a package.
var initLine = regexp.MustCompile(`(?m)^init (\S+) .* (\d+) bytes, \d+ allocs$`)

// A program starts as fast as what its packages do before main. Parsing the templates of
// the console there once took four fifths of the time to the first answer.
func TestPackagesDoLittleBeforeMain(t *testing.T) {
	const most = 512 << 10
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(program, "-test.run=^$")
	cmd.Env = append(os.Environ(), "GODEBUG=inittrace=1")
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	own := 0
	for _, m := range initLine.FindAllStringSubmatch(string(out), -1) {
		bytes, err := strconv.Atoi(m[2])
		if err != nil {
			t.Fatal(err)
		}
		if !strings.HasPrefix(m[1], "github.com/levee-io/levee/") {
			continue
		}
		if own++; bytes > most {
			t.Errorf("%s allocates %d bytes before main, of %d at most: do it when it is needed", m[1], bytes, most)
		}
	}
	if own == 0 {
		t.Errorf("no package of the project is in the trace:\n%s", out)
	}
}
