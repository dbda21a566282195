package sandbox

import (
	_ "embed"
	"os/exec"
	"strings"

	"github.com/levee-io/levee/internal/lambda"
)

// nodeClient is a runtime interface client for Node.
//
//go:embed node.mjs
var nodeClient string

func isNode(runtime string) bool { return strings.HasPrefix(runtime, "nodejs") }

// nodeCommand returns the command of a Node function.
func nodeCommand() ([]string, error) {
	node, err := exec.LookPath("node")
	if err != nil {
		return nil, lambda.Break("Runtime.InvalidEntrypoint", "there is no node in the PATH of the server")
	}
	return []string{node, "--input-type=module", "--eval", nodeClient}, nil
}
