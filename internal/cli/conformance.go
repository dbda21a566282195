package cli

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"regexp"

	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/credentials"

	"github.com/levee-io/levee"
	"github.com/levee-io/levee/internal/conformance"
)

// conformanceCmd is the command levee conformance.
type conformanceCmd struct {
	Dir      string `arg:"" optional:"" type:"existingdir" help:"Directory of cases; those that come with levee by default."`
	Endpoint string `placeholder:"URL" help:"Ask this endpoint, or aws, instead of an engine in this process."`
	Region   string `placeholder:"NAME" help:"Region of the requests; from the environment by default."`
	Pattern  string `name:"run" placeholder:"PATTERN" help:"Only cases whose name, such as dynamodb/put_item/no such table, matches."`
	JSON     bool   `name:"json" help:"Print the results as JSON."`
	Verbose  bool   `short:"v" help:"Print what failed, and how the answers differ."`
}

// Help is what levee conformance --help says beside the flags.
func (conformanceCmd) Help() string {
	return `Thousands of cases say what DynamoDB, DynamoDB Streams and SQS answer. Each is put to the endpoint, and the score of each
operation is printed. The exit status is 1 if any answer differs. Tables and queues whose names start with conf are made
and removed again. Region and credentials come from the usual environment. Asking aws costs a little money and some
minutes. docs/conformance.md tells how a case is written.`
}

// Run asks the endpoint.
func (c *conformanceCmd) Run(ctx context.Context, std streams) error {
	suite, err := c.suite()
	if err != nil {
		return err
	}
	cfg, err := c.config(ctx)
	if err != nil {
		return err
	}
	if c.Endpoint == "" {
		engine := &levee.Server{Listen: "127.0.0.1:0", Logger: slog.New(slog.NewTextHandler(std.err, nil))}
		if err := engine.Start(); err != nil {
			return err
		}
		defer func() {
			if err := engine.Close(); err != nil {
				fmt.Fprintf(std.err, "levee: %v\n", err)
			}
		}()
		cfg.Endpoint = "http://" + engine.Addr()
	}
	rep, err := suite.Run(ctx, cfg)
	if err != nil {
		return err
	}
	return c.print(rep, std)
}

// suite is what the directory holds of what the pattern matches.
func (c *conformanceCmd) suite() (*conformance.Suite, error) {
	var dir fs.FS = conformance.Cases()
	if c.Dir != "" {
		dir = os.DirFS(c.Dir)
	}
	suite, err := conformance.Load(dir)
	if err != nil || c.Pattern == "" {
		return suite, err
	}
	re, err := regexp.Compile(c.Pattern)
	if err != nil {
		return nil, fmt.Errorf("--run: %w", err)
	}
	return suite.Select(re)
}

func (c *conformanceCmd) config(ctx context.Context) (conformance.Config, error) {
	cfg := conformance.Config{Endpoint: c.Endpoint, Region: c.Region}
	if c.Endpoint == "" { // any key will do
		cfg.Region = cmp.Or(c.Region, levee.DefaultRegion)
		cfg.Credentials = credentials.NewStaticCredentialsProvider(levee.DefaultAccount, "secret", "")
		return cfg, nil
	}
	env, err := config.LoadDefaultConfig(ctx)
	if err != nil {
		return cfg, err
	}
	cfg.Region = cmp.Or(c.Region, env.Region, levee.DefaultRegion)
	cfg.Credentials = env.Credentials
	return cfg, nil
}

func (c *conformanceCmd) print(rep *conformance.Report, std streams) error {
	if c.JSON {
		e := json.NewEncoder(std.out)
		e.SetIndent("", "  ")
		if err := e.Encode(rep); err != nil {
			return err
		}
	} else {
		if c.Verbose {
			rep.WriteFailures(std.out)
		}
		if err := rep.WriteText(std.out); err != nil {
			return err
		}
	}
	if rep.Passed < rep.Total {
		return errSaid
	}
	return nil
}
