package lambda

import (
	"archive/zip"
	"bytes"
	"crypto/sha256"
	"encoding/base64"

	"github.com/levee-io/levee/internal/kv"
)

// Limits of deployment packages.
// https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
const (
	maxUnzipped = 262_144_000
	maxFiles    = 100_000 // ours
	// codePiece is the size of the rows that code is cut into.
	codePiece = 1 << 20
)

// setCode gives a function the code of a package, and stages it. The old code is
// deleted in the same batch.
func (f *function) setCode(b kv.Batch, pkg []byte) {
	if f.Code != "" {
		old := codeRange(f.Code)
		b.DeleteRange(old.Start, old.End)
	}
	sum := sha256.Sum256(pkg)
	f.Code = NewUUID()
	f.CodeSize, f.CodeSHA256 = int64(len(pkg)), base64.StdEncoding.EncodeToString(sum[:])
	for i := uint32(0); len(pkg) > 0; i++ {
		n := min(codePiece, len(pkg))
		b.Set(codeKey(f.Code, i), pkg[:n])
		pkg = pkg[n:]
	}
}

// readCode returns the package of a function.
func (e *Engine) readCode(f *function) ([]byte, error) {
	pkg := make([]byte, 0, f.CodeSize)
	it := e.store.Scan(codeRange(f.Code))
	defer it.Close()
	for it.Next() {
		pkg = append(pkg, it.Value()...)
	}
	return pkg, it.Err()
}

// checkPackage checks that a package can be unpacked within bounds.
func checkPackage(pkg []byte) error {
	r, err := zip.NewReader(bytes.NewReader(pkg), int64(len(pkg)))
	if err != nil || len(r.File) > maxFiles {
		return errParameter("Could not unzip uploaded file. Please check your file, then try to upload again.")
	}
	if len(r.File) == 0 {
		return errParameter("Uploaded file must be a non-empty zip")
	}
	total := uint64(0)
	for _, f := range r.File {
		if !isUnpackable(f) {
			return errParameter("Could not unzip uploaded file. Please check your file, then try to upload again.")
		}
		if total += f.UncompressedSize64; f.UncompressedSize64 > maxUnzipped || total > maxUnzipped {
			return errParameter("Unzipped size must be smaller than %d bytes", maxUnzipped)
		}
	}
	return nil
}
