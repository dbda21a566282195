package server

import (
	"cmp"
	"errors"
	"io"

	"github.com/levee-io/levee/internal/bucket"
	"github.com/levee-io/levee/internal/dynamodb"
)

// defaultRegion is that of an S3-compatible service that has no regions.
const defaultRegion = "us-east-1"

// buckets is where exports go and imports come from, to be closed after the
// engine.
type buckets interface {
	dynamodb.Buckets
	io.Closer
}

// openBuckets returns the buckets that the configuration names, nil if none.
func openBuckets(cfg Config) (buckets, error) {
	switch {
	case cfg.Buckets != "" && cfg.S3 != nil:
		return nil, errors.New("buckets are in a directory or in an S3-compatible service, not in both")
	case cfg.Buckets != "":
		dir, err := bucket.OpenDir(cfg.Buckets)
		if err != nil {
			return nil, err // not a nil *bucket.Dir in an interface
		}
		return dir, nil
	case cfg.S3 != nil:
		return openS3(cfg)
	}
	return nil, nil
}

func openS3(cfg Config) (buckets, error) {
	if cfg.S3.BaseEndpoint == nil || cfg.S3.Credentials == nil {
		return nil, errors.New("the S3-compatible service needs an endpoint and credentials")
	}
	s3, err := bucket.NewS3(*cfg.S3.BaseEndpoint, cmp.Or(cfg.S3.Region, defaultRegion), cfg.S3.Credentials)
	if err != nil {
		return nil, err
	}
	return s3, nil
}
