package lambda

import (
	"fmt"
	"time"

	"github.com/levee-io/levee/internal/jsontok"
)

// Fail returns a failure in the form that runtimes report errors in.
func Fail(kind, format string, args ...any) *Failure {
	b := append([]byte(nil), `{"errorType":`...)
	b = jsontok.AppendString(b, kind)
	b = append(b, `,"errorMessage":`...)
	b = jsontok.AppendString(b, fmt.Sprintf(format, args...))
	return &Failure{Payload: append(b, '}')}
}

// Break is Fail of an environment that cannot be used any more.
func Break(kind, format string, args ...any) *Failure {
	f := Fail(kind, format, args...)
	f.Broken = true
	return f
}

// Exited is the failure of a process that ended, or that could not be started.
func Exited(requestID string, reason string) *Failure {
	if requestID != "" {
		reason = "RequestId: " + requestID + " Error: " + reason
	}
	return Break("Runtime.ExitError", "%s", reason)
}

// TooLarge is the failure of a result that exceeds MaxResult.
func TooLarge() *Failure {
	return Fail("Function.ResponseSizeTooLarge", "Response payload size exceeded maximum allowed payload size (%d bytes).", MaxResult)
}

func timedOut(requestID string, after time.Duration) *Failure {
	return Break("Sandbox.Timedout", "RequestId: %s Error: Task timed out after %.2f seconds", requestID, after.Seconds())
}
