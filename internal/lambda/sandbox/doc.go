// Package sandbox runs the code of functions that is not a Go func of this
// process: as processes and behind HTTP endpoints. Sandbox implements
// lambda.Runner.
//
// # The Runtime API
//
// A process of KindRuntime gets the address of an HTTP server of its own, on the
// loopback interface, in AWS_LAMBDA_RUNTIME_API. There it fetches events and
// posts results, as the runtime interface clients of all languages do
// (runtime_api.go). For nodejs runtimes the process is node with the client in
// node.mjs, which is embedded; the version is that of the node in PATH.
//
// # What a process gets
//
// Its environment is what the service sets, the variables of the function, PATH
// and nothing else of ours. AWS_ENDPOINT_URL and credentials of the function's
// account let the SDKs within it reach this server. It is started in the directory of its code and leads a process
// group of its own, which is killed as a whole: after a timeout, when it uses more
// memory than the function has (the resident memory of all its processes, looked at
// several times a second, on Linux), and at the end. It is a boundary against
// accidents, not against malice: a process can do what the user of the server may.
//
// # What it prints
//
// Standard output and error are read at once, however much it is; what is kept of
// it is for the Log of the spec to say. Settle writes a mark into the same pipe and
// waits until it comes out: what was printed before is out by then.
//
// # Locks
//
// process.mu guards the hand-over between the Runtime API and Invoke. No other
// lock is taken, and nothing is waited for, while it is held.
package sandbox
