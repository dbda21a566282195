package sink

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/levee-io/levee/internal/jsontok"
	"github.com/levee-io/levee/internal/pipeline"
)

const (
	// regionPlace stands in a URL for the region of a data stream.
	regionPlace = "{region}"
	// publicKinesis is where data streams are unless somebody says otherwise.
	publicKinesis = "https://kinesis." + regionPlace + ".amazonaws.com"
	// checkPatience is how long is tried to reach a stream, or is waited for one that is
	// being created.
	checkPatience = 20 * time.Second
	checkPause    = time.Second
)

// DataStreams are the streams of Kinesis Data Streams, or of what speaks as it does,
// that tables name as the destinations of their changes. It is safe for concurrent use.
type DataStreams struct {
	url  string
	keys aws.CredentialsProvider
	http *http.Client
}

// OpenDataStreams returns the data streams at a URL, in which {region} stands for the
// region of a stream. "" is that of the public service.
func OpenDataStreams(url string, keys aws.CredentialsProvider) (*DataStreams, error) {
	url = cmp.Or(url, publicKinesis)
	if err := checkURL(strings.ReplaceAll(url, regionPlace, "region")); err != nil {
		return nil, err
	}
	if keys == nil {
		return nil, errors.New("data streams need credentials")
	}
	return &DataStreams{url: url, keys: keys, http: newClient(16, 0).http}, nil
}

// Close ends the connections.
func (d *DataStreams) Close() error {
	d.http.CloseIdleConnections()
	return nil
}

// stream returns the stream of a name. Its account is that of the credentials.
func (d *DataStreams) stream(region, name string) (*kinesis, error) {
	signer, err := newSigner(&AWS{Region: region, Keys: d.keys}, "kinesis")
	if err != nil {
		return nil, err
	}
	return &kinesis{
		url: strings.ReplaceAll(d.url, regionPlace, region), head: putHead(`{"StreamName":`, name),
		client: &client{http: d.http, timeout: defaultTimeout, signer: signer},
	}, nil
}

// Check returns nil if a stream takes records, and otherwise says why it does not.
func (d *DataStreams) Check(ctx context.Context, region, name string) error {
	s, err := d.stream(region, name)
	if err != nil {
		return err
	}
	for end := time.Now().Add(checkPatience); ; {
		again, err := s.check(ctx, name)
		if err == nil || !again || time.Until(end) < checkPause || !pipeline.Sleep(ctx, checkPause) {
			return err
		}
	}
}

// check looks once. again says that another look may find something else.
func (s *kinesis) check(ctx context.Context, name string) (again bool, err error) {
	body := append(jsontok.AppendString([]byte(`{"StreamName":`), name), '}')
	a, err := s.call(ctx, "DescribeStreamSummary", body)
	switch {
	case err != nil:
		return true, unreachable{err}
	case errorName(a.body) == "ResourceNotFoundException":
		return false, fmt.Errorf("the Kinesis data stream %s does not exist", name)
	case !a.ok():
		return passing(a.status) || isThrottle(a.body), a.err()
	}
	var out struct{ StreamDescriptionSummary struct{ StreamStatus string } }
	if err := json.Unmarshal(a.body, &out); err != nil {
		return false, fmt.Errorf("the answer cannot be read: %w", err)
	}
	switch status := out.StreamDescriptionSummary.StreamStatus; status {
	case "ACTIVE", "UPDATING":
		return false, nil
	default:
		return status == "CREATING", fmt.Errorf("the Kinesis data stream %s is %s", name, status)
	}
}

// unreachable is that an endpoint cannot be reached. Its text is shown to whoever may
// describe a table, who need not know where it is; why, the operator finds within.
type unreachable struct{ why error }

func (unreachable) Error() string   { return "the endpoint of Kinesis cannot be reached" }
func (u unreachable) Unwrap() error { return u.why }

// Put writes records, each with its partition key, and keeps those of a key in order.
// It returns nil, or an error for each record that was not taken and nil for each that
// was.
func (d *DataStreams) Put(ctx context.Context, region, name string, keys []string, data [][]byte) []error {
	errs, list := make([]error, len(data)), make([]*entry, len(data))
	for i := range data {
		list[i] = &entry{index: i, key: keys[i], data: data[i]}
	}
	s, err := d.stream(region, name)
	if err != nil {
		all(errs, err)
		return errs
	}
	if s.putAll(ctx, list, true, errs); errors.Join(errs...) == nil {
		return nil
	}
	return errs
}
