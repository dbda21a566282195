// Package bucket keeps objects by bucket and key, as S3 does: in a directory on
// this machine, or in any service that speaks the S3 protocol. It has what an
// export and an import of tables need and no more: an object is written whole,
// read as a stream, and listed by the beginning of its key.
//
//	store, err := bucket.OpenDir("buckets")
//	err = store.Put(ctx, "exports", "2026/data.json.gz", body)
//	for key, err := range store.List(ctx, "exports", "2026/") { ... }
//
// A bucket is never created here. Whoever wants one makes the subdirectory, or
// asks the service; a name that was mistyped fails instead of being obeyed.
//
// # Errors
//
// What is not there is fs.ErrNotExist, what is not allowed fs.ErrPermission,
// whatever the store: they are matched with errors.Is. An error of Put or List
// that is fs.ErrNotExist is about the bucket, as neither needs an object.
//
// # Directories
//
// A bucket is a subdirectory of the root, a key the path of a file in it. Names
// are refused that could mean another place, and symbolic links are followed
// only to where the root is (os.Root). A file is complete as soon as it has its
// name, and durable when Put returns.
package bucket

import (
	"fmt"
	"io/fs"
	"regexp"
)

// maxKey is the length of the longest key that S3 takes, in bytes.
const maxKey = 1024

// namePattern is what the names of buckets look like in DynamoDB's model. It has
// no place for a slash, nor for a name that is only dots.
var namePattern = regexp.MustCompile(`^[a-zA-Z0-9]+[.\-\w]*[a-zA-Z0-9]+$`)

func checkName(bucket string) error {
	if len(bucket) > 255 || !namePattern.MatchString(bucket) {
		return fmt.Errorf("bucket: %q is not the name of a bucket: %w", bucket, fs.ErrNotExist)
	}
	return nil
}
