package rehearse

import (
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.yaml.in/yaml/v3"
)

// experiment is the second document of a file in testdata/published: what others have
// seen of the service, and how the model is to come out in the scenario, which is the
// first document.
type experiment struct {
	Source  string        `yaml:"source"`
	Outcome string        `yaml:"outcome"`
	Expect  []expectation `yaml:"expect"`
}

// expectation is a figure of a design, and its bounds.
type expectation struct {
	Design   string  `yaml:"design"` // by default the first
	What     string  `yaml:"what"`
	At       Time    `yaml:"at"`
	From, To Time    // of a mean
	Least    float64 `yaml:"least"`
	Most     float64 `yaml:"most"`
	Text     string  `yaml:"text"`
}

// Experiments that were made with the service, and examples of its documentation, have
// the published outcome.
func TestPublished(t *testing.T) {
	files, err := filepath.Glob("testdata/published/*.yaml")
	if err != nil || len(files) < 8 {
		t.Fatalf("%d experiments, %v", len(files), err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".yaml"), func(t *testing.T) {
			x := readExperiment(t, file)
			r := run(t, open(t, file, "testdata/published"))
			for _, want := range x.Expect {
				want.check(t, r)
			}
		})
	}
}

func readExperiment(t *testing.T, file string) *experiment {
	t.Helper()
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	d, x := yaml.NewDecoder(f), new(experiment)
	var scenario yaml.Node
	if err := d.Decode(&scenario); err != nil {
		t.Fatal(err)
	}
	d.KnownFields(true)
	if err := d.Decode(x); err != nil || x.Source == "" || x.Outcome == "" || len(x.Expect) == 0 {
		t.Fatalf("no source, outcome and expectations: %+v, %v", x, err)
	}
	if err := d.Decode(&scenario); err != io.EOF {
		t.Fatalf("a third document: %v", err)
	}
	return x
}

func (e *expectation) check(t *testing.T, r *Result) {
	t.Helper()
	d := &r.Designs[0]
	for i := range r.Designs {
		if r.Designs[i].Name == e.Design {
			d = &r.Designs[i]
		}
	}
	if e.Design != "" && d.Name != e.Design {
		t.Fatalf("there is no design %q", e.Design)
	}
	if e.What == "reason" {
		if len(d.Reasons) == 0 || d.Reasons[0].Reason != e.Text {
			t.Errorf("%s: reasons %v, want %s first", d.Name, d.Reasons, e.Text)
		}
		return
	}
	if got := e.measure(t, d); got < e.Least || got > e.Most {
		t.Errorf("%s: %s %s is %g, want %g to %g", d.Name, e.What, max(e.At, e.From), got, e.Least, e.Most)
	}
}

func (e *expectation) measure(t *testing.T, d *DesignResult) float64 {
	switch e.What {
	case "lost share":
		return float64(d.All.Lost) / float64(d.All.Arrived)
	case "capacity": // the write units that the table has in the minute of a moment
		return d.Series[e.At/Time(d.Interval)].Capacity
	case "stored a second":
		n := int64(0)
		for _, x := range d.Series {
			if x.At >= time.Duration(e.From) && x.At < time.Duration(e.To) {
				n += x.Stored
			}
		}
		return float64(n) / time.Duration(e.To-e.From).Seconds()
	case "first throttle", "last throttle": // in seconds; -1: none
		first, last := -1.0, -1.0
		for _, x := range d.Series {
			if x.Throttled > 0 {
				if last = x.At.Seconds(); first < 0 {
					first = last
				}
			}
		}
		if e.What == "first throttle" {
			return first
		}
		return last
	}
	t.Fatalf("nothing measures %q", e.What)
	return 0
}
