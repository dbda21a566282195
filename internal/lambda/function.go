package lambda

import (
	"encoding/json"
	"strings"
	"time"

	"github.com/levee-io/levee/internal/api"
	model "github.com/levee-io/levee/internal/api/lambdaapi"
	"github.com/levee-io/levee/internal/kv"
)

// function is what the store holds of a function beside its code. In memory it is
// immutable.
type function struct {
	Account       string            `json:"account"`
	Region        string            `json:"region"`
	Name          string            `json:"name"`
	Revision      string            `json:"revision"` // changes with the function
	Modified      time.Time         `json:"modified"`
	Package       string            `json:"package"` // Zip or Image
	Runtime       string            `json:"runtime,omitempty"`
	Handler       string            `json:"handler,omitempty"`
	Role          string            `json:"role"`
	Description   string            `json:"description,omitempty"`
	Timeout       int64             `json:"timeout"` // s
	Memory        int64             `json:"memory"`  // MB
	Storage       int64             `json:"storage"` // MB; kept and not enforced
	Architecture  string            `json:"architecture"`
	Environment   map[string]string `json:"environment,omitempty"`
	Tags          map[string]string `json:"tags,omitempty"`
	Tracing       string            `json:"tracing"`
	LogFormat     string            `json:"logFormat"`
	DeadLetter    string            `json:"deadLetter,omitempty"` // kept and not used
	Reserved      *int64            `json:"reserved,omitempty"`   // concurrency
	Code          string            `json:"code,omitempty"`       // id of the code; of an image, none
	CodeSize      int64             `json:"codeSize"`
	CodeSHA256    string            `json:"codeSha256"` // base64
	Image         string            `json:"image,omitempty"`
	EntryPoint    []string          `json:"entryPoint,omitempty"`
	Command       []string          `json:"command,omitempty"`
	WorkingDir    string            `json:"workingDir,omitempty"`
	ImageOverride bool              `json:"imageOverride,omitempty"` // the three before were given

	implied bool // by a Go func; not in the store
}

func (f *function) name() Name {
	return Name{api.Namespace{Account: f.Account, Region: f.Region}, f.Name}
}

// kind returns how the code is run.
func (f *function) kind() Kind {
	if f.Package == model.PackageTypeZip {
		return KindRuntime
	}
	return kindOf(f.Image)
}

// kindOf returns the kind that an image URI names, "" if it names none.
func kindOf(image string) Kind {
	scheme, rest, _ := strings.Cut(image, ":")
	switch {
	case rest == "":
		return ""
	case scheme == "http", scheme == "https":
		return KindHTTP
	case scheme == "go", scheme == "exec", scheme == "runtime":
		return Kind(scheme)
	}
	return ""
}

// target returns what comes after the scheme of the image.
func (f *function) target() string {
	_, rest, _ := strings.Cut(f.Image, ":")
	return rest
}

// save stages the row of the function.
func (f *function) save(b kv.Batch) error {
	row, err := json.Marshal(f)
	if err == nil {
		b.Set(functionKey(f.name()), row)
	}
	return err
}

// implicit is the function that a Go func is where no other was created.
func implicit(n Name) *function {
	f := &function{
		Account: n.Account, Region: n.Region, Name: n.Function,
		Package: model.PackageTypeImage, Image: "go:" + n.Function,
		Role: "arn:aws:iam::" + n.Account + ":role/levee", Modified: time.Now(), Revision: NewUUID(), implied: true,
	}
	f.setDefaults()
	return f
}

func (f *function) setDefaults() {
	f.Timeout, f.Memory, f.Storage = 3, 128, 512
	f.Architecture, f.Tracing, f.LogFormat = model.ArchitectureX8664, model.TracingModePassThrough, model.LogFormatText
}
