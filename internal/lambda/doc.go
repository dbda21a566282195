// Package lambda is the engine of functions: the catalog, the code and the
// invocation of Lambda functions, over one kv.Store.
//
//	engine, err := lambda.Open(store, lambda.Options{Runner: sandbox.New(...)})
//	for _, op := range engine.Operations() { ... }
//	engine.Close() // ends what runs; the store is the caller's
//
// # Four kinds
//
// A function of PackageType Zip brings its code, which runs as a process that
// speaks the Lambda Runtime API: the executable bootstrap of the provided.*
// runtimes, or Node with a small client of ours for nodejs*. One of PackageType
// Image says in Code.ImageUri where its code is, by a scheme:
//
//	go:NAME            a Go func of this process, which Engine.Handle knows by NAME
//	http://, https://  an endpoint: the event is posted to it
//	exec:PATH          a command, started for each event, which is its standard
//	                   input; what it writes to standard output is the result
//	runtime:PATH       an executable on this machine that speaks the Runtime API
//
// For the last two, ImageConfig.EntryPoint takes the place of PATH if it is given,
// ImageConfig.Command is the arguments and ImageConfig.WorkingDirectory where it
// is started. A Go func needs no entry in the catalog: each namespace has a
// function of its name, unless it created one.
//
// What is posted to an endpoint is signed if the function has the variable
// LEVEE_SIGNING_KEY: see docs/pipelines.md.
//
// What is not a Go func runs only where there is a Runner: it is a program of
// whoever may call the API.
//
// # Environments
//
// An Environment is one running copy of a function, and has one invocation at a
// time. The engine keeps those that are idle for the next invocation, starts a
// new one if there is none (a cold start), and ends one that timed out, crashed
// or was not used for some minutes. A change of the function ends them all; what
// runs ends with what it began with.
//
// # Concurrency
//
// Reserved concurrency and the limit of the account refuse an invocation as the
// service does. Options.Processes bounds what runs on this machine: an idle
// environment of another function makes room, and then invocations are refused
// too.
//
// # Logs
//
// What an invocation prints is kept up to a bound, and the last invocations of
// each function are kept in memory: Engine.Logs.
//
// # Rows and locks
//
// Functions and their code are rows (docs/format.md). Engine.admin serialises the
// operations that change a function, from their first look to the end of Apply;
// Engine.mu guards the catalog in memory and what runs, and is held for moments.
// They are taken in that order, and Engine.mu never while anything runs or the disk is
// waited for. The lock of the directories of unpacked code is between the two.
package lambda
