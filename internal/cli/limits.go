package cli

import (
	"time"

	"github.com/levee-io/levee/internal/wire"
)

// maxCache is the largest cache, in MiB: a terabyte.
const maxCache = 1 << 20

// limitFlags bound what clients can make the server hold.
type limitFlags struct {
	MaxConnections int           `default:"65536" placeholder:"N" help:"Connections served at once; more are refused with status 503 (${default})."`
	RequestTimeout time.Duration `default:"1m" placeholder:"TIME" help:"How long a client may take to send a request, and to read an answer (${default})."`
	Cache          int64         `default:"128" placeholder:"MIB" help:"Memory for blocks of the files that data on disk is in (${default} MiB). Besides, 256 MiB are for what waits to be written to files, or for more blocks."`
	BodyMemory     int64         `default:"256" placeholder:"MIB" help:"Memory for requests of more than 64 KiB that are under way; more are refused with status 503 (${default} MiB)."`
}

func (f *limitFlags) limits() wire.Limits {
	return wire.Limits{Connections: f.MaxConnections, RequestTime: f.RequestTimeout, BodyBytes: f.BodyMemory << 20}
}
