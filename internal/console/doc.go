// Package console is the console of Levee: pages for people, served by the binary
// beside the services. It is an http.Handler for the paths below Path:
//
//	meter := console.NewMeter()
//	operations := meter.Wrap(table)          // what the wire serves
//	c := console.New(console.Options{Operations: table, Meter: meter, ...})
//
// # Where things are
//
// A page is a method of visit in a file of its name (tables.go, queue_send.go)
// and a template of that name in templates/. routes.go lists them all. Whatever a
// page does it does by calling an operation of the table, with the shapes and the
// checks that an SDK's request meets: call.go. What the API does not say (sizes of
// all tables, messages nobody has taken, what functions printed, the heat of
// partitions) comes through the funcs of Options, so that this package knows no
// engine. Surges and rehearsals are such funcs too: surge.go and rehearse.go bound
// them, play one at a time, and show how they go and what came of them.
//
// What is live is asked for by assets/console.js (plots and cells, every second:
// live.go) or by htmx (parts of pages, every two); both rest while a page is paused or
// hidden.
//
// Texts are in locale/, one catalog a language, with the same keys in each.
// Assets are embedded: there is no build step, and nothing is fetched from
// elsewhere. assets/ has htmx and uPlot as published, beside their licences.
//
// # Safety
//
// Whoever sees the console may do everything. Without Options.Password it
// therefore answers only clients on a loopback address that address the server by
// one, which rebinding a name cannot do; with it, one must log in. guard.go does
// that, and also:
//
//   - refuses every POST without the CSRF token of its session, or from another
//     origin;
//   - sets a content security policy that lets only embedded scripts run;
//   - bounds the bodies of requests, the size and time of surges and rehearsals, and
//     how long a page searches for items that pass a filter.
//
// html/template escapes whatever is shown. The report of a rehearsal is a page of its
// own: its policy takes its origin and all scripts from it. Deleting and purging ask for the name
// of what is to go.
//
// # Locks
//
// Meter.mu guards which series there are, and each series has a lock of its own for
// its past, taken after it. A request takes the first for reading and counts with
// atomics. Meter.consumed is taken before both. surges.mu and rehearsals.mu are taken
// alone, for moments. No lock is held while an operation, a surge or a rehearsal runs,
// but rehearsals.playing, which says that one does.
package console
