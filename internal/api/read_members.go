package api

import "github.com/levee-io/levee/internal/jsontok"

// ReadMembers reads an object of a protocol whose shapes are written by hand: one is
// called for each member and reports whether it knows the name. name is that of the shape,
// for the error of what is no object.
func ReadMembers(d *jsontok.Decoder, name string, one func(key string) bool) {
	if !d.Object() {
		d.Name(name)
		return
	}
	for key, ok := d.Key(); ok; key, ok = d.Key() {
		if !one(string(key)) {
			d.Skip()
		}
	}
}
