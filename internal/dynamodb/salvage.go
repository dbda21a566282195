package dynamodb

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"path"

	"github.com/levee-io/levee/internal/attr"
	"github.com/levee-io/levee/internal/kv"
)

// Salvaged is where Salvage writes: it returns a new file of a path.
type Salvaged func(name string) (io.WriteCloser, error)

// Salvage writes what can be read of the tables of a store, which may be damaged:
// for each account/region/table a file table.json, which describes the table, and
// a file ndjson with a line {"Item":{...}} for each item, as exports have. lost is
// told of what cannot be read. It returns the number of items written.
func Salvage(store kv.Reader, to Salvaged, lost func(text string)) (items int, err error) {
	s := salvager{store: store, to: to, lost: lost}
	catalog := []byte{space, kindTable}
	err = s.each("the catalog", catalog, func(key, value []byte) error {
		d := new(descriptor)
		if err := json.Unmarshal(value, d); err != nil {
			lost(fmt.Sprintf("descriptor %q: %v", key, err))
			return nil
		}
		return s.table(d, value)
	})
	return s.items, err
}

type salvager struct {
	store kv.Reader
	to    Salvaged
	lost  func(string)
	items int
}

func (s *salvager) each(what string, prefix []byte, each func(key, value []byte) error) error {
	return kv.Salvage(s.store, kv.PrefixRange(prefix), len(prefix), each, func(err error) { s.lost(what + ": " + err.Error()) })
}

// table writes the two files of a table.
func (s *salvager) table(d *descriptor, described []byte) (err error) {
	name := path.Join("dynamodb", d.Account, d.Region, d.Name)
	about, err := s.to(name + ".table.json")
	if err != nil {
		return err
	}
	_, err = about.Write(append(described[:len(described):len(described)], '\n'))
	if err = errors.Join(err, about.Close()); err != nil {
		return err
	}
	out, err := s.to(name + ".ndjson")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, out.Close()) }()
	var line []byte
	return s.each("table "+d.arn(), itemPrefix(d.ID), func(row, raw []byte) error {
		item, err := attr.DecodeMap(raw)
		if err != nil {
			s.lost(fmt.Sprintf("table %s: row %x: %v", d.arn(), row, err))
			return nil
		}
		s.items++
		line = item.AppendJSON(append(line[:0], `{"Item":`...))
		_, err = out.Write(append(line, '}', '\n'))
		return err
	})
}
