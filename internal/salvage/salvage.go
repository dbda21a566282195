// Package salvage writes what can be read of a damaged store to files, two for each
// table or queue: what describes it, and a line for each of its items or messages.
//
//	run := salvage.Run{Store: store, Create: create, Lost: say}
//	err := run.Each("the catalog", prefix, func(key, value []byte) error { … })
//	n, err := run.Files(&salvage.Source{Name: "sqs/000000000000/us-east-1/q", …})
//
// What the lines hold is the engines' to say. Damage is told and stepped over; an error is
// one of writing.
package salvage

import (
	"errors"
	"fmt"
	"io"

	"github.com/levee-io/levee/internal/kv"
)

// Create returns a new file of a path, whose parts are separated by slashes. It must refuse
// paths that lead elsewhere: names of regions are the clients'.
type Create func(name string) (io.WriteCloser, error)

// Run is what is salvaged, and to where.
type Run struct {
	Store  kv.Reader
	Create Create
	Lost   func(text string) // is told of what cannot be read
}

// Source is a table or queue.
type Source struct {
	Name      string // the path of its files, without an ending
	Kind      string // "table": what describes it is NAME.table.json
	Described []byte
	What      string // as it is called where something of it is lost
	Rows      []byte // the prefix of the keys of what it holds
	// Line appends the line for a row, without its end. An error means that the row cannot
	// be read.
	Line func(to, key, value []byte) ([]byte, error)
	// Row says which row of it one is, where its line cannot be made.
	Row func(key []byte) string
}

// Each calls each with the rows that can be read below a prefix.
func (r *Run) Each(what string, prefix []byte, each func(key, value []byte) error) error {
	return kv.Salvage(r.Store, kv.PrefixRange(prefix), len(prefix), each, func(err error) { r.Lost(what + ": " + err.Error()) })
}

// Files writes the two files of a source: NAME.KIND.json, and NAME.ndjson with a line for
// each row. It returns the number of lines.
func (r *Run) Files(s *Source) (lines int, err error) {
	err = r.file(s.Name+"."+s.Kind+".json", func(out io.Writer) error {
		_, err := out.Write(append(s.Described[:len(s.Described):len(s.Described)], '\n'))
		return err
	})
	if err != nil {
		return 0, err
	}
	err = r.file(s.Name+".ndjson", func(out io.Writer) error {
		var line []byte
		return r.Each(s.What, s.Rows, func(key, value []byte) error {
			made, err := s.Line(line[:0], key, value)
			if err != nil {
				r.Lost(fmt.Sprintf("%s: %s: %v", s.What, s.Row(key), err))
				return nil
			}
			lines++
			line = append(made, '\n')
			_, err = out.Write(line)
			return err
		})
	})
	return lines, err
}

func (r *Run) file(name string, write func(io.Writer) error) error {
	out, err := r.Create(name)
	if err != nil {
		return err
	}
	return errors.Join(write(out), out.Close())
}
