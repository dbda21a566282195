package sink

import (
	"net/url"
	"strings"
)

// Description is a declared sink as people may see it: nothing of it is secret.
type Description struct {
	Name, Kind string
	To         string // host, index, stream, topic or directory
}

// List returns the sinks, by name.
func (s *Set) List() []Description { return s.list }

// describe says what is declared. Of a URL only the host is said: the rest may have a
// token in it.
func describe(name string, d Declaration) Description {
	switch d := d.(type) {
	case *HTTP:
		return Description{name, "http", hostOf(d.URL)}
	case *OpenSearch:
		return Description{name, "opensearch", hostOf(d.URL) + "/" + d.Index}
	case *Kinesis:
		return Description{name, "kinesis", d.Stream}
	case *Kafka:
		return Description{name, "kafka", d.Topic + " (" + strings.Join(d.Brokers, ", ") + ")"}
	case *Files:
		return Description{name, "files", d.Dir}
	}
	return Description{name, "go", ""}
}

func hostOf(text string) string {
	u, err := url.Parse(text)
	if err != nil {
		return ""
	}
	return u.Scheme + "://" + u.Host
}
