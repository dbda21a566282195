package pipeline

import (
	"errors"

	"github.com/levee-io/levee/internal/api"
	"github.com/levee-io/levee/internal/attr"
	"github.com/levee-io/levee/internal/jsontok"
)

// change is what the record of a stream says of an item.
type change struct {
	id       string // of the event
	sequence string
	removed  bool
	keys     attr.Map
	image    attr.Map // nil if there is none
}

// readChange reads the record of a stream.
func readChange(text []byte) (*change, error) {
	c := new(change)
	var d jsontok.Decoder
	d.Reset(text)
	members(&d, func(key string) {
		switch key {
		case "eventID":
			c.id = api.ReadString(&d).V
		case "eventName":
			c.removed = api.ReadString(&d).V == "REMOVE"
		case "dynamodb":
			members(&d, func(key string) {
				switch key {
				case "Keys":
					c.keys = attr.ReadMap(&d)
				case "NewImage":
					c.image = attr.ReadMap(&d)
				case "SequenceNumber":
					c.sequence = api.ReadString(&d).V
				default:
					d.Skip()
				}
			})
		default:
			d.Skip()
		}
	})
	if err := errors.Join(d.End(), d.Noted()); err != nil {
		return nil, err
	}
	if c.keys == nil {
		return nil, errors.New("not the record of a change")
	}
	return c, nil
}

// members reads the members of an object, each with read.
func members(d *jsontok.Decoder, read func(key string)) {
	if !d.Object() {
		return
	}
	for key, ok := d.Key(); ok; key, ok = d.Key() {
		read(string(key))
	}
}
