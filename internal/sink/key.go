package sink

import (
	"github.com/levee-io/levee/internal/pipeline"
	"github.com/levee-io/levee/internal/pipeline/template"
)

// Key returns the event's own key, "" if it has none.
func Key(e *pipeline.Event) string { return keys{}.of(e) }

// keys says what the key of an event is, within which events stay in order.
type keys struct{ path *template.Path }

// newKeys returns the keys at a path such as $.customer in what the pipe has made of
// events; without one they are the events' own.
func newKeys(path string) (k keys, err error) {
	if path != "" {
		k.path, err = template.ParsePath(path)
	}
	return k, err
}

// of returns the key of an event: what is at the path, or else the key of the item
// that changed, or the group of the message; "" if there is none.
func (k keys) of(e *pipeline.Event) string {
	if k.path != nil {
		if text, _ := template.NewEvent(e.Data, "").Text(k.path); text != "" {
			return text
		}
	}
	if e.Change != nil {
		return documentID(e.Change.Keys)
	}
	return e.Group
}
