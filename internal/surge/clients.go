package surge

import (
	"cmp"
	"context"
	"net/http"
	"os"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/ratelimit"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodbstreams"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
)

// clients speak to the three services over one pool of connections.
type clients struct {
	tables  *dynamodb.Client
	streams *dynamodbstreams.Client
	queues  *sqs.Client
	service aws.Config // of all of them
	pool    *http.Transport
}

// connect prepares clients with room for so many requests at once.
func connect(ctx context.Context, endpoint string, embedded bool, requests int) (*clients, error) {
	pool := &http.Transport{
		Proxy:               http.ProxyFromEnvironment,
		MaxIdleConns:        0, // no limit but the next
		MaxIdleConnsPerHost: requests,
		IdleConnTimeout:     90 * time.Second,
		WriteBufferSize:     32 << 10,
		ReadBufferSize:      32 << 10,
	}
	cfg := standIn()
	if usual := os.Getenv("AWS_ACCESS_KEY_ID") != "" || os.Getenv("AWS_PROFILE") != ""; endpoint == cloud || usual && !embedded {
		var err error
		if cfg, err = config.LoadDefaultConfig(ctx); err != nil {
			return nil, err
		}
	}
	cfg.HTTPClient = &http.Client{Transport: watchedTransport{pool}, Timeout: time.Minute}
	cfg.Retryer = func() aws.Retryer {
		return retry.NewStandard(func(o *retry.StandardOptions) {
			o.MaxAttempts = 8
			o.MaxBackoff = 2 * time.Second
			o.RateLimiter = ratelimit.None
		})
	}
	if endpoint != cloud {
		cfg.BaseEndpoint = aws.String(endpoint)
		cfg.Region = cmp.Or(cfg.Region, "us-east-1")
	}
	return &clients{
		tables:  dynamodb.NewFromConfig(cfg),
		streams: dynamodbstreams.NewFromConfig(cfg),
		queues:  sqs.NewFromConfig(cfg),
		service: cfg,
		pool:    pool,
	}, nil
}

// cloud is the endpoint that stands for the services of the cloud.
const cloud = "aws"

// standIn has credentials for a service that accepts any, such as Levee, whose default account they name.
func standIn() aws.Config {
	return aws.Config{
		Region:      "us-east-1",
		Credentials: credentials.NewStaticCredentialsProvider("000000000000", "levee", ""),
	}
}

func (c *clients) close() { c.pool.CloseIdleConnections() }
