package bucket

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
)

const (
	// headerTimeout is how long the service may take to begin its answer.
	headerTimeout = time.Minute
	// maxAnswer is the size of the largest answer that is read whole.
	maxAnswer = 8 << 20
)

// S3 is the buckets of a service that speaks the S3 protocol. Buckets stand in
// the path, which every such service understands. It is safe for concurrent use.
type S3 struct {
	endpoint string // without a slash at the end
	region   string
	keys     aws.CredentialsProvider
	signer   *v4.Signer
	client   *http.Client
}

// NewS3 returns the buckets behind an endpoint, such as "http://localhost:9000".
func NewS3(endpoint, region string, keys aws.CredentialsProvider) (*S3, error) {
	u, err := url.Parse(endpoint)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return nil, fmt.Errorf("bucket: %q is not the URL of a service", endpoint)
	}
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.ResponseHeaderTimeout = headerTimeout
	transport.DisableCompression = true // an object comes as it was written
	return &S3{
		endpoint: strings.TrimSuffix(endpoint, "/"), region: region, keys: keys,
		signer: v4.NewSigner(func(o *v4.SignerOptions) { o.DisableURIPathEscaping = true }),
		client: &http.Client{Transport: transport},
	}, nil
}

// Close releases idle connections.
func (s *S3) Close() error {
	s.client.CloseIdleConnections()
	return nil
}

// Put writes an object, in the place of one that was there.
func (s *S3) Put(ctx context.Context, bucket, key string, body []byte) error {
	resp, err := s.do(ctx, http.MethodPut, bucket, key, nil, body)
	if err != nil {
		return err
	}
	_, err = io.Copy(io.Discard, io.LimitReader(resp.Body, maxAnswer))
	return errors.Join(err, resp.Body.Close())
}

// Open returns an object to be read.
func (s *S3) Open(ctx context.Context, bucket, key string) (io.ReadCloser, error) {
	resp, err := s.do(ctx, http.MethodGet, bucket, key, nil, nil)
	if err != nil {
		return nil, err
	}
	return resp.Body, nil
}

// listing is one page of ListObjectsV2.
type listing struct {
	Contents              []struct{ Key string }
	IsTruncated           bool
	NextContinuationToken string
}

// List returns the keys that begin with a prefix, in ascending order.
func (s *S3) List(ctx context.Context, bucket, prefix string) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		query := url.Values{"list-type": {"2"}, "prefix": {prefix}}
		for {
			page, err := s.page(ctx, bucket, query)
			if err != nil {
				yield("", err)
				return
			}
			for i := range page.Contents {
				if !yield(page.Contents[i].Key, nil) {
					return
				}
			}
			if !page.IsTruncated || page.NextContinuationToken == "" {
				return
			}
			query.Set("continuation-token", page.NextContinuationToken)
		}
	}
}

func (s *S3) page(ctx context.Context, bucket string, query url.Values) (*listing, error) {
	resp, err := s.do(ctx, http.MethodGet, bucket, "", query, nil)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	page := new(listing)
	if err := xml.NewDecoder(io.LimitReader(resp.Body, maxAnswer)).Decode(page); err != nil {
		return nil, fmt.Errorf("bucket: list %s: %w", bucket, err)
	}
	return page, nil
}

// do sends a signed request. The answer is one of success, and its body the
// caller's to close.
func (s *S3) do(ctx context.Context, method, bucket, key string, query url.Values, body []byte) (*http.Response, error) {
	if err := checkName(bucket); err != nil {
		return nil, err
	}
	req, err := s.request(ctx, method, bucket, key, query, body)
	if err != nil {
		return nil, fmt.Errorf("bucket: %w", err)
	}
	resp, err := s.client.Do(req)
	if err != nil {
		return nil, fmt.Errorf("bucket: %w", err)
	}
	if resp.StatusCode != http.StatusOK {
		defer resp.Body.Close()
		return nil, refusal(resp, bucket, key)
	}
	return resp, nil
}

func (s *S3) request(ctx context.Context, method, bucket, key string, query url.Values, body []byte) (*http.Request, error) {
	u := s.endpoint + "/" + bucket
	if key != "" {
		u += "/" + escapeKey(key)
	}
	if query != nil {
		u += "?" + strings.ReplaceAll(query.Encode(), "+", "%20")
	}
	req, err := http.NewRequestWithContext(ctx, method, u, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	keys, err := s.keys.Retrieve(ctx)
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256(body)
	hash := hex.EncodeToString(sum[:])
	req.Header.Set("X-Amz-Content-Sha256", hash)
	return req, s.signer.SignHTTP(ctx, keys, req, hash, "s3", s.region, time.Now())
}

// escapeKey returns a key as it stands in a path, and in its signature: only what
// RFC 3986 leaves unreserved is not escaped.
func escapeKey(key string) string {
	var b strings.Builder
	for i := range len(key) {
		switch c := key[i]; {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9', strings.IndexByte("-_.~/", c) >= 0:
			b.WriteByte(c)
		default:
			fmt.Fprintf(&b, "%%%02X", c)
		}
	}
	return b.String()
}

// refusal is what an answer says that is not one of success.
func refusal(resp *http.Response, bucket, key string) error {
	var said struct{ Code, Message string }
	text, _ := io.ReadAll(io.LimitReader(resp.Body, 64<<10)) // what cannot be read is not said
	_ = xml.Unmarshal(text, &said)
	err := fmt.Errorf("bucket: %s/%s: %s %s %s", bucket, key, resp.Status, said.Code, said.Message)
	switch resp.StatusCode {
	case http.StatusNotFound:
		return errors.Join(err, fs.ErrNotExist)
	case http.StatusForbidden, http.StatusUnauthorized:
		return errors.Join(err, fs.ErrPermission)
	}
	return err
}
